"""The bodies of the review API."""

import msgspec
import pytest

from bff.audit import acts, rows
from tests.vocabulary.wire import bodies

SECRETS = ("token", "cookie", "session_id", "secret", "handle", "key", "code")


@pytest.mark.req("N60", "N65")
@pytest.mark.parametrize("kind", list(bodies()), ids=lambda kind: kind.__name__)
def test_no_body_has_a_field_for_a_secret(kind: type[msgspec.Struct]) -> None:
    """What has no place on the wire cannot be put on it by mistake."""
    names = [field.name for field in msgspec.structs.fields(kind)]
    assert [name for name in names if any(word in name for word in SECRETS)] == []


@pytest.mark.parametrize("kind", [acts.EndRequest, acts.AlertDecision, acts.MuteRequest])
def test_what_a_reviewer_asks_for_is_read_strictly(kind: type[rows.Body]) -> None:
    """A misspelt field is an error, not a default."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"reasn": "x"}', type=kind)
