"""The vocabulary of audit events."""

import pytest

from bff.audit import events


def every_event() -> list[type[events.AuditEvent]]:
    """All leaves."""
    return events.AuditEvent.__subclasses__()


@pytest.mark.req("N120", "S6")
def test_every_event_has_a_name_of_its_own() -> None:
    """No two mean the same word; OWASP's where it has one."""
    names = [event.name for event in every_event()]
    assert len(set(names)) == len(names)
    assert {"authn_login_success", "authn_login_fail", "session_renewed", "malicious_csrf"} <= set(
        names
    )


@pytest.mark.req("N119")
def test_no_event_has_a_field_for_a_secret() -> None:
    """By name: nothing that could hold a token, a cookie, an id or text from outside."""
    allowed = {"token_kind"}
    for event in every_event():
        for field in event.__struct_fields__:
            words = ("token", "cookie", "session_id", "secret", "description", "code")
            assert field in allowed or not any(word in field for word in words), (event, field)


def test_an_event_is_a_value() -> None:
    """Who and when are shared by all."""
    who = events.Who(at=1.0, ref="s_1", issuer="i", subject="ada")
    ended = events.SessionEnded(**who, reason="admin", generation=3)
    assert (ended.at, ended.ref, ended.reason) == (1.0, "s_1", "admin")
