"""What the API offers: events and leads, and peculiar answers."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.mocks.conftest import API, Caller, Clock

LEAD = {"event_id": "aurora-2026", "name": "Joe", "company": "Acme", "email": "joe@acme.example"}


async def test_there_are_events_worth_looking_at(call: Caller) -> None:
    """Eight, by date, each with a place, a capacity and its leads counted."""
    events = (await call("GET", "/events")).json()
    assert len(events) == 8
    assert [event["date"] for event in events] == sorted(event["date"] for event in events)
    assert events[0] == {
        "id": "aurora-2026",
        "name": "Aurora Design Summit",
        "venue": "Harpa Concert Hall",
        "city": "Reykjavík",
        "date": "2026-12-03",
        "capacity": 1600,
        "leads": 3,
    }
    assert (await call("GET", "/events/aurora-2026")).json() == events[0]
    assert len((await call("GET", "/events/aurora-2026/leads")).json()) == 3


async def test_the_life_of_a_lead(call: Caller, clock: Clock) -> None:
    """Met, scored, forgotten; by whom and when."""
    made = await call("POST", "/leads", json=LEAD)
    assert made.status_code == 201
    lead = made.json()
    assert lead == {
        **LEAD,
        "id": lead["id"],
        "score": "warm",
        "note": "",
        "created_at": clock.t,
        "created_by": "grace",
    }
    path = made.headers["location"]
    assert path == f"/leads/{lead['id']}"
    assert (await call("GET", "/leads?event=aurora-2026")).json()[0] == lead
    changed = (await call("PATCH", path, json={"score": "hot", "note": " Call. "})).json()
    assert changed == {**lead, "score": "hot", "note": "Call."}
    assert (await call("GET", path)).json() == changed
    assert (await call("DELETE", path)).status_code == 204
    assert (await call("GET", path)).status_code == 404
    assert (await call("DELETE", path)).status_code == 404


async def test_a_lead_belongs_to_the_event_of_its_address(call: Caller) -> None:
    """POST /events/{id}/leads; the count follows."""
    made = (await call("POST", "/events/payforward-2027/leads", json=LEAD)).json()
    assert made["event_id"] == "payforward-2027"
    assert (await call("GET", "/events/payforward-2027")).json()["leads"] == 3


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"company": 5}, "company"),
        ({"email": "joe at acme"}, "email"),
        ({"score": "boiling"}, "score"),
        ({"note": "x" * 2001}, "note"),
        ({"event_id": "nowhere"}, "event_id"),
    ],
)
async def test_a_wrong_lead_is_refused_field_by_field(
    call: Caller, changed: dict[str, Any], wrong: str
) -> None:
    """422 and a problem document; nothing is kept."""
    before = (await call("GET", "/leads")).json()
    answer = await call("POST", "/leads", json={**LEAD, **changed})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"].keys() == {wrong}
    assert (await call("GET", "/leads")).json() == before


async def test_a_lead_needs_a_name_a_company_and_an_address(call: Caller) -> None:
    """All that is missing is named at once; a body that is no object is named too."""
    answer = await call("POST", "/events/aurora-2026/leads", json={})
    assert answer.json()["errors"].keys() == {"name", "company", "email"}
    broken = await call("POST", "/leads", content=b"[1")
    assert broken.json()["errors"].keys() == {"body"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/events/nowhere"),
        ("GET", "/events/nowhere/leads"),
        ("POST", "/events/nowhere/leads"),
        ("PATCH", "/leads/nobody"),
        ("GET", "/nowhere"),
    ],
)
async def test_what_is_not_there_is_a_problem(call: Caller, method: str, path: str) -> None:
    """404 as a problem document."""
    answer = await call(method, path, json={})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_reset_brings_the_first_leads_back(call: Caller) -> None:
    """As if just started."""
    await call("DELETE", "/leads/lead-1")
    await call.http.post(f"{API}/__reset")
    assert len((await call("GET", "/leads")).json()) == 12


async def test_echo_shows_the_request_and_hides_the_token(call: Caller) -> None:
    """Method, raw path, query, fields as pairs, body by length and digest."""
    answer = await call(
        "PROPFIND",
        "/echo/a%2Fb//c;d=1/%C3%A4?x=1&x=2&y",
        content=b"hello",
        headers={"X-Twice": "1"},
    )
    seen = answer.json()
    assert (seen["method"], seen["path"]) == ("PROPFIND", "/echo/a%2Fb//c;d=1/%C3%A4")
    assert seen["query"] == "x=1&x=2&y"
    assert seen["body"] == {"length": 5, "sha256": hashlib.sha256(b"hello").hexdigest()}
    assert ["x-twice", "1"] in seen["headers"]
    assert call.token not in answer.text
    assert call.token not in str(answer.headers)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])
async def test_echo_takes_every_method(call: Caller, method: str) -> None:
    """Known to Litestar or not."""
    assert (await call(method, "/echo")).json()["method"] == method


async def test_echo_for_anybody(call: Caller) -> None:
    """No token is needed; one that comes is still hidden."""
    anonymous = await call.http.get(f"{API}/public/echo/x")
    assert anonymous.json()["path"] == "/public/echo/x"
    assert call.token not in (await call("GET", "/public/echo")).text


async def test_echo_leaks_when_asked(call: Caller) -> None:
    """In the body, in a header, or in pieces of which none holds much."""
    assert (await call("GET", "/echo?leak=body")).json()["token"] == call.token
    assert (await call("GET", "/echo?leak=header")).headers["x-token"] == call.token
    assert (await call("GET", "/echo?leak=chunked")).json()["token"] == call.token


async def test_status_answers_as_asked(call: Caller) -> None:
    """With a challenge where the standards want one, and Retry-After on request."""
    for code in (200, 201, 404, 418, 500, 599):
        assert (await call("POST", f"/status/{code}")).status_code == code
    wait = await call("GET", "/status/503?retry_after=9")
    assert wait.headers["retry-after"] == "9"
    assert 'error="invalid_token"' in (await call("GET", "/status/401")).headers["www-authenticate"]
    scope = await call("GET", "/status/403")
    assert 'error="insufficient_scope"' in scope.headers["www-authenticate"]
    empty = await call("GET", "/status/204")
    assert (empty.content, "content-length" in empty.headers) == (b"", False)
    for none in ("101", "600", "x"):
        assert (await call("GET", f"/status/{none}")).status_code == 404


async def test_headers_answers_with_the_fields_that_are_named(call: Caller) -> None:
    """Repeated ones as well, in order, in place of its own."""
    answer = await call(
        "GET", "/headers?h=Set-Cookie:a=1&h=Set-Cookie:b=2&h=X-Hop:%20x&h=Content-Type:text/plain"
    )
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["x-hop"] == "x"
    assert answer.headers.get_list("content-type") == ["text/plain"]


async def test_redirects_are_sent_as_asked(call: Caller) -> None:
    """Wherever."""
    answer = await call("GET", "/redirect?to=https://elsewhere.example/x&status=307")
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        "https://elsewhere.example/x",
    )
    assert (await call("GET", "/redirect")).status_code == 302


async def test_uploads_are_counted(call: Caller) -> None:
    """Bytes and digest."""
    body = b"0123456789" * 100_000
    answer = (await call("POST", "/upload", content=body)).json()
    assert answer["bytes"] == len(body)
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()


async def test_downloads_are_known_byte_by_byte(call: Caller) -> None:
    """Byte i is i % 251, whole or in part (RFC 9110, section 14)."""
    size = 200_000
    whole = await call("GET", f"/download?size={size}")
    assert whole.content == bytes(i % 251 for i in range(size))
    assert whole.headers["accept-ranges"] == "bytes"
    for field, span in (
        ("bytes=0-0", range(1)),
        ("bytes=70000-150000", range(70_000, 150_001)),
        ("bytes=199990-", range(199_990, size)),
        ("bytes=199990-999999", range(199_990, size)),
        ("bytes=-5", range(size - 5, size)),
    ):
        part = await call("GET", f"/download?size={size}", headers={"Range": field})
        assert part.status_code == 206
        assert part.content == whole.content[span.start : span.stop]
        last = span.stop - 1
        assert part.headers["content-range"] == f"bytes {span.start}-{last}/{size}"
    for field in ("bytes=200000-", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "lines=1-2"):
        none = await call("GET", f"/download?size={size}", headers={"Range": field})
        assert (none.status_code, none.headers["content-range"]) == (416, f"bytes */{size}")


async def test_streams_come_in_pieces(call: Caller) -> None:
    """As many as asked for, of the size asked for."""
    answer = await call("GET", "/stream?chunks=5&size=1000")
    assert answer.content == b"x" * 5000
    assert "content-length" not in answer.headers


async def test_events_go_on_where_the_client_left(call: Caller) -> None:
    """Server-sent events with Last-Event-ID."""
    first = await call("GET", "/sse?count=2")
    assert first.headers["content-type"] == "text/event-stream"
    assert first.text == (
        'id: 1\nevent: tick\ndata: {"n": 1}\n\nid: 2\nevent: tick\ndata: {"n": 2}\n\n'
    )
    later = await call("GET", "/sse?count=1", headers={"Last-Event-ID": "41"})
    assert later.text.startswith("id: 42\n")


async def test_slow_waits(call: Caller) -> None:
    """No longer than asked."""
    assert (await call("GET", "/slow?seconds=0")).json() == {"waited": 0.0}


async def test_die_hangs_up(call: Caller) -> None:
    """In the middle of the answer, or before it."""
    for after in (20, -1):
        with pytest.raises(httpx.RemoteProtocolError):
            await call("GET", f"/die?after={after}")
