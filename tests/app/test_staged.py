"""Each attack and fault, staged; the event in the trail, the alert, and the rows a reviewer sees."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from bff.audit.rules import RULES
from tests.app import staging
from tests.app.staging import Stage
from tests.app.watched import watch

__all__ = ["watch"]


class Staged(msgspec.Struct, frozen=True):
    """What is done; the rule that fires for it; the event behind it; who it is about."""

    stage: Stage
    rule: str
    event: str
    subject: str | None = None
    settings: dict[str, object] = {}

    @property
    def name(self) -> str:
        """For pytest's output."""
        return str(getattr(self.stage, "__name__", self.rule))


TABLE = (
    Staged(staging.a_cookie_is_stolen, "handle_replayed", "authn_token_reuse", "grace"),
    Staged(staging.a_refresh_token_is_stolen, "refresh_refused", "session_renewal_refused", "grace"),
    Staged(staging.consent_is_withdrawn, "refresh_refused", "session_renewal_refused", "grace"),
    Staged(staging.the_provider_answers_for_somebody_else, "refresh_refused", "session_renewal_refused", "grace"),
    Staged(staging.the_client_is_revoked, "refresh_failing", "session_renewal_failed"),
    Staged(staging.the_provider_is_down, "provider_circuit_open", "provider_breaker"),
    Staged(staging.an_ended_cookie_is_used, "used_after_end", "session_use_after_expire"),
    Staged(staging.another_browser_has_the_cookie, "client_changed", "session_client_changed", "grace"),
    Staged(staging.one_user_signs_in_everywhere, "many_sessions", "authn_login_success", "grace", {"alerts__sessions_per_user": 3}),
    Staged(staging.other_sites_send_requests, "csrf_refused", "malicious_csrf"),
    Staged(staging.pages_speak_for_others, "session_changed_burst", "session_changed"),
    Staged(staging.callbacks_are_forged, "callback_forged", "authn_login_fail"),
    Staged(staging.sign_ins_fail, "sign_in_failing", "authn_login_fail"),
    Staged(staging.a_limit_is_hit, "rate_limited", "excess_rate_limit_exceeded", None, {"limits__sign_in_per_minute": 2}),
    Staged(staging.an_api_echoes_the_token, "token_leak", "token_leak_stopped"),
    Staged(staging.redis_is_away_when_the_tokens_come, "renewal_lost", "session_renewal_unsaved", "grace"),
    Staged(staging.sessions_are_ended_by_the_score, "mass_revocation", "session_ended"),
    Staged(staging.the_providers_clock_is_off, "clock_off", "provider_clock_off"),
    Staged(staging.the_trail_is_cut, "audit_interrupted", "sys_monitor_disabled", None, {"audit__buffer": 100}),
    Staged(staging.something_breaks, "unexpected_error", "sys_error"),
    Staged(staging.somebody_tries_the_console, "review_refused", "authz_fail"),
)  # fmt: skip


@pytest.mark.req("S10", "S11", "N118")
@pytest.mark.parametrize("staged", TABLE, ids=lambda staged: staged.name)
async def test_a_cause_is_an_event_an_alert_and_a_row(
    watch: Callable[..., Any], staged: Staged
) -> None:
    """Once each; whom it concerns is named, and the alert leads to the events behind it."""
    async with watch(**staged.settings) as world:
        await staged.stage(world)
        await world.settle()
        alerts = await world.rows("alerts")
        fired = [row for row in alerts if row["rule"] == staged.rule]
        assert len(fired) == 1, alerts
        (alert,) = fired
        assert (alert["severity"], alert["status"]) == (RULES[staged.rule].severity, "new")
        assert alert["subject"] == staged.subject
        assert alert["count"] >= RULES[staged.rule].threshold or staged.rule == "many_sessions"
        behind = await world.rows(f"audit?q={alert['evidence'].replace(' ', '+')}")
        assert staged.event in {row["event"] for row in behind}
        raised = await world.rows("audit?q=event:alert_raised")
        assert staged.rule in {row["reason"] for row in raised}


def test_every_rule_is_fired_by_a_cause() -> None:
    """A rule that nothing fires is no rule."""
    assert {staged.rule for staged in TABLE} == set(RULES)


@pytest.mark.req("S10", "S11")
async def test_each_client_of_a_session_is_told_of_once_and_marks_its_row(
    watch: Callable[..., Any],
) -> None:
    """At home nothing; another browser, another network: one event each, however often, whichever process."""
    async with watch(redis__session_cache="off") as world:
        grace = await world.signed_in()
        other_process = world.house.build(
            **{"redis.url": f"redis://127.0.0.1:{world.door.port}", "redis.session_cache": "off"}
        )
        firefox = grace.user_agent
        for agent, address in (
            (firefox.replace("145", "146"), "127.0.0.1"),
            ("curl/8.5", "127.0.0.1"),
            (firefox, "198.51.100.1"),
            (firefox, "198.51.100.99"),
            ("curl/8.5", "127.0.0.1"),
        ):
            for app in (world.house.app, other_process):
                grace.enter(app)
                grace.user_agent = agent
                assert await staging.call(grace, **{"x-forwarded-for": address}) == 200
                await world.house.settle()
        await world.settle()
        told = await world.rows("audit?q=event:session_client_changed")
        assert [(row["reason"], row["agent"], row["address"]) for row in told] == [
            ("network", "Firefox 145 on Linux", "198.51.100.0/24"),
            ("browser", "curl 8", "127.0.0.0/24"),
        ]
        changed = await world.rows("sessions?client_changed=1")
        assert [row["ref"] for row in changed] == [grace.ref]
        assert [row["client_changed"] for row in await world.rows("sessions?subject=ada")] == [
            False
        ]
