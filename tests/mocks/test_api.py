"""The resource server: whose tokens it believes, and what it does with them."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.mocks.conftest import API, ISSUER, Caller, Clock, Relying, in_process, until
from upstream_mocks.api.app import create_api
from upstream_mocks.api.bearer import fingerprint
from upstream_mocks.api.settings import ApiSettings

BILLING = "https://billing.eventlead.example"


def challenge(response: httpx.Response) -> str:
    """The WWW-Authenticate field."""
    return str(response.headers.get("www-authenticate", ""))


async def test_a_good_token_is_believed(call: Caller) -> None:
    """What it says, as far as it is anybody's business."""
    answer = await call("GET", "/me")
    assert answer.status_code == 200
    assert (
        answer.json()
        | {
            "sub": "grace",
            "client_id": "eventlead-bff",
            "aud": ["https://api.eventlead.example"],
        }
        == answer.json()
    )


@pytest.mark.parametrize("field", [None, "", "Bearer", "Bearer ", "Basic abc"])
async def test_without_a_token_there_is_a_bare_challenge(call: Caller, field: str | None) -> None:
    """RFC 6750, section 3.1: no error code when no token came."""
    headers = {} if field is None else {"Authorization": field}
    answer = await call.http.get(f"{API}/me", headers=headers)
    assert answer.status_code == 401
    assert challenge(answer) == 'Bearer realm="eventlead"'


async def test_two_tokens_are_a_bad_request(call: Caller) -> None:
    """RFC 6750, section 2."""
    twice = [("Authorization", f"Bearer {call.token}")] * 2
    assert (await call.http.get(f"{API}/me", headers=twice)).status_code == 400


async def test_a_token_ends(call: Caller, clock: Clock) -> None:
    """RFC 6750, section 3.1: invalid_token, even if it was good a moment ago."""
    clock.t += 899
    assert (await call("GET", "/me")).status_code == 200
    clock.t += 1
    ended = await call("GET", "/me")
    assert ended.status_code == 401
    assert 'error="invalid_token"' in challenge(ended)


async def refused(call: Caller, token: str) -> bool:
    """Whether the API says invalid_token to it."""
    answer = await replace(call, token=token)("GET", "/me")
    return answer.status_code == 401 and 'error="invalid_token"' in challenge(answer)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": BILLING},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"jti": None},
        {"client_id": None},
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    rp: Relying, call: Caller, claims: dict[str, Any]
) -> None:
    """RFC 9068, section 4; the same token without the fault is believed."""
    good = (await rp.sign_in("grace"))["access_token"]
    assert not await refused(call, good)
    await rp.fault("override", token="access_token", claims=claims)
    assert await refused(call, (await rp.sign_in("grace"))["access_token"])


async def test_other_jwts_of_the_provider_are_no_access_tokens(rp: Relying, call: Caller) -> None:
    """RFC 9068, section 2.1: by type, even if audience and signature fit."""
    claims = {"aud": "https://api.eventlead.example"}
    await rp.fault("override", claims={**claims, "client_id": "x", "jti": "x"})
    assert await refused(call, (await rp.sign_in("grace"))["id_token"])


async def test_a_tampered_token_is_refused(call: Caller) -> None:
    """Another signature, no signature, no JWT at all."""
    head, body, signature = call.token.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for token in (f"{head}.{body}.{flipped}", f"{head}.{body}.", "x.y.z", "rt-CANARY-opaque"):
        assert await refused(call, token)
    none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0"
    assert await refused(call, f"{none}.{body}.")


async def test_a_new_signing_key_is_found(rp: Relying, call: Caller) -> None:
    """Unknown kid: the key set is fetched again, and only then."""
    await call("GET", "/me")
    before = (await rp.stats())["requests"]["jwks"]
    await call("GET", "/me")
    assert (await rp.stats())["requests"]["jwks"] == before
    await rp.http.post(f"{ISSUER}/__keys/rotate", json={"drop_old": True})
    token = (await rp.sign_in("alan", prompt="login"))["access_token"]
    assert (await replace(call, token=token)("GET", "/me")).json()["sub"] == "alan"
    assert (await rp.stats())["requests"]["jwks"] == before + 1


async def test_without_keys_nothing_can_be_said(rp: Relying, call: Caller) -> None:
    """503 and not 401: it is not the token's fault."""
    await rp.fault("status", endpoint="jwks", count=1)
    answer = await call("GET", "/me")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await call("GET", "/me")).status_code == 200


async def test_scope_is_checked_per_endpoint(rp: Relying, call: Caller) -> None:
    """RFC 6750, section 3.1: 403 insufficient_scope, with the scope that is missing."""
    reader = replace(call, token=(await rp.sign_in(scope="openid leads.read"))["access_token"])
    assert (await reader("GET", "/leads")).status_code == 200
    for method, path, scope in (
        ("GET", "/events", "events.read"),
        ("POST", "/leads", "leads.write"),
        ("DELETE", "/leads/lead-1", "leads.write"),
    ):
        answer = await reader(method, path)
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in challenge(answer)
        assert f'scope="{scope}"' in challenge(answer)


async def test_another_audience_is_another_api(rp: Relying, clock: Clock) -> None:
    """RFC 8707: a token for billing works at billing."""
    app = create_api(ApiSettings(audience=BILLING), rp.http, clock=clock)
    token = (await rp.sign_in(resource=BILLING))["access_token"]
    async with in_process(app) as http:
        assert (await Caller(http, token)("GET", "/me")).json()["aud"] == [BILLING]


async def test_what_arrived_is_counted_without_tokens(call: Caller) -> None:
    """By method and path, by fingerprint, by audience; the levers do not count."""
    await call("GET", "/me", headers={"X-Trace": "1"})
    await call("GET", "/events?x=1")
    await call.http.get(f"{API}/me")
    answer = await call.http.get(f"{API}/__stats")
    stats = answer.json()
    assert stats["requests"] == {"GET /me": 2, "GET /events": 1}
    assert stats["refused"] == {"no_token": 1}
    assert stats["fingerprints"] == {fingerprint(call.token): 2}
    assert stats["audiences"] == {"https://api.eventlead.example": 2}
    assert stats["in_flight"] == 0
    assert call.token not in answer.text
    await call.http.delete(f"{API}/__stats")
    assert (await call.stats())["requests"] == {}


async def test_the_last_request_shows_its_headers(call: Caller) -> None:
    """The Authorization field as a fingerprint."""
    await call("GET", "/me?a=1", headers={"X-Trace": "1"})
    last = (await call.stats())["last"]
    assert (last["method"], last["path"], last["query"]) == ("GET", "/me", "a=1")
    assert ["x-trace", "1"] in [[name.lower(), value] for name, value in last["headers"]]
    shown = dict(last["headers"])["authorization"]
    assert shown == "Bearer " + hashlib.sha256(call.token.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ({"fault": "invalid_token"}, 401, 'error="invalid_token"'),
        ({"fault": "insufficient_scope"}, 403, 'error="insufficient_scope"'),
        ({"fault": "status", "status": 502}, 502, ""),
    ],
)
async def test_a_fault_applies_once_by_default(
    call: Caller, fault: dict[str, Any], status: int, said: str
) -> None:
    """And then the day is good again."""
    await call.fault(**fault)
    answer = await call("GET", "/me")
    assert answer.status_code == status
    assert said in challenge(answer)
    assert (await call("GET", "/me")).status_code == 200


async def test_a_fault_may_be_about_one_method_and_path(call: Caller) -> None:
    """Others do not use it up; null counts until it is cleared."""
    await call.fault("status", method="POST", path="/leads", count=None, retry_after=3)
    assert (await call("GET", "/leads")).status_code == 200
    assert (await call("POST", "/upload")).status_code == 200
    for _ in range(2):
        assert (await call("POST", "/leads")).headers["retry-after"] == "3"
    await call.http.delete(f"{API}/__faults")
    assert (await call("POST", "/leads")).status_code == 422


async def test_a_dropped_call(call: Caller) -> None:
    """No answer at all."""
    await call.fault("drop")
    with pytest.raises(httpx.RemoteProtocolError):
        await call("GET", "/me")


async def test_a_slow_call_is_let_go_when_faults_are_cleared(call: Caller) -> None:
    """It waits before its token is looked at."""
    await call.fault("slow", seconds=3600)
    waiting = asyncio.create_task(call("GET", "/me"))

    async def held() -> bool:
        return bool((await call.stats())["held"])

    await until(held)
    assert (await call.stats())["in_flight"] == 1
    await call.http.delete(f"{API}/__faults")
    assert (await waiting).status_code == 200


async def test_a_fault_that_is_none_is_refused(call: Caller) -> None:
    """A test with a spelling mistake fails."""
    answer = await call.http.post(f"{API}/__faults", json={"fault": "sleepy"})
    assert answer.status_code == 400
    assert (await call.http.get(f"{API}/__faults")).json() == []
