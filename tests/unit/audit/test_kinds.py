"""What an entry is by closed vocabularies alone."""

import pytest

from bff.audit.kinds import Kind, kind_name, kind_of, kinds_meant, open_fields, renewal_of
from bff.audit.query import AuditQuery
from bff.audit.record import Record

NOW = 1_764_000_000.0


@pytest.mark.req("S12")
@pytest.mark.parametrize(
    ("event", "details", "renewal"),
    [
        ("session_renewed", {}, "renewed"),
        ("session_renewal_refused", {}, "refused"),
        ("session_renewal_failed", {"unknown": False}, "failed"),
        ("session_renewal_failed", {"unknown": True}, "unknown"),
        ("session_ended", {}, None),
    ],
)
def test_how_a_renewal_went_is_part_of_the_kind(
    event: str, details: dict[str, str | bool], renewal: str | None
) -> None:
    """None for what is none; and a list may ask for it."""
    record = Record(event=event, at=NOW, reason="r", details=dict(details))
    assert renewal_of(record) == renewal
    assert kind_of(record) == Kind(event, "info", "success", "r", renewal)
    assert AuditQuery(wanted={"renewal": ("unknown",)}).matches(record) is (renewal == "unknown")


def test_a_kind_has_a_short_name_of_its_own() -> None:
    """Six characters, the same in every process."""
    one, other = Kind("a", "info", "success"), Kind("a", "info", "success", "why")
    assert len(kind_name(one)) == len(kind_name(other)) == 6
    assert kind_name(one) == kind_name(Kind("a", "info", "success"))
    assert kind_name(one) != kind_name(other)


def test_a_query_means_the_kinds_that_fit_its_closed_fields() -> None:
    """What a kind does not tell is left open."""
    kinds = {
        "k1": Kind("login", "info", "success"),
        "k2": Kind("login", "warning", "error", "denied"),
        "k3": Kind("logout", "info", "success"),
    }
    assert kinds_meant(kinds, {}, {}) == ["k1", "k2", "k3"]
    assert kinds_meant(kinds, {"event": {"login"}, "ref": {"s_1"}}, {}) == ["k1", "k2"]
    assert kinds_meant(kinds, {"event": {"login"}}, {"severity": {"warning"}}) == ["k1"]
    assert open_fields(["event", "ref", "outcome", "ip"]) == ["ref", "ip"]
