"""The alert rules: which events mean something to somebody on call."""

import pytest

from bff.audit.record import Record
from bff.audit.rules import RULES, signals


def meant(record: Record) -> dict[str, tuple[str, int]]:
    """Rule, group and threshold."""
    return {
        each.rule.name: (each.group, each.rule.threshold)
        for each in signals(record, sessions_per_user=5)
    }


@pytest.mark.req("S10")
@pytest.mark.parametrize(
    ("event", "fields", "rule", "group"),
    [
        ("authn_token_reuse", {}, "handle_replayed", "s_1"),
        ("session_renewal_refused", {"reason": "refresh_rejected"}, "refresh_refused", "s_1"),
        ("session_ended", {"reason": "admin"}, "mass_revocation", ""),
        ("session_ended_everybody", {}, "mass_revocation", ""),
        ("session_renewal_failed", {}, "refresh_failing", ""),
        ("session_renewal_unsaved", {}, "renewal_lost", "s_1"),
        ("provider_breaker", {"reason": "open"}, "provider_circuit_open", ""),
        ("session_use_after_expire", {}, "used_after_end", "192.0.2.0/24"),
        ("session_client_changed", {}, "client_changed", "s_1"),
        ("authn_login_success", {}, "many_sessions", "ada"),
        ("malicious_csrf", {}, "csrf_refused", "192.0.2.0/24"),
        ("session_changed", {}, "session_changed_burst", "192.0.2.0/24"),
        ("authn_login_fail", {"reason": "AuthorizationResponseInvalid: state"}, "callback_forged", "192.0.2.0/24"),
        ("authn_login_fail", {"reason": "SignedTokenInvalid: nonce"}, "callback_forged", "192.0.2.0/24"),
        ("authn_login_fail", {"reason": "LoginTransactionNotFound: "}, "callback_forged", "192.0.2.0/24"),
        ("authn_login_fail", {"reason": "x"}, "sign_in_failing", ""),
        ("excess_rate_limit_exceeded", {}, "rate_limited", ""),
        ("token_leak_stopped", {}, "token_leak", ""),
        ("sys_monitor_disabled", {}, "audit_interrupted", ""),
        ("sys_error", {}, "unexpected_error", ""),
        ("authz_fail", {}, "review_refused", ""),
        ("provider_clock_off", {"details": {"seconds": -31.0}}, "clock_off", ""),
    ],
)  # fmt: skip
def test_each_event_that_matters_has_a_rule(
    event: str, fields: dict[str, object], rule: str, group: str
) -> None:
    """And alerts are told apart by whom they are about."""
    record = Record(event=event, at=1.0, subject="ada", ref="s_1", address="192.0.2.0/24", **fields)  # type: ignore[arg-type]
    assert meant(record)[rule][0] == group


@pytest.mark.req("S10")
@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("session_renewed", {}),
        ("session_ended", {"reason": "signed_out"}),
        ("session_ended", {"reason": "refresh_rejected"}),
        ("authn_login_success", {"details": {"replaced": True}}),
        ("provider_breaker", {"reason": "closed"}),
        ("provider_clock_off", {"details": {"seconds": 29.0}}),
        ("provider_clock_off", {}),
        ("sensitive_read", {}),
    ],
)
def test_an_ordinary_day_raises_nothing(event: str, fields: dict[str, object]) -> None:
    """A rule that always fires is no rule."""
    assert meant(Record(event=event, at=1.0, **fields)) == {}  # type: ignore[arg-type]


def test_thresholds_follow_the_settings_and_the_scale() -> None:
    """Sessions per user are configured; an end for everybody is mass revocation by itself."""
    assert meant(Record(event="authn_login_success", at=1.0, subject="ada"))["many_sessions"] == (
        "ada",
        6,
    )
    assert meant(Record(event="session_ended_everybody", at=1.0))["mass_revocation"] == ("", 1)
    assert meant(Record(event="session_ended", at=1.0, reason="admin"))["mass_revocation"] == (
        "",
        20,
    )


def test_an_answer_that_merely_lacks_something_is_no_forgery() -> None:
    """``missing`` has an ``iss`` in it."""
    record = Record(event="authn_login_fail", at=1.0, reason="SignedTokenInvalid: missing")
    assert set(meant(record)) == {"sign_in_failing"}


def test_a_group_that_is_not_known_is_everybody() -> None:
    """Nobody's address, nobody's session."""
    assert meant(Record(event="malicious_csrf", at=1.0))["csrf_refused"][0] == ""
    assert meant(Record(event="authn_token_reuse", at=1.0))["handle_replayed"][0] == ""


def test_every_rule_has_a_name_and_a_window() -> None:
    """The table is consistent."""
    assert all(
        rule.name == name and rule.threshold >= 1 and rule.window > 0
        for name, rule in RULES.items()
    )
