"""The table of problems."""

import msgspec
import pytest

from bff import errors
from bff.endpoints.problems import STATUS, code_of, ended_reason, to_problem
from tests.unit.test_errors import a_leaf, leaves


def test_every_error_has_an_answer_and_every_answer_an_error() -> None:
    """Total, both ways."""
    assert set(STATUS) == set(leaves())


@pytest.mark.req("N122", "N128", "N99")
@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.__name__)
def test_a_problem_is_complete_and_says_nothing_of_its_evidence(
    leaf: type[errors.BffError],
) -> None:
    """Type, title, status, code, id; headers that the client goes by; never stored."""
    error = a_leaf(leaf)
    status, fields, body = to_problem(error, "req_1", https=True)
    headers, problem = dict(fields), msgspec.json.decode(body)
    assert problem["status"] == status == STATUS[leaf].status
    assert (problem["code"], problem["request_id"]) == (headers[b"bff-error"].decode(), "req_1")
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"bff-forwarded"] in {b"yes", b"no"}
    assert int(headers[b"content-length"]) == len(body)
    assert (status == 503) <= (b"retry-after" in headers)


@pytest.mark.req("N124")
def test_what_nobody_expected_is_internal() -> None:
    """500, and nothing of it shows."""
    status, _, body = to_problem(ZeroDivisionError("secret"), "req_1", https=False)
    assert status == 500
    assert b"secret" not in body
    assert code_of(ZeroDivisionError()) == "internal"


def test_numbers_and_methods_are_told() -> None:
    """Retry-After rounds up; Allow names what is allowed."""
    _, fields, _ = to_problem(errors.RateLimited(1.2), "r", https=False)
    assert dict(fields)[b"retry-after"] == b"2"
    _, fields, _ = to_problem(errors.MethodNotAllowed(("GET", "HEAD")), "r", https=False)
    assert dict(fields)[b"allow"] == b"GET, HEAD"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errors.SessionExpired("idle"), "idle_timeout"),
        (errors.SessionRevoked("idp_logout"), "idp_logout"),
        (errors.SessionRevoked("handle_replayed"), "revoked"),
        (errors.ReauthenticationRequired("subject_changed"), "refresh_rejected"),
        (errors.SessionRequired("signed_out"), "signed_out"),
        (errors.SessionRequired(), None),
    ],
)
def test_an_end_is_told_in_the_clients_words(
    error: errors.SessionNotUsable, said: str | None
) -> None:
    """A closed vocabulary."""
    assert ended_reason(error) == said
