"""Refresh tokens: one live link, and what happens to who uses a spent one."""

import asyncio

import pytest

from tests.mocks.conftest import ISSUER, SECRET, Clock, Relying


async def test_a_refresh_brings_everything_anew(rp: Relying, clock: Clock) -> None:
    """OIDC Core 1.0, section 12.2: same person, same sign-in, new iat, no nonce."""
    first = await rp.sign_in()
    clock.t += 800
    second = (await rp.refresh(first["refresh_token"])).json()
    before, after = await rp.claims(first["id_token"]), await rp.claims(second["id_token"])
    for claim in ("iss", "sub", "aud", "sid", "auth_time", "acr"):
        assert after[claim] == before[claim]
    assert after["iat"] == before["iat"] + 800
    assert "nonce" not in after
    assert first["refresh_token"] != second["refresh_token"]
    assert first["access_token"] != second["access_token"]


async def test_a_spent_refresh_token_ends_the_family(rp: Relying) -> None:
    """RFC 9700, section 4.14.2: the thief and the owner both lose it."""
    first = await rp.sign_in()
    second = (await rp.refresh(first["refresh_token"])).json()
    reused = await rp.refresh(first["refresh_token"])
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert (await rp.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"
    stats = await rp.stats()
    assert (stats["refresh_reuse_detected"], stats["families_revoked"]) == (1, 1)
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert (await rp.http.get(f"{ISSUER}/userinfo", headers=bearer)).status_code == 401


async def test_another_family_is_not_touched(rp: Relying) -> None:
    """Two sign-ins of one person are two families."""
    one, two = await rp.sign_in(), await rp.sign_in()
    await rp.refresh(one["refresh_token"])
    await rp.refresh(one["refresh_token"])
    assert (await rp.refresh(two["refresh_token"])).status_code == 200


async def test_of_many_at_once_one_wins(rp: Relying) -> None:
    """Ten refreshes with one token: one answer, nine reuses, and the winner is revoked."""
    tokens = await rp.sign_in()
    answers = await asyncio.gather(*(rp.refresh(tokens["refresh_token"]) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    stats = await rp.stats()
    assert stats["issued"]["refresh_token"] == 1
    assert stats["refresh_reuse_detected"] == 9
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await rp.refresh(winner["refresh_token"])).status_code == 400


async def test_refreshes_are_counted_by_person_and_sign_in(rp: Relying) -> None:
    """What a test of "at most one refresh per session per expiry" reads."""
    tokens = await rp.sign_in("alan")
    sid = (await rp.claims(tokens["id_token"]))["sid"]
    for _ in range(3):
        tokens = (await rp.refresh(tokens["refresh_token"])).json()
    stats = await rp.stats()
    assert stats["refreshes_by_sub"] == {"alan": 3}
    assert stats["refreshes_by_sid"] == {sid: 3}
    assert stats["issued"] == {"authorization_code": 1, "refresh_token": 3}


async def test_scope_may_shrink_but_not_grow(rp: Relying) -> None:
    """RFC 6749, section 6; the grant itself keeps its scope."""
    tokens = await rp.sign_in(scope="openid offline_access leads.read")
    refused = await rp.refresh(tokens["refresh_token"], scope="leads.read leads.write")
    assert refused.json()["error"] == "invalid_scope"
    less = (await rp.refresh(tokens["refresh_token"], scope="leads.read")).json()
    assert less["scope"] == "leads.read"
    assert (await rp.claims(less["access_token"]))["scope"] == "leads.read"
    again = (await rp.refresh(less["refresh_token"])).json()
    assert again["scope"] == "openid offline_access leads.read"


async def test_a_refresh_token_ends_when_it_is_not_used(rp: Relying, clock: Clock) -> None:
    """A week after it was issued; that is no reuse."""
    tokens = await rp.sign_in()
    clock.t += 604_800
    assert (await rp.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await rp.stats())["refresh_reuse_detected"] == 0


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_revoking_ends_what_was_named(rp: Relying, kind: str) -> None:
    """RFC 7009, section 2.1: a refresh token takes its family along, the other does not."""
    tokens = await rp.sign_in()
    answer = await rp.http.post(f"{ISSUER}/revoke", data={"token": tokens[kind]}, auth=SECRET)
    assert answer.status_code == 200
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await rp.http.get(f"{ISSUER}/userinfo", headers=bearer)).status_code == 401
    refreshed = await rp.refresh(tokens["refresh_token"])
    assert refreshed.status_code == (400 if kind == "refresh_token" else 200)
    assert (await rp.stats())["revocations"] == 1


async def test_revoking_needs_the_client_and_forgives_unknown_tokens(rp: Relying) -> None:
    """RFC 7009, sections 2.1 and 2.2."""
    url = f"{ISSUER}/revoke"
    assert (await rp.http.post(url, data={"token": "x"})).status_code == 401
    assert (await rp.http.post(url, data={"token": "x"}, auth=SECRET)).status_code == 200
    assert (await rp.http.post(url, data={"tok": "x"}, auth=SECRET)).status_code == 400
    assert (await rp.stats())["revocations"] == 0


async def test_an_administrator_can_withdraw_consent(rp: Relying) -> None:
    """Every family of the person ends; the next refresh learns it as invalid_grant."""
    ada, alan = await rp.sign_in("ada"), await rp.sign_in("alan", prompt="login")
    answer = await rp.http.post(f"{ISSUER}/__withdraw-consent", json={"sub": "ada"})
    assert answer.json() == {"families_revoked": 1}
    assert (await rp.refresh(ada["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await rp.refresh(alan["refresh_token"])).status_code == 200
