"""The real adapter on bad days: before the mock provider, and over transports that misbehave."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from bff.adapters.openid_provider import HttpOpenIDProvider
from bff.adapters.provider_documents import FRESH_SECONDS, REST_SECONDS
from bff.adapters.provider_http import MAX_ANSWER_OCTETS, Answer
from bff.adapters.provider_transport import ProviderTransport
from bff.errors import (
    ProviderMetadataInvalid,
    ProviderUnavailable,
    SignedTokenInvalid,
    TokenRequestRejected,
    TokenResponseInvalid,
)
from bff.oidc.metadata import Secret
from bff.oidc.signed_jwt import key_id, verify_signature
from tests.flows.fakes import SeededEntropy
from tests.ports.provider_parties import (
    Clock,
    HttpParty,
    MockProvider,
    a_client,
    a_client_with_key,
    mock_provider,
)
from tests.ports.test_openid_provider import sign_in
from tests.unit.oidc.parties import jwk

ISSUER = "https://provider.example"
TOKENS = {"access_token": "a", "token_type": "Bearer"}
Respond = Callable[[httpx.Request], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
def served() -> Iterator[MockProvider]:
    """One mock provider for the whole suite."""
    with mock_provider() as mock:
        yield mock


@pytest.fixture
async def mock(served: MockProvider) -> AsyncIterator[MockProvider]:
    """A good day to begin with, and to end with."""
    served.forgive()
    yield served
    served.forgive()


@pytest.fixture
async def party(mock: MockProvider) -> AsyncIterator[HttpParty]:
    """The adapter before the mock provider."""
    over_http = HttpParty(mock)
    yield over_http
    await over_http.adapter.aclose()


# Over real HTTP.


@pytest.mark.req("N1", "N20", "N70")
@pytest.mark.parametrize(
    ("client", "method"),
    [
        (a_client(), "client_secret_basic"),
        (a_client(token_endpoint_auth_method="client_secret_post"), "client_secret_post"),
        (a_client_with_key(), "private_key_jwt"),
        (a_client_with_key(client_assertion_audience="token_endpoint"), "private_key_jwt"),
    ],
)
async def test_every_request_authenticates_the_client(
    mock: MockProvider, client: Any, method: str
) -> None:
    """Redemption, refresh, revocation and the client's own grant, in each registered manner."""
    party = HttpParty(mock, client)
    before = mock.provider.stats.client_authentications[method]
    signed_in = await sign_in(party)
    tokens = await party.port.refresh(signed_in.refresh_token)
    await party.port.revoke(tokens.refresh_token or "", "refresh_token")
    await party.port.client_credentials(("events.read",), None)
    assert mock.provider.stats.client_authentications[method] == before + 4
    await party.adapter.aclose()


@pytest.mark.req("N74", "S5")
async def test_wrong_credentials_are_our_fault_and_typed(mock: MockProvider) -> None:
    """invalid_client, never invalid_grant."""
    party = HttpParty(mock, a_client(client_secret=Secret("wrong")))
    with pytest.raises(TokenRequestRejected, match=r"^invalid_client$"):
        await party.port.refresh("any")
    await party.adapter.aclose()


@pytest.mark.req("N15", "N13")
@pytest.mark.parametrize(
    ("forgery", "check"),
    [
        ("alg_none", "alg"),
        ("hs256_with_public_key", "alg"),
        ("wrong_key", "signature"),
        ("embedded_jwk", "kid"),
    ],
)
async def test_a_forged_id_token_is_refused(
    party: HttpParty, mock: MockProvider, forgery: str, check: str
) -> None:
    """As an attacker would sign it."""
    mock.fault(fault=forgery)
    with pytest.raises(SignedTokenInvalid, match=f"^{check}$"):
        await sign_in(party)


@pytest.mark.req("N13", "N14")
@pytest.mark.parametrize(
    ("claims", "check"),
    [
        ({"iss": "http://other.example"}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"azp": "other"}, "azp"),
        ({"exp": 1}, "exp"),
        ({"nonce": "other"}, "nonce"),
        ({"sub": None}, "sub"),
        ({"at_hash": "other"}, "at_hash"),
    ],
)
async def test_an_id_token_with_one_wrong_claim_is_refused(
    party: HttpParty, mock: MockProvider, claims: dict[str, object], check: str
) -> None:
    """However well signed."""
    mock.fault(fault="override", claims=claims)
    with pytest.raises(SignedTokenInvalid, match=f"^{check}$"):
        await sign_in(party)


@pytest.mark.req("N74", "S5")
@pytest.mark.parametrize(
    ("fault", "what", "sent", "retry_after"),
    [
        ({"fault": "status", "status": 503, "retry_after": 7}, "token: status 503", False, 7.0),
        ({"fault": "status", "status": 503}, "token: status 503", True, None),
        ({"fault": "status", "status": 429}, "token: status 429", False, None),
        ({"fault": "status", "status": 500}, "token: status 500", True, None),
        ({"fault": "status", "status": 502, "after_grant": True}, "token: status 502", True, None),
        (
            {"fault": "error", "error": "temporarily_unavailable", "status": 400},
            "token: status 400",
            False,
            None,
        ),
        ({"fault": "drop_before"}, "token: connection broke", True, None),
        ({"fault": "drop_after_grant"}, "token: connection broke", True, None),
        ({"fault": "huge"}, "token: answer too long", True, None),
    ],
)
async def test_a_bad_day_says_whether_the_provider_may_have_acted(
    party: HttpParty,
    mock: MockProvider,
    fault: dict[str, Any],
    what: str,
    *,
    sent: bool,
    retry_after: float | None,
) -> None:
    """The outcome is known only if the provider says so."""
    signed_in = await sign_in(party)
    mock.fault(**fault)
    before = mock.requests("token")
    with pytest.raises(ProviderUnavailable) as raised:
        await party.port.refresh(signed_in.refresh_token)
    assert raised.value.what == what
    assert raised.value.sent is sent
    assert raised.value.retry_after_seconds == retry_after
    assert mock.requests("token") == before + 1


@pytest.mark.req("N74", "N78", "S5")
@pytest.mark.parametrize("error", ["invalid_grant", "invalid_target", "invalid_client"])
async def test_a_typed_refusal_is_told_by_its_code(
    party: HttpParty, mock: MockProvider, error: str
) -> None:
    """And asked once."""
    mock.fault(fault="error", error=error)
    with pytest.raises(TokenRequestRejected, match=f"^{error}$"):
        await party.port.refresh("any")


@pytest.mark.req("N74")
async def test_a_success_that_cannot_be_read_is_no_refusal(
    party: HttpParty, mock: MockProvider
) -> None:
    """The tokens may have been spent."""
    mock.fault(fault="garbage")
    with pytest.raises(TokenResponseInvalid, match=r"^json$"):
        await party.port.refresh("any")


@pytest.mark.req("N75", "N76")
async def test_what_an_answer_leaves_out_is_none(party: HttpParty, mock: MockProvider) -> None:
    """No lifetime is invented here, and a narrower scope is honoured."""
    signed_in = await sign_in(party)
    mock.fault(fault="omit", fields=["expires_in", "id_token", "refresh_token"])
    mock.fault(fault="scope", scope="openid")
    tokens = await party.port.refresh(signed_in.refresh_token)
    assert (tokens.expires_in, tokens.id_token, tokens.refresh_token) == (None, None, None)
    assert tokens.scope == ("openid",)


@pytest.mark.req("N84")
async def test_revocation_without_the_endpoint_is_silent(
    party: HttpParty, mock: MockProvider
) -> None:
    """Nothing is sent; a failing endpoint is told."""
    mock.fault(fault="omit", endpoint="discovery", fields=["revocation_endpoint"])
    before = mock.requests("revocation")
    await party.port.revoke("any", "refresh_token")
    assert mock.requests("revocation") == before
    mock.forgive()
    party.adapter.invalidate()
    mock.fault(fault="status", endpoint="revocation", status=503)
    with pytest.raises(ProviderUnavailable, match=r"^revocation: status 503$"):
        await party.port.revoke("any", "refresh_token")


@pytest.mark.req("N16", "N25")
async def test_metadata_of_another_issuer_is_refused(party: HttpParty, mock: MockProvider) -> None:
    """And a provider on plain http, unless that is allowed."""
    mock.fault(fault="fields", endpoint="discovery", values={"issuer": mock.issuer + "/"})
    with pytest.raises(ProviderMetadataInvalid, match=r"^issuer$"):
        await party.port.metadata()
    mock.forgive()
    strict = HttpOpenIDProvider(
        a_client(),
        mock.issuer,
        ProviderTransport(max_connections=64),
        clock=party.clock,
        entropy=SeededEntropy(),
    )
    with pytest.raises(ProviderMetadataInvalid, match=r"^issuer$"):
        await strict.metadata()
    await strict.aclose()


@pytest.mark.req("N19")
async def test_metadata_is_kept_and_followed_when_it_changes(
    party: HttpParty, mock: MockProvider
) -> None:
    """After ten minutes, without a restart."""
    before = mock.requests("discovery")
    assert (await party.port.metadata()).token_endpoint == f"{mock.issuer}/token"
    mock.fault(
        fault="fields", endpoint="discovery", values={"token_endpoint": f"{mock.issuer}/token2"}
    )
    party.clock.t += FRESH_SECONDS - 1
    assert (await party.port.metadata()).token_endpoint == f"{mock.issuer}/token"
    assert mock.requests("discovery") == before + 1
    party.clock.t += 1
    assert (await party.port.metadata()).token_endpoint == f"{mock.issuer}/token2"


@pytest.mark.req("N74", "N123")
@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        ({"fault": "status", "status": 500}, 1),
        ({"fault": "garbage"}, 1),
        ({"fault": "drop_before"}, 2),  # the first on an old connection, which is found dead
        ({"fault": "fields", "values": {"issuer": "https://evil.example"}}, 1),
    ],
)
async def test_old_metadata_serves_while_no_newer_can_be_had(
    party: HttpParty, mock: MockProvider, fault: dict[str, Any], tries: int
) -> None:
    """And the provider is asked again every 30 seconds, not by everybody."""
    signed_in = await sign_in(party)
    party.clock.t += FRESH_SECONDS
    mock.fault(endpoint="discovery", **fault)
    mock.fault(fault="status", endpoint="jwks", status=500)
    before = mock.requests("discovery")
    for _ in range(3):
        assert (await party.port.metadata()).issuer == mock.issuer
        assert (await party.port.signing_keys(None)).keys
    assert mock.requests("discovery") == before + tries
    assert party.adapter.metadata_seen == (party.clock.t - FRESH_SECONDS, True)
    assert (await party.port.refresh(signed_in.refresh_token)).access_token
    party.clock.t += REST_SECONDS
    await party.port.metadata()
    assert mock.requests("discovery") == before + 2 * tries
    mock.forgive()
    party.adapter.invalidate()
    await party.port.metadata()
    assert mock.requests("discovery") == before + 2 * tries + 1
    assert party.adapter.metadata_seen == (party.clock.t, False)


async def test_many_at_once_fetch_each_document_once(party: HttpParty, mock: MockProvider) -> None:
    """A cold start is no stampede; a failure is shared as well."""
    discovery, jwks = mock.requests("discovery"), mock.requests("jwks")
    await asyncio.gather(*(party.port.signing_keys("rs256-1") for _ in range(20)))
    assert (mock.requests("discovery"), mock.requests("jwks")) == (discovery + 1, jwks + 1)
    cold = HttpParty(mock)
    mock.fault(fault="status", endpoint="discovery", status=500)
    results = await asyncio.gather(
        *(cold.port.metadata() for _ in range(20)), return_exceptions=True
    )
    assert {str(result) for result in results} == {"discovery: status 500"}
    assert mock.requests("discovery") == discovery + 2
    await cold.adapter.aclose()


@pytest.mark.req("N100")
async def test_an_unknown_key_id_asks_again_at_a_bounded_rate(
    party: HttpParty, mock: MockProvider
) -> None:
    """Or anybody with a made-up token could make us ask without end."""
    await party.port.signing_keys(None)
    before = mock.requests("jwks")
    for number in range(5):
        keys = await asyncio.gather(
            *(party.port.signing_keys(f"unknown-{number}-{i}") for i in range(5))
        )
        assert not any(found.names(f"unknown-{number}-0") for found in keys)
    assert mock.requests("jwks") == before + 1
    party.clock.t += REST_SECONDS
    await party.port.signing_keys("unknown")
    assert mock.requests("jwks") == before + 2


@pytest.mark.req("N74")
async def test_a_key_that_cannot_be_looked_up_is_not_called_a_forgery(
    party: HttpParty, mock: MockProvider
) -> None:
    """A new key, and keys that cannot be had: nothing is known; the old ones are not forgotten."""
    before = await sign_in(party)
    assert before.tokens.id_token is not None
    mock.provider.keys.rotate()
    mock.fault(fault="status", endpoint="jwks", status=503)
    jwks = mock.requests("jwks")
    for _ in range(3):
        with pytest.raises(ProviderUnavailable, match=r"^jwks: status 503$") as raised:
            await sign_in(party)
        assert not raised.value.sent
    assert mock.requests("jwks") == jwks + 1
    keys = await party.port.signing_keys(key_id(before.tokens.id_token))
    verify_signature(before.tokens.id_token, keys, ("RS256",))
    mock.forgive()
    party.clock.t += REST_SECONDS
    assert (await sign_in(party)).claims.subject == "ada"


# Over transports that misbehave.


class Network:
    """A transport that answers discovery and keys, and leaves the rest to the test."""

    def __init__(self, token: Respond | None = None, **routes: Respond) -> None:
        self.seen: list[httpx.Request] = []
        self.routes: dict[str, Respond] = {**routes, **({"token": token} if token else {})}
        self.clock = Clock()
        self.token_endpoint = f"{ISSUER}/token"

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        path = request.url.path.strip("/")
        if path in self.routes:
            return await self.routes[path](request)
        if path == "jwks":
            return httpx.Response(200, json={"keys": [jwk("ec")]})
        assert path == ".well-known/openid-configuration"
        document = {
            "issuer": ISSUER,
            "response_types_supported": ["code"],
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": self.token_endpoint,
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/jwks",
        }
        return httpx.Response(200, json=document)

    def provider(self, **rest: Any) -> HttpOpenIDProvider:
        """The adapter over this network."""
        return HttpOpenIDProvider(
            a_client(),
            ISSUER,
            httpx.MockTransport(self),
            clock=self.clock,
            entropy=SeededEntropy(),
            **rest,
        )


def raising(error: Exception) -> Respond:
    """A route that fails."""

    async def respond(_request: httpx.Request) -> httpx.Response:
        raise error

    return respond


def answering(*answers: httpx.Response) -> Respond:
    """A route that gives one answer after the other."""
    left = list(answers)

    async def respond(_request: httpx.Request) -> httpx.Response:
        return left.pop(0)

    return respond


@pytest.mark.req("N74")
@pytest.mark.parametrize(
    ("error", "what", "sent"),
    [
        (httpx.ConnectError("x"), "connect", False),
        (httpx.ConnectTimeout("x"), "connect", False),
        (httpx.PoolTimeout("x"), "connect", False),
        (httpx.UnsupportedProtocol("x"), "connect", False),
        (httpx.ReadTimeout("x"), "connection broke", True),
        (httpx.WriteTimeout("x"), "connection broke", True),
        (httpx.ReadError("x"), "connection broke", True),
        (httpx.WriteError("x"), "connection broke", True),
        (httpx.CloseError("x"), "connection broke", True),
        (httpx.RemoteProtocolError("x"), "connection broke", True),
        (httpx.LocalProtocolError("x"), "connection broke", True),
        (httpx.ProxyError("x"), "connection broke", True),
    ],
)
async def test_a_network_fault_says_whether_anything_was_sent(
    error: Exception, what: str, *, sent: bool
) -> None:
    """Only what fails before the first byte is certainly not sent."""
    provider = Network(raising(error)).provider()
    with pytest.raises(ProviderUnavailable) as raised:
        await provider.refresh("r")
    assert (raised.value.what, raised.value.sent) == (f"token: {what}", sent)


@pytest.mark.req("N74")
async def test_a_provider_that_is_not_there_saw_nothing() -> None:
    """A real connection, really refused."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    real = ProviderTransport(max_connections=64)
    network = Network(real.handle_async_request)
    network.token_endpoint = f"http://127.0.0.1:{port}/token"
    with pytest.raises(ProviderUnavailable, match=r"^token: connect$") as raised:
        await network.provider(allow_http=True).refresh("r")
    assert not raised.value.sent
    await real.aclose()


@pytest.mark.parametrize("place", [".well-known/openid-configuration", "jwks", "userinfo"])
async def test_what_only_asks_was_never_sent(place: str) -> None:
    """A GET changes nothing: no refresh token is in doubt when it fails."""
    provider = Network(**{place: raising(httpx.ReadError("x"))}).provider()
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "jwks": lambda: provider.signing_keys(None),
        "userinfo": lambda: provider.user_info("a"),
    }
    with pytest.raises(ProviderUnavailable) as raised:
        await calls.get(place, lambda: provider.refresh("r"))()
    assert not raised.value.sent


async def forever(_request: httpx.Request) -> httpx.Response:
    """A provider that never answers."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.req("N100")
async def test_the_whole_call_ends_within_its_budget() -> None:
    """The metadata count, too; a budget of nothing is over at the first wait."""
    hanging = Network(**{".well-known/openid-configuration": forever}).provider(budget=0.0)
    with pytest.raises(ProviderUnavailable, match=r"^discovery: timeout$") as raised:
        await hanging.refresh("r")
    assert not raised.value.sent
    provider = Network(forever).provider()
    await provider.metadata()
    provider._budget = 0.0
    with pytest.raises(ProviderUnavailable, match=r"^token: timeout$") as raised:
        await provider.refresh("r")
    assert raised.value.sent


@pytest.mark.req("N100")
async def test_waiting_for_a_free_slot_counts_as_not_sent() -> None:
    """At most so many requests are open; who waits too long was never heard."""
    both_open = asyncio.Barrier(3)

    async def hold(request: httpx.Request) -> httpx.Response:
        await both_open.wait()
        return await forever(request)

    network = Network(hold)
    provider = network.provider(concurrency=2)
    await provider.metadata()
    open_requests = [asyncio.create_task(provider.refresh(f"r-{number}")) for number in range(2)]
    await both_open.wait()
    seen = len(network.seen)
    provider._budget = 0.0
    with pytest.raises(ProviderUnavailable, match=r"^token: timeout$") as raised:
        await provider.refresh("r-2")
    assert not raised.value.sent
    assert len(network.seen) == seen
    for request in open_requests:
        request.cancel()
    await asyncio.gather(*open_requests, return_exceptions=True)


async def test_a_caller_that_leaves_does_not_spoil_the_fetch_for_others() -> None:
    """The next in line makes its own attempt."""
    began, gate = asyncio.Event(), asyncio.Event()

    async def slow(_request: httpx.Request) -> httpx.Response:
        began.set()
        await gate.wait()
        return httpx.Response(200, json={"keys": [jwk("ec")]})

    provider = Network(jwks=slow).provider()
    leaving = asyncio.create_task(provider.signing_keys(None))
    await began.wait()
    staying = asyncio.create_task(provider.signing_keys(None))
    leaving.cancel()
    gate.set()
    assert (await staying).names("ec")
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_who_has_an_old_document_does_not_wait_for_a_newer_one() -> None:
    """One asks; the others go on with what there is."""
    network = Network()
    provider = network.provider()
    await provider.signing_keys(None)
    began, gate = asyncio.Event(), asyncio.Event()

    async def slow(_request: httpx.Request) -> httpx.Response:
        began.set()
        await gate.wait()
        return httpx.Response(200, json={"keys": [jwk("ec/2")]})

    network.routes["jwks"] = slow
    network.clock.t += FRESH_SECONDS
    asking = asyncio.create_task(provider.signing_keys(None))
    await began.wait()
    assert (await provider.signing_keys("ec")).names("ec")
    gate.set()
    assert (await asking).names("ec/2")


async def test_a_clock_set_back_does_not_keep_a_document_for_ever() -> None:
    """It is fetched again instead."""
    network = Network()
    provider = network.provider()
    await provider.metadata()
    network.clock.t -= 86_400
    await provider.metadata()
    assert len(network.seen) == 2


@pytest.mark.req("N95")
async def test_no_cookie_of_the_provider_comes_back() -> None:
    """What is set in one user's exchange must not travel with another's."""
    answer = httpx.Response(200, json=TOKENS, headers={"set-cookie": "user=ada; Path=/"})
    network = Network(answering(answer, httpx.Response(200, json=TOKENS)))
    provider = network.provider()
    await provider.refresh("r-ada")
    await provider.refresh("r-grace")
    assert all("cookie" not in request.headers for request in network.seen)


@pytest.mark.req("N96")
async def test_a_redirect_is_not_followed() -> None:
    """Credentials go where the metadata says, or nowhere."""
    away = httpx.Response(307, headers={"location": "https://evil.example/token"})
    network = Network(answering(away))
    with pytest.raises(ProviderUnavailable, match=r"^token: status 307$"):
        await network.provider().refresh("r")
    assert {request.url.host for request in network.seen} == {"provider.example"}


async def test_an_answer_is_read_to_a_limit() -> None:
    """One byte over a mebibyte, in whatever pieces."""
    filler = json.dumps({**TOKENS, "filler": ""})
    fits = json.dumps({**TOKENS, "filler": "x" * (MAX_ANSWER_OCTETS - len(filler))})
    assert len(fits) == MAX_ANSWER_OCTETS
    headers = {"content-type": "application/json"}
    network = Network(
        answering(
            httpx.Response(200, text=fits, headers=headers),
            httpx.Response(200, text=fits + " ", headers=headers),
        )
    )
    provider = network.provider()
    assert (await provider.refresh("r")).access_token == "a"
    with pytest.raises(ProviderUnavailable, match=r"^token: answer too long$") as raised:
        await provider.refresh("r")
    assert raised.value.sent


async def test_nothing_asks_for_compression() -> None:
    """A small answer must stay small."""
    network = Network(answering(httpx.Response(200, json=TOKENS)))
    await network.provider().refresh("r")
    assert {request.headers["accept-encoding"] for request in network.seen} == {"identity"}


def test_an_answer_shows_its_status_only() -> None:
    """Its body may be tokens."""
    assert repr(Answer(200, None, None, b"secret")) == "Answer(status=200)"
