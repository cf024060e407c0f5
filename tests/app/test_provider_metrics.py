"""How long the provider takes, and how often Redis is asked, for operators."""

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bff.composition.evidence import Evidence, open_evidence
from bff.composition.world import World
from tests.app.house import House


def samples(house: House) -> dict[tuple[str, str, str], float]:
    """By name, endpoint or kind, and outcome."""
    text, _ = house.worlds[0].metrics.render(shared=False)
    return {
        (
            one.name,
            one.labels.get("endpoint", one.labels.get("kind", "")),
            one.labels.get("outcome", ""),
        ): one.value
        for family in text_string_to_metric_families(text.decode())
        for one in family.samples
    }


@pytest.mark.req("S11")
async def test_each_exchange_with_the_provider_is_timed_by_endpoint_and_outcome(
    new_house: Callable[..., House],
) -> None:
    """A sign-in, a renewal that fails, a sign-out that revokes."""
    house = new_house()
    browser = house.browser()
    await browser.sign_in()
    await house.provider_http.post("/__faults", json={"fault": "status", "count": 1})
    house.pass_time(901)
    assert (await browser.call("GET", "/api/leads")).status_code == 503
    await browser.call("POST", "/bff/logout")
    await house.settle()
    counted = {
        (endpoint, outcome): value
        for (name, endpoint, outcome), value in samples(house).items()
        if name == "bff_provider_seconds_count"
    }
    assert counted[("discovery", "ok")] >= 1
    assert counted[("jwks", "ok")] >= 1
    assert counted[("token", "ok")] == 1
    assert counted[("token", "failed")] == 1
    assert counted[("revocation", "ok")] >= 1


@pytest.mark.req("S11")
async def test_a_call_without_the_cache_costs_one_round_trip(
    new_house: Callable[..., House],
) -> None:
    """The session is read, and nothing else is asked; what else happens is told apart by kind."""
    house = new_house({"redis.session_cache": "off"})
    browser = house.browser()
    await browser.sign_in()
    await house.settle()
    name = "bff_redis_round_trips_total"
    first = samples(house)
    assert first[name, "sign_in", ""] >= 2
    assert (name, "api", "") not in first
    for _ in range(5):
        assert (await browser.call("GET", "/api/leads")).status_code == 200
    assert (await browser.call("GET", "/bff/session")).status_code == 200
    await house.settle()
    after = samples(house)
    assert after[name, "api", ""] == 5
    assert after[name, "session", ""] >= 1
    assert after[name, "sign_in", ""] == first[name, "sign_in", ""]
    kinds = {kind for metric, kind, _ in after if metric == name}
    assert kinds <= {"api", "session", "sign_in", "console", "other", "background"}


@pytest.mark.req("S11")
async def test_live_sessions_are_a_gauge(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are, counted by the keeper's round."""
    evidence: list[Evidence] = []

    def opened(world: World) -> Evidence:
        evidence.append(open_evidence(world))
        return evidence[-1]

    monkeypatch.setattr("bff.app.open_evidence", opened)
    house = new_house()
    for user in ("ada", "grace", "alan"):
        await house.browser().sign_in(user)
    await evidence[0].keeper.round()
    assert samples(house)[("bff_sessions", "", "")] == 3
