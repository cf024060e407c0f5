"""Both rings are rotated under a signed-in browser."""

from itertools import pairwise

import pytest

from tests.app.house import House

OLD, NEW = (
    "ZGVtby1zaWduaW5nLWtleS1ub3QtZm9yLXByb2R1Y3Q",
    "bmV3LXNpZ25pbmcta2V5LTMyLW9jdGV0cy1sb25nLi4",
)
OLD_SEAL, NEW_SEAL = (
    "ZGVtby1zZWFsaW5nLWtleS1ub3QtZm9yLXByb2R1Y3Q",
    "bmV3LXNlYWxpbmcta2V5LTMyLW9jdGV0cy1sb25nLi4",
)


def rings(*names: str) -> dict[str, object]:
    """Both rings with these keys, the last one used."""
    signing, sealing = {"old": OLD, "new": NEW}, {"old": OLD_SEAL, "new": NEW_SEAL}
    return {
        "keys.signing": [{"id": name, "key": signing[name]} for name in names],
        "keys.sealing": [{"id": name, "key": sealing[name]} for name in names],
    }


@pytest.mark.req("N126")
async def test_a_cookie_is_signed_anew_when_the_page_looks_at_its_session(house: House) -> None:
    """Once; then the old key can go. A process that has only the old one knows nobody by the new cookie."""
    browser = house.browser(house.build(**rings("old")))
    await browser.sign_in()
    held = browser.cookies["__Host-Http-bff"][0]
    browser.enter(house.build(**rings("old", "new")))
    assert (await browser.call("GET", "/api/me")).status_code == 200
    assert browser.cookies["__Host-Http-bff"][0] == held
    assert (await browser.session())["authenticated"]
    renewed = browser.cookies["__Host-Http-bff"][0]
    assert renewed != held
    assert renewed.rsplit(".", 1)[0] == held.rsplit(".", 1)[0]
    answer = await browser.call("GET", "/bff/session")
    assert "set-cookie" not in answer.headers
    browser.enter(house.build(**rings("old")))
    assert (await browser.call("GET", "/api/me")).status_code == 401


@pytest.mark.req("N126")
async def test_a_new_key_is_known_before_it_is_used(house: House) -> None:
    """New first, then last: whichever process answers, nobody is signed out."""
    steps = [rings("old"), rings("new", "old"), rings("old", "new")]
    processes = [house.build(**step) for step in steps]
    browser = house.browser(processes[0])
    await browser.sign_in()
    for before, after in pairwise(processes):
        for process in (before, after, before, after):
            browser.enter(process)
            assert (await browser.session())["authenticated"]
            assert (await browser.call("GET", "/api/me")).status_code == 200
