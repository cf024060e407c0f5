"""How renewal is doing: every figure an operator watches, and the alarm that wakes somebody."""

import json
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bff.adapters.alarms import AlarmingTrail
from bff.adapters.metrics import Metrics
from bff.adapters.observation import LogTrail, configure_logs
from bff.audit import events

WHO = events.Who(at=1.0, ref="s_1", issuer="https://p.example", subject="ada")
RENEWED: dict[str, Any] = {
    "trigger": "early",
    "generation": 1,
    "rotated": True,
    "seconds_left": 240.0,
    "latency": 0.3,
    "waiters": 3,
    "after_unknown": False,
}
KEPT: dict[str, Any] = {
    "trigger": "expired",
    "generation": 1,
    "reason": "token: status 503",
    "attempts": 1,
    "latency": 2.0,
    "waiters": 0,
}


def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample as (name, label values in the order of their names) → value."""
    text = metrics.render(shared=False)[0].decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.req("S6", "S11", "N74")
def test_attempts_are_counted_by_outcome_typed_reason_and_trigger() -> None:
    """Also those that never reached the provider."""
    metrics = Metrics()
    metrics.refresh.attempted("renewed", "", "early")
    metrics.refresh.attempted("busy", "locked", "expired")
    metrics.refresh.attempted("busy", "locked", "expired")
    counted = figures(metrics)
    assert counted["bff_refresh_total", "renewed", "", "early"] == 1
    assert counted["bff_refresh_total", "busy", "locked", "expired"] == 2


@pytest.mark.req("S6", "S11", "S13")
def test_latency_waiters_and_seconds_left_come_from_the_event_of_a_renewal() -> None:
    """One event, three figures; what failed has a latency of its own."""
    metrics = Metrics()
    metrics.observe(events.SessionRenewed(**WHO, **RENEWED))
    metrics.observe(events.RefreshFailed(**WHO, **KEPT, unknown=True))
    metrics.observe(events.RefreshFailed(**WHO, **KEPT, unknown=False))
    refused = {name: value for name, value in KEPT.items() if name != "attempts"}
    metrics.observe(events.RefreshRefused(**WHO, **refused, unknown=False))
    counted = figures(metrics)
    assert counted["bff_refresh_seconds_sum", "renewed"] == 0.3
    for outcome in ("unknown", "failed", "ended"):
        assert counted["bff_refresh_seconds_sum", outcome] == 2.0
    assert counted["bff_refresh_waiters_sum",] == 3
    assert counted["bff_refresh_seconds_left_bucket", "180.0"] == 0
    assert counted["bff_refresh_seconds_left_bucket", "240.0"] == 1


@pytest.mark.req("S11")
def test_waits_tell_for_whose_renewal_and_locks_whether_they_were_free() -> None:
    """A queue behind another process looks different from a slow provider."""
    metrics = Metrics()
    metrics.refresh.waited(0.2, served=True, behind_lock=True)
    metrics.refresh.waited(2.0, served=False, behind_lock=False)
    metrics.refresh.lock_asked(0.001, taken=True)
    metrics.refresh.lock_asked(0.004, taken=False)
    counted = figures(metrics)
    assert counted["bff_refresh_wait_seconds_sum", "another process", "served"] == 0.2
    assert counted["bff_refresh_wait_seconds_sum", "own", "sent away"] == 2.0
    assert counted["bff_refresh_lock_seconds_count", "taken"] == 1
    assert counted["bff_refresh_lock_seconds_sum", "busy"] == 0.004


@pytest.mark.req("S10", "S11")
def test_conflicts_and_lost_tokens_have_figures_of_their_own_and_are_alarms() -> None:
    """Both should stay at zero."""
    metrics = Metrics()
    metrics.observe(events.GenerationConflict(**WHO, generation=3))
    metrics.observe(events.TokensUnsaved(**WHO, generation=3, waited=600.0))
    counted = figures(metrics)
    assert counted["bff_refresh_generation_conflicts_total",] == 1
    assert counted["bff_refresh_tokens_unsaved_total",] == 1
    assert counted["bff_alarms_total", "session_generation_conflict"] == 1
    assert counted["bff_alarms_total", "session_renewal_unsaved"] == 1


@pytest.mark.req("S9", "S11")
@pytest.mark.parametrize("state", ["open", "probing", "closed"])
def test_the_breaker_is_in_exactly_one_state(state: str) -> None:
    """Closed at first; then what the last event said."""
    metrics = Metrics()
    assert figures(metrics)["bff_provider_breaker_state", "closed"] == 1
    metrics.observe(events.ProviderBreaker(at=1.0, issuer="https://p.example", state="open"))
    metrics.observe(events.ProviderBreaker(at=1.0, issuer="https://p.example", state=state))
    counted = figures(metrics)
    values = {name: counted["bff_provider_breaker_state", name] for name in ("open", "probing", "closed")}  # fmt: skip
    assert values == {name: float(name == state) for name in values}


@pytest.mark.req("S7", "S10")
def test_a_replayed_handle_wakes_somebody(capsys: pytest.CaptureFixture[str]) -> None:
    """Every hook hears it, one that fails stops neither the others nor us; a renewal wakes nobody."""
    log, metrics = configure_logs("info", "json"), Metrics()
    heard: list[events.AuditEvent] = []

    def broken(_event: events.AuditEvent) -> None:
        raise ValueError

    trail = AlarmingTrail(LogTrail(log, metrics), [broken, heard.append], log)
    replay = events.HandleReplayed(**WHO, presented=0, generation=2)
    trail.record(events.SessionRenewed(**WHO, **RENEWED))
    trail.record(replay)
    assert heard == [replay]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["audit", "audit", "alarm", "alarm_hook_failed"]
    assert [line["level"] for line in lines[2:]] == ["error", "error"]
    assert lines[2]["kind"] == "authn_token_reuse"
    assert figures(metrics)["bff_alarms_total", "authn_token_reuse"] == 1
