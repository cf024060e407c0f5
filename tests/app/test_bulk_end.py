"""Ending many sessions over HTTP: the answer names a job, the job tells how it stands."""

from collections.abc import Callable

import pytest

from tests.app.house import House

API = "/bff/console/api"


@pytest.mark.req("N57", "N59", "S11")
async def test_a_job_is_begun_watched_and_its_receipts_are_fetched(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of Grace's sessions where an answer tells of one; a page of receipts, and all as a file."""
    monkeypatch.setattr("bff.flows.review.RECEIPTS", 1)
    house = new_house()
    graces, ada = [house.browser(), house.browser()], house.browser()
    for grace in graces:
        await grace.sign_in("grace")
    await ada.sign_in("ada")
    asked = {"reason": "lost laptop", "subject": "grace", "expected": 2}
    begun = (await ada.call("POST", f"{API}/sessions/end", json=asked)).json()
    assert (begun["ended"], begun["receipts"]) == (0, [])
    job = begun["job"]
    await house.settle()
    shown = (await ada.call("GET", f"{API}/ends/{job}")).json()
    assert (shown["status"], shown["total"], shown["done"], shown["ended"]) == ("done", 2, 2, 2)
    assert (shown["by"], shown["reason"]) == ("ada", "lost laptop")
    page = (await ada.call("GET", f"{API}/ends/{job}/receipts?limit=1")).json()
    assert (page["total"], len(page["rows"]), page["next"]) == (2, 1, "1")
    file = await ada.call("GET", f"{API}/ends/{job}/receipts?format=jsonl")
    assert {grace.ref in file.text for grace in graces} == {True}
    assert [one["id"] for one in (await ada.call("GET", f"{API}/ends")).json()["jobs"]] == [job]
    assert (await ada.call("POST", f"{API}/ends/{job}/resume")).json()["status"] == "done"
    assert (await ada.call("GET", f"{API}/ends/e_none")).status_code == 404
    assert (await ada.call("POST", f"{API}/ends/e_none/resume")).status_code == 404
    assert (await graces[0].call("GET", "/api/leads")).status_code == 401


@pytest.mark.req("S11", "N118")
async def test_jobs_are_for_reviewers(new_house: Callable[..., House]) -> None:
    """An ordinary user learns nothing, and resumes nothing."""
    house = new_house()
    grace = house.browser()
    await grace.sign_in("grace")
    for path in ("ends", "ends/e_x", "ends/e_x/receipts"):
        assert (await grace.call("GET", f"{API}/{path}")).status_code == 403
    assert (await grace.call("POST", f"{API}/ends/e_x/resume")).status_code == 403
