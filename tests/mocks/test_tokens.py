"""The token endpoint: grants, client authentication, what is in the tokens."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.mocks.conftest import (
    ASSERTION_TYPE,
    CALLBACK,
    ISSUER,
    SCOPE,
    SECRET,
    Clock,
    Relying,
)

AUDIENCE = "https://api.eventlead.example"
BILLING = "https://billing.eventlead.example"


async def test_a_code_becomes_tokens(rp: Relying) -> None:
    """RFC 6749, section 5.1: all members, and nobody stores them."""
    answer = await rp.redeem(await rp.code())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
        "id_token",
    }
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 900, SCOPE)


async def test_the_access_token_is_a_profiled_jwt(rp: Relying, clock: Clock) -> None:
    """RFC 9068, section 2."""
    token = (await rp.sign_in())["access_token"]
    claims = await rp.claims(token)
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    assert claims["jti"]
    assert (
        claims
        | {
            "iss": ISSUER,
            "sub": "ada",
            "aud": AUDIENCE,
            "client_id": SECRET[0],
            "scope": SCOPE,
            "iat": int(clock.t),
            "exp": int(clock.t) + 900,
        }
        == claims
    )


async def test_the_id_token_says_who_signed_in_and_how(rp: Relying, clock: Clock) -> None:
    """OIDC Core 1.0, sections 2 and 3.1.3.6."""
    tokens = await rp.sign_in("grace")
    claims = await rp.claims(tokens["id_token"])
    assert (
        claims
        | {
            "iss": ISSUER,
            "sub": "grace",
            "aud": SECRET[0],
            "nonce": "a-nonce",
            "auth_time": int(clock.t),
            "acr": "pwd",
            "name": "Grace Hopper",
            "email": "grace@eventlead.example",
            "roles": ["organiser"],
        }
        == claims
    )
    alg = jwt.get_algorithm_by_name("RS256")
    digest = alg.compute_hash_digest(tokens["access_token"].encode())
    half = base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
    assert claims["at_hash"] == half


async def test_claims_follow_the_scope(rp: Relying) -> None:
    """Nothing about the person without profile and email; offline_access to refresh."""
    tokens = await rp.sign_in(scope="openid leads.read")
    claims = await rp.claims(tokens["id_token"])
    assert claims.keys() & {"name", "email", "roles"} == set()
    assert "refresh_token" not in tokens


async def test_a_code_works_once(rp: Relying) -> None:
    """RFC 6749, section 10.5: the second use also ends what the first one brought."""
    code = await rp.code()
    first = (await rp.redeem(code)).json()
    assert (await rp.redeem(code)).json()["error"] == "invalid_grant"
    assert (await rp.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await rp.stats())["code_reuse_detected"] == 1


async def test_a_code_lives_for_a_minute(rp: Relying, clock: Clock) -> None:
    """RFC 6749, section 4.1.2."""
    code = await rp.code()
    clock.t += 60
    assert (await rp.redeem(code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "another-verifier-that-is-long-enough-for-it"}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": f"{CALLBACK}2"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code": "ac-CANARY-made-up"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
    ],
)
async def test_a_code_alone_is_worth_nothing(
    rp: Relying, changed: dict[str, str], error: str
) -> None:
    """Verifier and address must match; a failed try leaves the code usable for its owner."""
    code = await rp.code()
    refused = await rp.redeem(**{"code": code, **changed})
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert refused.headers["cache-control"] == "no-store"
    assert (await rp.redeem(code)).status_code == 200


async def test_a_code_of_another_client_is_unknown(
    rp: Relying, assertion: Callable[..., str]
) -> None:
    """Only the client that it was issued to can redeem it."""
    form = {
        "grant_type": "authorization_code",
        "code": await rp.code(),
        "redirect_uri": CALLBACK,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(),
    }
    answer = await rp.http.post(f"{ISSUER}/token", data=form)
    assert answer.json()["error"] == "invalid_grant"


def basic(client_id: str, secret: str) -> dict[str, str]:
    """An Authorization field (RFC 6749, section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


async def service_token(rp: Relying, headers: dict[str, str], **form: str) -> httpx.Response:
    """The simplest request that needs client authentication."""
    form = {"grant_type": "client_credentials", "scope": "events.read", **form}
    return await rp.http.post(f"{ISSUER}/token", data=form, headers=headers)


async def test_each_method_of_client_authentication_is_accepted(
    rp: Relying, assertion: Callable[..., str]
) -> None:
    """client_secret_basic, client_secret_post, private_key_jwt; each is counted."""
    client_id, secret = SECRET
    asserted = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion()}
    answers = [
        await service_token(rp, basic(client_id, secret)),
        await service_token(rp, {}, client_id=client_id, client_secret=secret),
        await service_token(rp, {}, **asserted),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (await rp.stats())["client_authentications"] == {
        "client_secret_basic": 1,
        "client_secret_post": 1,
        "private_key_jwt": 1,
    }


async def test_a_failed_client_authentication_is_answered_401(rp: Relying) -> None:
    """RFC 6749, section 5.2: with a Basic challenge if that is how the client tried."""
    client_id, secret = SECRET
    with_header = [
        await service_token(rp, basic(client_id, "wrong")),
        await service_token(rp, basic("nobody", secret)),
        await service_token(rp, basic("with-a-key", "")),
        await service_token(rp, {"Authorization": "Basic !"}),
        await service_token(rp, {"Authorization": "Bearer x"}),
    ]
    without = [
        await service_token(rp, {}),
        await service_token(rp, {}, client_id=client_id),
        await service_token(rp, {}, client_id=client_id, client_secret="wrong"),
    ]
    for answer in (*with_header, *without):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert all("www-authenticate" in answer.headers for answer in with_header)
    assert not any("www-authenticate" in answer.headers for answer in without)
    assert (await rp.stats())["client_auth_failures"] == 8


async def test_two_methods_at_once_are_refused(rp: Relying) -> None:
    """RFC 6749, section 2.3."""
    answer = await service_token(rp, basic(*SECRET), client_secret=SECRET[1])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changed",
    [
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"aud": "https://elsewhere.example"},
        {"iss": "eventlead-bff"},
        {"sub": "nobody"},
        {"jti": None},
        {"exp": None},
        {"exp": 1_799_999_999},
        {"exp": 1_800_003_601},
    ],
)
async def test_a_wrong_assertion_is_refused(
    rp: Relying, assertion: Callable[..., str], changed: dict[str, Any]
) -> None:
    """RFC 7523, section 3: key, audience, issuer, subject, lifetime and identifier."""
    made = assertion(**changed)
    answer = await service_token(
        rp, {}, client_assertion_type=ASSERTION_TYPE, client_assertion=made
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_works_once(rp: Relying, assertion: Callable[..., str]) -> None:
    """RFC 7523, section 3: jti; one more with another jti is fine."""
    form = {"client_assertion_type": ASSERTION_TYPE}
    once = assertion()
    assert (await service_token(rp, {}, **form, client_assertion=once)).status_code == 200
    assert (await service_token(rp, {}, **form, client_assertion=once)).status_code == 401
    another = assertion(jti="another")
    assert (await service_token(rp, {}, **form, client_assertion=another)).status_code == 200


async def test_the_client_gets_a_token_for_itself(rp: Relying) -> None:
    """RFC 6749, section 4.4: its own subject, a registered scope, nothing to refresh."""
    answer = (await rp.token("client_credentials", scope="events.read")).json()
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}
    claims = await rp.claims(answer["access_token"])
    assert (claims["sub"], claims["scope"]) == (SECRET[0], "events.read")
    refused = await rp.token("client_credentials", scope="leads.write")
    assert refused.json()["error"] == "invalid_scope"


async def test_a_resource_becomes_the_audience(rp: Relying) -> None:
    """RFC 8707, section 2: of the request, else of the grant, else the default."""
    tokens = await rp.sign_in()
    other = (await rp.refresh(tokens["refresh_token"], resource=BILLING)).json()
    assert (await rp.claims(other["access_token"]))["aud"] == BILLING
    service = (await rp.token("client_credentials", resource=BILLING)).json()
    assert (await rp.claims(service["access_token"]))["aud"] == BILLING
    granted = await rp.sign_in(resource=BILLING)
    assert (await rp.claims(granted["access_token"]))["aud"] == BILLING
    refused = await rp.refresh(granted["refresh_token"], resource=AUDIENCE)
    assert refused.json()["error"] == "invalid_target"


async def test_an_unknown_resource_is_refused_without_harm(rp: Relying) -> None:
    """RFC 8707, section 2: invalid_target; the refresh token is still good."""
    tokens = await rp.sign_in()
    refused = await rp.refresh(tokens["refresh_token"], resource="https://elsewhere.example")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200


async def test_requests_that_are_none_are_refused(rp: Relying) -> None:
    """RFC 6749, sections 3.2 and 5.2."""
    url = f"{ISSUER}/token"
    unknown = await rp.token("password")
    missing = await rp.http.post(url, data={"scope": "x"}, auth=SECRET)
    as_json = await rp.http.post(url, json={"grant_type": "client_credentials"}, auth=SECRET)
    twice = await rp.http.post(
        url,
        content="grant_type=client_credentials&grant_type=client_credentials",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        auth=SECRET,
    )
    assert unknown.json()["error"] == "unsupported_grant_type"
    assert [answer.json()["error"] for answer in (missing, as_json, twice)] == [
        "invalid_request"
    ] * 3
    assert (await rp.http.get(url)).status_code == 405


async def test_userinfo_tells_what_the_scope_allows(rp: Relying, clock: Clock) -> None:
    """OIDC Core 1.0, section 5.3, until the token ends."""
    token = (await rp.sign_in("alan", scope="openid email"))["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    known = await rp.http.get(f"{ISSUER}/userinfo", headers=bearer)
    assert known.json() == {
        "sub": "alan",
        "email": "alan@eventlead.example",
        "email_verified": True,
    }
    service = (await rp.token("client_credentials")).json()["access_token"]
    not_for_users = {"Authorization": f"Bearer {service}"}
    assert (await rp.http.post(f"{ISSUER}/userinfo", headers=not_for_users)).status_code == 403
    clock.t += 900
    ended = await rp.http.get(f"{ISSUER}/userinfo", headers=bearer)
    assert ended.status_code == 401
    assert ended.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert (await rp.http.get(f"{ISSUER}/userinfo")).status_code == 401
