"""What a refresh answer makes of a session: what is kept, what is believed, and what ends it."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from bff.audit import events
from bff.errors import ProviderMetadataInvalid, ProviderUnavailable, ReauthenticationRequired
from bff.oidc.token import TokenResponse
from bff.session.model import EndReason, Session
from tests.builders import NOW, a_core
from tests.flows.fleet import Fleet
from tests.flows.scripted_provider import ProviderState, ScriptedProvider


class Renewing:
    """One session of Ada's at a provider that sends signed ID Tokens."""

    def __init__(self, **core: Any) -> None:
        self.fleet = Fleet()
        self.state = ProviderState(clock=self.fleet.world, refresh_lifetime=None)
        provider = ScriptedProvider(self.state)
        self.fleet.provider.seen_from = lambda _process: provider  # type: ignore[method-assign,assignment,return-value]
        issued = self.state.sign_in("ada", scope=("openid", "leads.read"))
        tokens = {
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "id_token": issued.id_token,
        }
        self.before = self.fleet.begin(
            core=a_core(issuer=self.state.issuer, auth_time=int(NOW), **core), tokens=tokens
        )

    def renew(self) -> Session:
        """The session after its token has expired and somebody asked."""
        self.fleet.world.settle(900)
        return self.fleet.world.run(
            self.fleet.member().usable(self.fleet.shown(self.before))
        ).session

    def answer(self, **changes: Any) -> None:
        """What the next answers say instead."""

        def changed(_operation: str, answer: TokenResponse) -> TokenResponse:
            return msgspec.structs.replace(answer, **changes)

        self.state.on_answer = changed


@pytest.mark.req("S4", "N73")
def test_claims_are_projected_anew_and_nothing_else_changes() -> None:
    """Same user, same reference, same limits; the newest ID Token is kept for the logout hint."""
    renewing = Renewing(claims={"name": "as it was"})
    after = renewing.renew()
    assert after.core.claims == {"name": "Ada Lovelace"}
    assert msgspec.structs.replace(after.core, claims={}) == msgspec.structs.replace(
        renewing.before.core, claims={}
    )
    assert after.tokens.id_token not in {None, renewing.before.tokens.id_token}
    assert after.tokens.refresh_token != renewing.before.tokens.refresh_token


@pytest.mark.req("N71", "N73")
def test_what_the_answer_leaves_out_stays_as_it_was() -> None:
    """No refresh token, no ID Token, no scope."""
    renewing = Renewing()
    renewing.answer(refresh_token=None, id_token=None, scope=None)
    after = renewing.renew()
    before = renewing.before.tokens
    assert (after.tokens.refresh_token, after.tokens.id_token, after.tokens.scope) == (
        before.refresh_token,
        before.id_token,
        before.scope,
    )


@pytest.mark.req("N75", "N76", "N55")
def test_short_words_of_the_provider_are_honoured() -> None:
    """No expires_in: five minutes; a narrower scope; an end of the refresh token, which caps the session."""
    renewing = Renewing()
    renewing.answer(expires_in=None, scope=("openid",), refresh_expires_in=3600.0)
    tokens = renewing.renew().tokens
    assert tokens.expires_at - tokens.issued_at == 300
    assert tokens.scope == ("openid",)
    assert tokens.refresh_expires_at == tokens.issued_at + 3600


def test_a_known_end_of_the_refresh_token_is_kept_with_it() -> None:
    """As long as the token itself is."""
    renewing = Renewing()
    end = NOW + 5000
    session = msgspec.structs.replace(
        renewing.before,
        tokens=msgspec.structs.replace(renewing.before.tokens, refresh_expires_at=end),
    )
    renewing.fleet.memory.sessions[session.key] = session
    renewing.answer(refresh_token=None)
    assert renewing.renew().tokens.refresh_expires_at == end


def claim(name: str, value: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An ID Token with one claim changed."""
    return lambda claims: {**claims, name: value}


@pytest.mark.req("N73", "S4")
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("sub", "grace", EndReason.SUBJECT_CHANGED),
        ("iss", "https://other.example", EndReason.ID_TOKEN_INVALID),
        ("aud", "other", EndReason.ID_TOKEN_INVALID),
        ("azp", "other", EndReason.ID_TOKEN_INVALID),
        ("auth_time", int(NOW) + 500, EndReason.ID_TOKEN_INVALID),
        ("iat", int(NOW) - 5000, EndReason.ID_TOKEN_INVALID),
        ("exp", int(NOW), EndReason.ID_TOKEN_INVALID),
        ("at_hash", "x", EndReason.ID_TOKEN_INVALID),
    ],
)
def test_an_id_token_that_is_not_about_this_sign_in_ends_the_session(
    name: str, value: object, reason: EndReason
) -> None:
    """The new tokens are revoked and never used."""
    renewing = Renewing()
    renewing.state.on_id_token = claim(name, value)
    with pytest.raises(ReauthenticationRequired):
        renewing.renew()
    renewing.fleet.world.settle(1)
    assert renewing.fleet.memory.ended[renewing.before.key].reason is reason
    assert renewing.state.counts["revoke"] == 1
    assert renewing.fleet.trail.of(events.SessionEnded)[0].reason == reason.value


@pytest.mark.req("N73")
@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize(("ahead", "told"), [(30, []), (31, [31.0]), (86_400, [86_400.0])])
def test_an_id_token_from_a_clock_ahead_of_ours_costs_nobody_the_session(
    name: str, ahead: int, told: list[float]
) -> None:
    """The tokens are kept and the difference is told; the ID Token is used only within the leeway."""
    renewing = Renewing(claims={"name": "as it was"})
    at = int(NOW) + 900
    renewing.state.on_id_token = lambda claims: {
        **claims,
        name: at + ahead,
        "exp": at + ahead + 300,
    }
    after = renewing.renew()
    assert after.generation == 1
    assert after.tokens.access_token != renewing.before.tokens.access_token
    assert renewing.fleet.clocks_apart == told
    assert renewing.state.counts["revoke"] == 0
    assert (after.tokens.id_token == renewing.before.tokens.id_token) == bool(told)
    assert after.core.claims == {"name": "as it was" if told else "Ada Lovelace"}


@pytest.mark.req("N73", "S4")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": "grace"}, EndReason.SUBJECT_CHANGED),
        ({"aud": "other"}, EndReason.ID_TOKEN_INVALID),
        ({"exp": int(NOW) + 1000}, EndReason.ID_TOKEN_INVALID),
    ],
)
def test_a_clock_that_is_off_excuses_nothing_else(
    changes: dict[str, Any], reason: EndReason
) -> None:
    """Another user, another client, or a token that ended before it began."""
    renewing = Renewing()
    at = int(NOW) + 900
    renewing.state.on_id_token = lambda claims: {
        **claims,
        "iat": at + 600,
        "exp": at + 900,
        **changes,
    }
    with pytest.raises(ReauthenticationRequired):
        renewing.renew()
    assert renewing.fleet.memory.ended[renewing.before.key].reason is reason
    assert renewing.fleet.clocks_apart == []


@pytest.mark.req("N73")
def test_a_nonce_that_comes_again_must_be_the_same() -> None:
    """It is normally absent."""
    renewing = Renewing(nonce="n-1")
    renewing.state.on_id_token = claim("nonce", "n-2")
    with pytest.raises(ReauthenticationRequired):
        renewing.renew()


@pytest.mark.parametrize("trouble", ["keys away", "metadata broken", "key unpublished"])
def test_tokens_are_kept_when_the_key_of_their_id_token_cannot_be_had(trouble: str) -> None:
    """They came over TLS; the unverified ID Token is not kept, the old one is."""
    renewing = Renewing()
    if trouble == "key unpublished":
        renewing.state.kid = "key-unknown"
    else:
        broken = ProviderUnavailable("jwks: status 503", sent=True)
        renewing.state.fail(
            "signing_keys", broken if trouble == "keys away" else ProviderMetadataInvalid("issuer")
        )
    after = renewing.renew()
    assert after.generation == 1
    assert after.tokens.id_token == renewing.before.tokens.id_token
    assert after.tokens.access_token != renewing.before.tokens.access_token


def test_broken_metadata_at_a_refresh_keeps_the_session() -> None:
    """Our provider's bad configuration is nobody's sign-out."""
    renewing = Renewing()
    renewing.state.fail("refresh", ProviderMetadataInvalid("issuer"))
    with pytest.raises(ProviderUnavailable):
        renewing.renew()
    failed = renewing.fleet.trail.of(events.RefreshFailed)[0]
    assert (failed.reason, failed.unknown) == ("metadata_issuer", False)
    renewing.fleet.world.settle(10)
    assert renewing.renew().generation == 1
