"""Signing out: here first, then at the provider."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bff.audit import events
from bff.errors import (
    ProviderUnavailable,
    SignedTokenInvalid,
    StoreUnavailable,
    TokenRequestRejected,
)
from bff.flows.ending import EndingFlow
from bff.flows.logout import LogoutFlow
from bff.flows.revocation import RevocationFlow
from bff.session.model import EndReason, Ref, Session, SessionKey
from tests.builders import NOW, a_core, a_key, a_session
from tests.flows.fake_register import MemorySessionRegister
from tests.flows.fakes import (
    Memory,
    MemoryExitStore,
    MemorySessionStore,
    RememberingTrail,
    SeededEntropy,
)
from tests.flows.fleet import CLIENT
from tests.flows.scripted_provider import ProviderState, ScriptedProvider
from tests.flows.virtual_time import Process, World


class SigningOut:
    """Three sessions of Ada's, and the flow that ends them."""

    def __init__(self) -> None:
        self.world = World(start=NOW)
        self.state = ProviderState(clock=self.world)
        self.provider = ScriptedProvider(self.state)
        self.memory = Memory(self.world)
        self.trail = RememberingTrail()
        self.exits = MemoryExitStore(self.world)
        revocation = RevocationFlow(
            self.provider, Process(self.world, "p1"), self.world, self.trail
        )
        sessions = MemorySessionStore(self.memory)
        register = MemorySessionRegister(self.memory)
        self.ending = EndingFlow(sessions, register, revocation, self.world, self.trail)
        self.flow = LogoutFlow(
            ending=self.ending,
            sessions=sessions,
            provider=self.provider,
            clock=self.world,
            trail=self.trail,
            exits=self.exits,
            entropy=SeededEntropy(2),
            client=CLIENT,
        )
        self.keys = [
            self._begin(letter, sid)
            for letter, sid in (("A", "sid-1"), ("B", "sid-1"), ("C", "sid-2"))
        ]

    def _begin(self, letter: str, sid: str) -> SessionKey:
        issued = self.state.sign_in("ada")
        core = a_core(ref=Ref(f"s_{letter}"), provider_sid=sid)
        tokens = {
            "refresh_token": issued.refresh_token,
            "access_token": issued.access_token,
            "id_token": issued.id_token,
        }
        session: Session = a_session(key=a_key(letter * 43), core=core, tokens=tokens)
        self.world.run(self.flow.sessions.create(session))
        return session.key

    def left(self) -> list[int]:
        """Which of the three still live."""
        return [number for number, key in enumerate(self.keys) if key in self.memory.sessions]


@pytest.fixture
def out() -> SigningOut:
    """Nobody has signed out yet."""
    return SigningOut()


@pytest.mark.req("N56", "N84", "N103", "N104")
def test_signing_out_ends_the_session_revokes_and_leads_to_the_provider(out: SigningOut) -> None:
    """With the ID Token as a hint that no page gets to see; the others live on."""
    hint = out.memory.sessions[out.keys[0]].tokens.id_token
    ticket = out.world.run(out.flow.end(out.keys[0]))
    out.world.settle(1)
    assert ticket is not None
    url = out.world.run(out.flow.way_out(ticket))
    assert url.startswith("https://provider.example/end_session?")
    assert f"id_token_hint={hint}" in url
    assert out.left() == [1, 2]
    assert out.state.counts["revoke"] == 1
    assert out.trail.of(events.SessionEnded)[0].reason == "signed_out"
    assert out.world.run(out.flow.way_out(ticket)) == CLIENT.post_logout_redirect_uri


@pytest.mark.req("N104")
def test_signing_out_twice_is_no_error(out: SigningOut) -> None:
    """Nor without a session: home."""
    out.world.run(out.flow.end(out.keys[0]))
    assert out.world.run(out.flow.end(out.keys[0])) is None
    assert out.world.run(out.flow.end(None)) is None
    assert out.flow.home == "https://app.example/"


@pytest.mark.req("N58")
def test_everywhere_means_everywhere(out: SigningOut) -> None:
    """All of the user's sessions end."""
    out.world.run(out.flow.end(out.keys[0], everywhere=True))
    assert out.left() == []


@pytest.mark.req("N84", "N85")
def test_a_provider_that_is_away_stops_no_sign_out(out: SigningOut) -> None:
    """The session is gone, the way out leads home, and revocation is tried again until it works."""
    out.state.down = ProviderUnavailable("status 503", sent=False)
    assert out.world.run(out.flow.end(out.keys[0])) is None
    out.world.settle(2)
    assert out.left() == [1, 2]
    assert out.trail.of(events.RevocationFailed)[0].token_kind == "refresh_token"
    out.state.down = None
    out.world.settle(10)
    assert out.state.counts["revoke"] == 1


def test_revocation_gives_up_in_the_end_and_after_a_refusal_at_once(out: SigningOut) -> None:
    """Five tries, or one if the provider says no."""
    out.state.down = ProviderUnavailable("status 503", sent=False)
    out.world.run(out.flow.end(out.keys[0]))
    out.world.settle(100)
    assert len(out.trail.of(events.RevocationFailed)) == 5
    out.state.down = TokenRequestRejected("unsupported_token_type")
    out.ending.revocation.soon(a_core(), a_session(tokens={"refresh_token": None}).tokens)
    out.world.settle(100)
    assert len(out.trail.of(events.RevocationFailed)) == 6
    assert out.trail.of(events.RevocationFailed)[-1].token_kind == "access_token"


def test_a_provider_without_end_session_leads_home(out: SigningOut) -> None:
    """There is nowhere else to go."""
    out.state.metadata["end_session_endpoint"] = None
    assert out.world.run(out.flow.end(out.keys[0])) is None


def test_a_way_out_that_cannot_be_kept_leads_home(out: SigningOut) -> None:
    """The sign-out itself has happened."""
    out.exits.available = False
    assert out.world.run(out.flow.end(out.keys[0])) is None
    assert out.left() == [1, 2]


def test_without_the_store_nobody_is_told_that_he_signed_out(out: SigningOut) -> None:
    """The error reaches the page."""

    async def away(_operation: str) -> None:
        raise StoreUnavailable

    out.flow.sessions.hop = away  # type: ignore[attr-defined]
    with pytest.raises(StoreUnavailable):
        out.world.run(out.flow.end(out.keys[0]))


@pytest.mark.req("N111")
@pytest.mark.parametrize(
    ("named", "left"),
    [
        ({"sid": "sid-1"}, [2]),
        ({"subject": "ada"}, []),
        ({"sid": "sid-2", "subject": "ada"}, [0, 1]),
        ({"sid": "x"}, [0, 1, 2]),
    ],
)
def test_a_logout_token_ends_what_it_names(
    out: SigningOut, named: dict[str, str], left: list[int]
) -> None:
    """The sessions of the provider session, or all of the subject; unknown ones are no error."""
    ended = out.world.run(out.flow.end_named_by(out.state.logout_token(**named)))
    assert out.left() == left
    assert ended == 3 - len(left)
    assert {tombstone.reason for tombstone in out.memory.ended.values()} <= {EndReason.IDP_LOGOUT}


@pytest.mark.req("N109")
def test_a_logout_token_counts_once(out: SigningOut) -> None:
    """Replayed: refused and recorded; sessions begun since then live."""
    token = out.state.logout_token(subject="ada")
    out.world.run(out.flow.end_named_by(token))
    with pytest.raises(SignedTokenInvalid):
        out.world.run(out.flow.end_named_by(token))
    assert out.trail.of(events.LogoutTokenRefused)[0].check == "jti_replayed"


@pytest.mark.req("N106", "N107", "N108", "N110", "N86")
@pytest.mark.parametrize(
    "change",
    [{"iss": "https://x.example"}, {"aud": "x"}, {"exp": int(NOW) - 60}, {"iat": int(NOW) - 600}, {"nonce": "n"},
     {"events": {}}, {"events": {"http://schemas.openid.net/event/backchannel-logout": True}}, {"jti": None}],
)  # fmt: skip
def test_a_doubtful_logout_token_ends_nobody(out: SigningOut, change: dict[str, Any]) -> None:
    """One claim wrong: refused, recorded, nothing ended."""
    with pytest.raises(SignedTokenInvalid):
        out.world.run(out.flow.end_named_by(out.state.logout_token(subject="ada", **change)))
    assert out.left() == [0, 1, 2]
    assert len(out.trail.of(events.LogoutTokenRefused)) == 1


@pytest.mark.req("N86")
def test_an_id_token_is_no_logout_token(out: SigningOut) -> None:
    """Nor the other way round."""
    id_token = out.memory.sessions[out.keys[0]].tokens.id_token
    assert id_token is not None
    with pytest.raises(SignedTokenInvalid):
        out.world.run(out.flow.end_named_by(id_token))


@pytest.mark.req("N112")
def test_a_failed_ending_may_be_repeated_with_the_same_token(out: SigningOut) -> None:
    """The token is remembered only when everything it named has ended."""
    token = out.state.logout_token(subject="ada")
    original = out.flow.sessions.end

    async def fails(*_arguments: object, **_named: object) -> None:
        raise StoreUnavailable

    out.flow.sessions.end = fails  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        out.world.run(out.flow.end_named_by(token))
    out.flow.sessions.end = original  # type: ignore[method-assign]
    assert out.world.run(out.flow.end_named_by(token)) == 3


def test_without_a_registered_page_home_is_the_root() -> None:
    """``/``."""
    out = SigningOut()
    client = msgspec.structs.replace(CLIENT, post_logout_redirect_uri=None)
    assert replace(out.flow, client=client).home == "/"
