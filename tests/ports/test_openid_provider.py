"""The port OpenIDProvider: one suite, for the scripted fake and the real adapter over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from bff.errors import TokenRequestRejected, TokenResponseInvalid
from bff.oidc.authorization import (
    AuthorizationCode,
    authorization_request_url,
    validate_authorization_response,
)
from bff.oidc.signed_jwt import (
    IdTokenClaims,
    SignedClaims,
    key_id,
    validate_id_token,
    validate_refreshed_id_token,
    verify_signature,
)
from bff.oidc.token import TokenResponse
from tests.ports.provider_parties import (
    REDIRECT_URI,
    SCOPE,
    HttpParty,
    MockProvider,
    ProviderParty,
    ScriptedParty,
    mock_provider,
)

VERIFIER = "verifier-of-this-sign-in-which-has-43-characters"
NONCE = "nonce-of-this-sign-in"
STATE = "state-of-this-sign-in"


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProvider]:
    """One mock provider for the whole suite."""
    with mock_provider() as served:
        yield served


@pytest.fixture(params=["scripted", "http"])
async def party(request: pytest.FixtureRequest, mock: MockProvider) -> AsyncIterator[ProviderParty]:
    """Each side in turn."""
    if request.param == "scripted":
        yield ScriptedParty()
        return
    over_http = HttpParty(mock)
    yield over_http
    await over_http.adapter.aclose()


@dataclass(frozen=True)
class SignedIn:
    """A completed sign-in."""

    tokens: TokenResponse
    claims: IdTokenClaims

    @property
    def refresh_token(self) -> str:
        """The one that must be there."""
        assert self.tokens.refresh_token is not None
        return self.tokens.refresh_token


async def a_code(party: ProviderParty, subject: str = "ada") -> AuthorizationCode:
    """The way through the browser, out and back."""
    metadata = await party.port.metadata()
    url = authorization_request_url(
        metadata, party.client, state=STATE, nonce=NONCE, code_verifier=VERIFIER
    )
    parameters = await party.authorize(url, subject)
    return validate_authorization_response(parameters, metadata=metadata, expected_state=STATE)


async def verified(party: ProviderParty, id_token: str | None) -> SignedClaims:
    """An ID Token that must be there, verified with the published keys."""
    assert id_token is not None
    keys = await party.port.signing_keys(key_id(id_token))
    return verify_signature(id_token, keys, party.client.id_token_signed_response_alg)


async def sign_in(party: ProviderParty, subject: str = "ada") -> SignedIn:
    """A whole sign-in, every rule applied."""
    tokens = await party.port.redeem(await a_code(party, subject), VERIFIER, REDIRECT_URI)
    metadata = await party.port.metadata()
    claims = validate_id_token(
        await verified(party, tokens.id_token),
        issuer=metadata.issuer,
        client_id=party.client.client_id,
        nonce=NONCE,
        now=party.clock.now(),
        leeway=0,
        access_token=tokens.access_token,
    )
    return SignedIn(tokens, claims)


async def rejected(party: ProviderParty, refresh_token: str) -> None:
    """The refresh token must not work."""
    with pytest.raises(TokenRequestRejected, match=r"^invalid_grant$"):
        await party.port.refresh(refresh_token)


@pytest.mark.req("N13", "N16", "N19")
async def test_a_sign_in_ends_with_tokens_and_a_valid_id_token(party: ProviderParty) -> None:
    """Discovery, authorization, redemption, keys: the whole way, over either side."""
    signed_in = await sign_in(party, "grace")
    assert signed_in.claims.subject == "grace"
    assert signed_in.claims.sid
    assert signed_in.claims.all["name"] == "Grace Hopper"
    assert signed_in.tokens.expires_in == 900.0
    assert signed_in.tokens.scope in {None, SCOPE}


@pytest.mark.req("N6", "N72")
async def test_a_code_works_once_and_its_second_use_ends_the_grant(party: ProviderParty) -> None:
    """RFC 6749, section 4.1.2."""
    code, before = await a_code(party), party.reuse()
    tokens = await party.port.redeem(code, VERIFIER, REDIRECT_URI)
    with pytest.raises(TokenRequestRejected, match=r"^invalid_grant$"):
        await party.port.redeem(code, VERIFIER, REDIRECT_URI)
    assert party.reuse() == before + 1
    assert tokens.refresh_token is not None
    await rejected(party, tokens.refresh_token)


@pytest.mark.req("N3", "N4")
async def test_a_code_is_bound_to_its_verifier_and_redirect_uri(party: ProviderParty) -> None:
    """Somebody else's code is worth nothing here."""
    with pytest.raises(TokenRequestRejected, match=r"^invalid_grant$"):
        await party.port.redeem(await a_code(party), VERIFIER + "x", REDIRECT_URI)
    with pytest.raises(TokenRequestRejected, match=r"^invalid_grant$"):
        await party.port.redeem(await a_code(party), VERIFIER, REDIRECT_URI + "/other")
    with pytest.raises(TokenRequestRejected, match=r"^invalid_grant$"):
        await party.port.redeem(AuthorizationCode("never-issued"), VERIFIER, REDIRECT_URI)


@pytest.mark.req("S2", "S4", "N70", "N73")
async def test_a_refresh_gives_new_tokens_for_the_same_user(party: ProviderParty) -> None:
    """OpenID Connect Core 1.0, section 12.2, against what the other side really sends."""
    signed_in = await sign_in(party)
    party.clock.t += 600
    tokens = await party.port.refresh(signed_in.refresh_token)
    assert tokens.access_token != signed_in.tokens.access_token
    assert tokens.refresh_token not in {None, signed_in.refresh_token}
    claims = validate_refreshed_id_token(
        await verified(party, tokens.id_token),
        issuer=signed_in.claims.issuer,
        client_id=party.client.client_id,
        subject=signed_in.claims.subject,
        auth_time=signed_in.claims.auth_time,
        nonce=NONCE,
        issued_at=signed_in.claims.issued_at,
        now=party.clock.now(),
        leeway=0,
        access_token=tokens.access_token,
    )
    assert claims.issued_at == signed_in.claims.issued_at + 600
    assert claims.sid == signed_in.claims.sid


@pytest.mark.req("S7", "N71", "N72")
async def test_a_spent_refresh_token_ends_its_family(party: ProviderParty) -> None:
    """The strictest provider there is: the newest token dies with it."""
    signed_in, before = await sign_in(party), party.reuse()
    tokens = await party.port.refresh(signed_in.refresh_token)
    assert tokens.refresh_token is not None
    await rejected(party, signed_in.refresh_token)
    assert party.reuse() == before + 1
    await rejected(party, tokens.refresh_token)


async def test_families_are_apart(party: ProviderParty) -> None:
    """One user's mishap is nobody else's."""
    one, other = await sign_in(party), await sign_in(party)
    await party.port.refresh(one.refresh_token)
    await rejected(party, one.refresh_token)
    assert (await party.port.refresh(other.refresh_token)).refresh_token is not None


@pytest.mark.req("S3", "N55")
async def test_a_refresh_token_expires(party: ProviderParty) -> None:
    """After seven days."""
    signed_in = await sign_in(party)
    party.clock.t += 604_800
    await rejected(party, signed_in.refresh_token)
    await rejected(party, "never-issued")


@pytest.mark.req("N84", "N85")
async def test_a_revoked_grant_is_gone(party: ProviderParty) -> None:
    """And revoking again, or what never was, is no error (RFC 7009, section 2.2)."""
    signed_in = await sign_in(party)
    await party.port.revoke(signed_in.refresh_token, "refresh_token")
    await party.port.revoke(signed_in.refresh_token, "refresh_token")
    await party.port.revoke("never-issued", "access_token")
    await rejected(party, signed_in.refresh_token)
    with pytest.raises(TokenResponseInvalid, match=r"^userinfo$"):
        await party.port.user_info(signed_in.tokens.access_token)


@pytest.mark.req("N17")
async def test_user_info_speaks_of_the_tokens_user(party: ProviderParty) -> None:
    """While the token lives."""
    signed_in = await sign_in(party, "alan")
    info = await party.port.user_info(signed_in.tokens.access_token)
    assert info["sub"] == "alan"
    assert info["email"] == "alan@eventlead.example"
    party.clock.t += 901
    with pytest.raises(TokenResponseInvalid, match=r"^userinfo$"):
        await party.port.user_info(signed_in.tokens.access_token)


async def test_the_client_gets_tokens_of_its_own(party: ProviderParty) -> None:
    """Without a user: no refresh token, no ID Token."""
    tokens = await party.port.client_credentials(("events.read",), "https://api.eventlead.example")
    assert tokens.scope == ("events.read",)
    assert tokens.refresh_token is None
    assert tokens.id_token is None


@pytest.mark.req("N13")
async def test_a_new_key_is_found_when_a_token_names_it(party: ProviderParty) -> None:
    """A rotation at the provider signs nobody out, and the old key still verifies."""
    before = await sign_in(party)
    party.rotate_key()
    after = await sign_in(party)
    assert before.tokens.id_token is not None
    assert after.tokens.id_token is not None
    assert key_id(before.tokens.id_token) != key_id(after.tokens.id_token)
    await verified(party, before.tokens.id_token)
