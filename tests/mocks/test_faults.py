"""The provider's bad days: each as scripted, and over when it should be."""

import asyncio
from typing import Any

import httpx
import jwt
import pytest
from jwt.utils import base64url_decode

from tests.mocks.conftest import CALLBACK, ISSUER, SECRET, Clock, Relying, answered, until


async def held(rp: Relying) -> None:
    """Returns when a request is held back."""

    async def one() -> bool:
        return bool((await rp.stats())["held"])

    await until(one)


async def test_a_fault_heals_after_its_count(rp: Relying) -> None:
    """Twice out of order, then well again; the refresh token was not touched."""
    tokens = await rp.sign_in()
    await rp.fault("status", status=503, retry_after=7, count=2)
    for _ in range(2):
        refused = await rp.refresh(tokens["refresh_token"])
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200
    assert (await rp.stats())["faults_applied"] == 2


async def test_a_fault_without_a_count_lasts_until_it_is_cleared(rp: Relying) -> None:
    """GET lists what is in force, DELETE ends it."""
    tokens = await rp.sign_in()
    await rp.fault("error", error="temporarily_unavailable")
    listed = (await rp.http.get(f"{ISSUER}/__faults")).json()
    assert listed == [{"fault": "error", "error": "temporarily_unavailable"}]
    for _ in range(3):
        refused = await rp.refresh(tokens["refresh_token"])
        assert (refused.status_code, refused.json()["error"]) == (400, "temporarily_unavailable")
    assert (await rp.http.delete(f"{ISSUER}/__faults")).json() == []
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_fault_concerns_the_grant_it_names(rp: Relying) -> None:
    """Signing in works while refreshing does not."""
    await rp.fault("status", grant="refresh_token")
    tokens = await rp.sign_in()
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 503


async def test_a_fault_that_is_none_is_refused(rp: Relying) -> None:
    """A test with a spelling mistake fails, and says where."""
    for wrong in (b'{"fault": "sleep"}', b'{"fault": "slow", "second": 1}', b'"x"', b"", b"{"):
        answer = await rp.http.post(f"{ISSUER}/__faults", content=wrong)
        assert answer.status_code == 400
    assert (await rp.http.get(f"{ISSUER}/__faults")).json() == []


async def test_a_list_of_faults_applies_together(rp: Relying) -> None:
    """A narrowed scope in a short token."""
    both = [{"fault": "scope", "scope": "openid"}, {"fault": "expires_in", "seconds": 5}]
    await rp.http.post(f"{ISSUER}/__faults", json=both)
    tokens = await rp.sign_in()
    assert (tokens["scope"], tokens["expires_in"]) == ("openid", 5)


async def test_a_short_token_is_really_short(rp: Relying, clock: Clock) -> None:
    """expires_in and exp agree."""
    await rp.fault("expires_in", seconds=5)
    claims = await rp.claims((await rp.sign_in())["access_token"])
    assert claims["exp"] == int(clock.t) + 5


async def test_a_narrowed_scope_is_in_the_token_too(rp: Relying) -> None:
    """RFC 6749, section 5.1: the answer says so."""
    await rp.fault("scope", scope="openid leads.read")
    claims = await rp.claims((await rp.sign_in())["access_token"])
    assert claims["scope"] == "openid leads.read"


async def test_an_answer_that_stalls_after_the_grant_was_made(rp: Relying) -> None:
    """The rotation has happened; whoever tries again with the old token is caught."""
    tokens = await rp.sign_in()
    await rp.fault("stall_after_grant", seconds=3600, count=1)
    stalled = asyncio.create_task(rp.refresh(tokens["refresh_token"]))
    await held(rp)
    assert (await rp.stats())["issued"]["refresh_token"] == 1
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 400
    assert not stalled.done()
    await rp.http.delete(f"{ISSUER}/__faults")
    assert (await stalled).status_code == 200
    assert (await rp.stats())["refresh_reuse_detected"] == 1


async def test_a_slow_request_does_nothing_until_it_goes_on(rp: Relying) -> None:
    """Nothing is rotated while it waits."""
    tokens = await rp.sign_in()
    await rp.fault("slow", seconds=3600)
    waiting = asyncio.create_task(rp.refresh(tokens["refresh_token"]))
    await held(rp)
    assert "refresh_token" not in (await rp.stats())["issued"]
    await rp.http.delete(f"{ISSUER}/__faults")
    assert (await waiting).status_code == 200


async def test_a_pause_ends_by_itself(rp: Relying) -> None:
    """No seconds, no wait."""
    await rp.fault("slow", seconds=0)
    assert (await rp.sign_in())["access_token"]


@pytest.mark.parametrize(("fault", "spent"), [("drop_before", False), ("drop_after_grant", True)])
async def test_a_dropped_connection(rp: Relying, fault: str, *, spent: bool) -> None:
    """Before the grant nothing has happened; after it the old token is spent."""
    tokens = await rp.sign_in()
    await rp.fault(fault, count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await rp.refresh(tokens["refresh_token"])
    assert (await rp.refresh(tokens["refresh_token"])).status_code == (400 if spent else 200)


@pytest.mark.parametrize("fault", ["status", "error", "garbage", "huge"])
@pytest.mark.parametrize("after_grant", [False, True])
async def test_an_answer_that_replaces_the_right_one(
    rp: Relying, fault: str, *, after_grant: bool
) -> None:
    """Before the grant it did no harm; after it, the rotation is lost."""
    tokens = await rp.sign_in()
    await rp.fault(fault, count=1, after_grant=after_grant)
    answer = await rp.refresh(tokens["refresh_token"])
    assert "access_token" not in answer.text
    again = await rp.refresh(tokens["refresh_token"])
    assert again.status_code == (400 if after_grant else 200)


async def test_garbage_and_huge_answers_look_like_success(rp: Relying) -> None:
    """200, but no JSON; or JSON without end."""
    await rp.fault("garbage", count=1)
    garbage = await rp.token("client_credentials")
    assert (garbage.status_code, garbage.text) == (200, "<html>It works!</html>")
    await rp.fault("huge", count=1)
    huge = await rp.token("client_credentials")
    assert huge.status_code == 200
    assert len(huge.content) > 4 * 1024 * 1024


async def test_omitted_fields_are_missing(rp: Relying) -> None:
    """expires_in and id_token may be absent from an answer that is otherwise right."""
    await rp.fault("omit", fields=["expires_in", "id_token"])
    tokens = await rp.sign_in()
    assert tokens.keys() == {"access_token", "token_type", "scope", "refresh_token"}


async def test_without_a_new_refresh_token_the_old_one_goes_on(rp: Relying) -> None:
    """RFC 6749, section 6: a provider that does not rotate."""
    tokens = await rp.sign_in()
    await rp.fault("omit", fields=["refresh_token"])
    for _ in range(2):
        answer = await rp.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json()


async def test_replaced_fields(rp: Relying) -> None:
    """Whatever a provider may say in place of what it should."""
    await rp.fault("fields", values={"token_type": "mac", "expires_in": "soon"})
    tokens = await rp.sign_in()
    assert (tokens["token_type"], tokens["expires_in"]) == ("mac", "soon")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("nonce", "another"),
        ("iss", "https://elsewhere.example"),
        ("aud", ["somebody-else"]),
        ("sub", "mallory"),
        ("exp", 1),
        ("auth_time", 1),
        ("azp", "somebody-else"),
        ("iat", 1),
        ("nonce", None),
    ],
)
async def test_overridden_claims_of_the_id_token(rp: Relying, claim: str, value: Any) -> None:
    """Signed as ever; null removes a claim."""
    await rp.fault("override", claims={claim: value})
    tokens = await rp.sign_in()
    assert (await rp.claims(tokens["id_token"])).get(claim) == value
    if claim == "sub":
        assert (await rp.claims(tokens["access_token"]))["sub"] == "ada"


async def test_overridden_claims_of_the_access_token(rp: Relying) -> None:
    """For tokens that the API must refuse."""
    await rp.fault("override", token="access_token", claims={"aud": "https://elsewhere.example"})
    tokens = await rp.sign_in()
    assert (await rp.claims(tokens["access_token"]))["aud"] == "https://elsewhere.example"
    assert (await rp.claims(tokens["id_token"]))["aud"] == SECRET[0]


async def test_alg_none(rp: Relying) -> None:
    """RFC 8725, section 2.1: an ID Token that nobody signed."""
    await rp.fault("alg_none")
    token = (await rp.sign_in())["id_token"]
    assert jwt.get_unverified_header(token)["alg"] == "none"
    assert token.endswith(".")


async def test_hs256_with_the_public_key(rp: Relying) -> None:
    """RFC 8725, section 2.1: right, if the public key were a shared secret."""
    await rp.fault("hs256_with_public_key")
    token = (await rp.sign_in())["id_token"]
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    signing_input, _, signature = token.rpartition(".")
    hmac = jwt.get_algorithm_by_name("HS256")
    secret = rp.provider.keys.current().public_pem()
    assert hmac.sign(signing_input.encode(), secret) == base64url_decode(signature)


async def test_the_wrong_key(rp: Relying) -> None:
    """The header names a published key, and it does not verify."""
    await rp.fault("wrong_key")
    token = (await rp.sign_in())["id_token"]
    assert jwt.get_unverified_header(token)["kid"] in await rp.keys()
    with pytest.raises(jwt.InvalidSignatureError):
        await rp.claims(token)


async def test_an_embedded_key(rp: Relying) -> None:
    """RFC 8725, section 3.10: the token brings the key that verifies it."""
    await rp.fault("embedded_jwk")
    token = (await rp.sign_in())["id_token"]
    header = jwt.get_unverified_header(token)
    assert header["kid"] not in await rp.keys()
    brought = jwt.PyJWK(header["jwk"])
    off = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
    assert jwt.decode(token, brought, algorithms=["RS256"], options=off)["sub"] == "ada"  # type: ignore[arg-type]


@pytest.mark.parametrize("drop_old", [False, True])
async def test_a_rotated_key(rp: Relying, *, drop_old: bool) -> None:
    """Tokens signed with a key that was not published a moment ago."""
    before = (await rp.keys()).keys()
    await rp.fault("rotate_key", count=1, drop_old=drop_old)
    token = (await rp.sign_in())["id_token"]
    after = (await rp.keys()).keys()
    kid = jwt.get_unverified_header(token)["kid"]
    assert kid in after - before
    assert (before <= after) is not drop_old


ENDPOINTS = {
    "discovery": ("GET", "/.well-known/openid-configuration"),
    "jwks": ("GET", "/jwks"),
    "userinfo": ("GET", "/userinfo"),
    "revocation": ("POST", "/revoke"),
    "end_session": ("GET", "/end_session"),
    "authorization": ("GET", "/authorize?client_id=eventlead-bff&redirect_uri=" + CALLBACK),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_every_endpoint_can_be_out_of_order(rp: Relying, endpoint: str) -> None:
    """A status, garbage, a dropped connection; each once, and counted."""
    method, path = ENDPOINTS[endpoint]
    form: Any = {"data": {"token": "x"}, "auth": SECRET} if method == "POST" else {}
    await rp.fault("status", endpoint=endpoint, count=1, status=500)
    assert (await rp.http.request(method, ISSUER + path, **form)).status_code == 500
    await rp.fault("garbage", endpoint=endpoint, count=1)
    assert "It works!" in (await rp.http.request(method, ISSUER + path, **form)).text
    await rp.fault("drop_before", endpoint=endpoint, count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await rp.http.request(method, ISSUER + path, **form)
    assert (await rp.stats())["requests"] == {endpoint: 3}
    assert (await rp.http.request(method, ISSUER + path, **form)).status_code < 500


async def test_discovery_can_lie(rp: Relying) -> None:
    """Another issuer, no revocation endpoint."""
    url = f"{ISSUER}/.well-known/openid-configuration"
    await rp.fault("fields", endpoint="discovery", values={"issuer": "https://elsewhere.example"})
    await rp.fault("omit", endpoint="discovery", fields=["revocation_endpoint"])
    document = (await rp.http.get(url)).json()
    assert document["issuer"] == "https://elsewhere.example"
    assert "revocation_endpoint" not in document


async def test_userinfo_can_name_somebody_else(rp: Relying) -> None:
    """OIDC Core 1.0, section 5.3.2: the client must notice."""
    token = (await rp.sign_in())["access_token"]
    await rp.fault("fields", endpoint="userinfo", values={"sub": "mallory"})
    known = await rp.http.get(f"{ISSUER}/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert known.json()["sub"] == "mallory"


async def test_the_authorization_response_can_be_wrong(rp: Relying) -> None:
    """An error, another issuer (RFC 9207, section 2.4), no state."""
    await rp.fault("error", endpoint="authorization", error="server_error", count=1)
    assert answered(await rp.authorize(mock_user="ada"))["error"] == "server_error"
    await rp.fault("fields", endpoint="authorization", values={"iss": "https://elsewhere.example"})
    await rp.fault("omit", endpoint="authorization", fields=["state"])
    answer = answered(await rp.authorize(mock_user="ada"))
    assert answer.keys() == {"code", "iss"}
    assert answer["iss"] == "https://elsewhere.example"


async def test_a_reset_forgets_everything_but_the_keys(rp: Relying) -> None:
    """As if just started."""
    tokens = await rp.sign_in()
    await rp.fault("status")
    keys = await rp.keys()
    await rp.http.post(f"{ISSUER}/__reset")
    assert (await rp.http.get(f"{ISSUER}/__faults")).json() == []
    assert (await rp.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await rp.authorize()).status_code == 200
    assert (await rp.keys()).keys() == keys.keys()


async def test_counting_anew(rp: Relying) -> None:
    """DELETE /__stats forgets counts and nothing else."""
    tokens = await rp.sign_in()
    await rp.http.delete(f"{ISSUER}/__stats")
    stats = await rp.stats()
    assert (stats["requests"], stats["issued"], stats["last"]) == ({}, {}, {})
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200
