"""Signing in: out, and back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bff.audit import events
from bff.errors import (
    AuthorizationRejected,
    AuthorizationResponseInvalid,
    LoginFailed,
    LoginTransactionNotFound,
    ProviderUnavailable,
    SignedTokenInvalid,
    StepUpUnmet,
    TokenRequestRejected,
)
from bff.flows.login import LoginFlow, LoginPolicy
from bff.flows.login_request import LoginBroken, LoginCompleted, LoginRequest, LoginStarted
from bff.flows.revocation import RevocationFlow
from bff.flows.token_set import TokenSetFlow
from bff.oidc.token import TokenResponse
from bff.session.handle import session_key
from bff.session.limits import SessionLimits
from bff.session.model import EndReason, Session
from tests.builders import LOOKUP_KEY, NOW
from tests.flows.fake_revocations import MemoryRevocationQueue
from tests.flows.fakes import (
    Memory,
    MemorySessionStore,
    MemoryTransactionStore,
    RememberingTrail,
    SeededEntropy,
)
from tests.flows.fleet import CLIENT
from tests.flows.scripted_provider import ProviderState, ScriptedProvider
from tests.flows.virtual_time import Process, World


class SignIn:
    """A provider, a browser, and the flow between them."""

    def __init__(self) -> None:
        self.world = World(start=NOW)
        self.state = ProviderState(clock=self.world)
        self.provider = ScriptedProvider(self.state)
        self.memory = Memory(self.world)
        self.transactions = MemoryTransactionStore(self.world)
        self.trail = RememberingTrail()
        self.queue, self.sessions = MemoryRevocationQueue(), MemorySessionStore(self.memory)
        process = Process(self.world, "p1")
        revocation = RevocationFlow(
            self.provider,
            self.queue,
            process,
            self.world,
            SeededEntropy(3),
            self.trail,
            self.sessions,
        )
        policy = LoginPolicy(
            limits=SessionLimits(), lookup_key=LOOKUP_KEY, claim_names=("name", "role")
        )
        self.flow = LoginFlow(
            provider=self.provider,
            transactions=self.transactions,
            sessions=self.sessions,
            token_sets=TokenSetFlow(
                self.provider, revocation, self.world, CLIENT, ("name",), 300, lambda _seconds: None
            ),
            revocation=revocation,
            clock=self.world,
            entropy=SeededEntropy(1),
            trail=self.trail,
            client=CLIENT,
            policy=policy,
        )

    def begin(self, **wishes: Any) -> LoginStarted:
        """The browser leaves."""
        return self.world.run(
            self.flow.begin(LoginRequest(**{"return_to": "/leads?x=1", **wishes}))
        )

    def back(
        self, started: LoginStarted, subject: str = "ada", **changes: Sequence[str]
    ) -> dict[str, Sequence[str]]:
        """What the browser brings back."""
        return {**self.provider.authorize(started.location, subject), **changes}

    def complete(self, parameters: dict[str, Sequence[str]], browser: str | None) -> LoginCompleted:
        """The browser is back."""
        finished = self.world.run(self.flow.complete(parameters, browser))
        if isinstance(finished, LoginBroken):
            self.broken = finished
            raise finished.error
        return finished

    def whole(self, **wishes: Any) -> LoginCompleted:
        """Out and back."""
        started = self.begin(**wishes)
        return self.complete(self.back(started), started.browser)

    def session(self, completed: LoginCompleted) -> Session:
        """What was stored."""
        return self.memory.sessions[session_key(completed.session_id, LOOKUP_KEY)]


@pytest.fixture
def sign_in() -> SignIn:
    """Nobody is signed in yet."""
    return SignIn()


@pytest.mark.req("N1", "N2", "N3", "N13", "N22")
def test_out_and_back_opens_a_session(sign_in: SignIn) -> None:
    """Tokens, who, until when; claims as configured and no others."""
    completed = sign_in.whole()
    session = sign_in.session(completed)
    assert completed.return_to == "/leads?x=1"
    assert (session.core.subject, session.core.issuer) == ("ada", "https://provider.example")
    assert session.core.claims == {"name": "Ada Lovelace", "role": "reviewer"}
    assert session.core.absolute_expires_at == NOW + 604_800
    assert session.tokens.expires_at == NOW + 900
    assert session.tokens.refresh_token is not None
    assert sign_in.trail.of(events.SignedIn)[0].ref == completed.ref


@pytest.mark.req("N34", "N3", "N4")
def test_every_sign_in_has_secrets_of_its_own(sign_in: SignIn) -> None:
    """Fresh state, nonce, challenge and session id."""
    one, two = sign_in.begin(), sign_in.begin()
    assert one.state != two.state
    assert len(one.state) == 43
    first, second = sign_in.whole(), sign_in.whole()
    assert first.session_id != second.session_id
    assert len(first.session_id) == 43


@pytest.mark.req("N6")
def test_a_callback_counts_once(sign_in: SignIn) -> None:
    """Its second delivery reaches neither the provider nor a second session."""
    started = sign_in.begin()
    parameters = sign_in.back(started)
    sign_in.complete(parameters, started.browser)
    with pytest.raises(LoginTransactionNotFound):
        sign_in.complete(parameters, started.browser)
    assert sign_in.state.counts["redeem"] == 1
    assert len(sign_in.memory.sessions) == 1


@pytest.mark.req("N4", "N5")
@pytest.mark.parametrize("browser", [None, "another-browser"])
def test_a_callback_belongs_to_the_browser_that_left(sign_in: SignIn, browser: str | None) -> None:
    """Delivered elsewhere: no token request, no session."""
    started = sign_in.begin()
    with pytest.raises(LoginTransactionNotFound):
        sign_in.complete(sign_in.back(started), browser)
    assert sign_in.state.asked["redeem"] == 0
    assert not sign_in.memory.sessions


@pytest.mark.req("N5", "N7")
def test_altered_missing_and_swapped_states_are_refused(sign_in: SignIn) -> None:
    """Of a pending sign-in of the same browser even."""
    one = sign_in.begin()
    two = sign_in.begin(browser=one.browser)
    back = sign_in.back(one)
    for parameters in (
        {**back, "state": ["x" + one.state[1:]]},
        {**back, "state": []},
        {**back, "state": ["a", "b"]},
    ):
        with pytest.raises(LoginFailed):
            sign_in.complete(parameters, one.browser)
    with pytest.raises(TokenRequestRejected):
        sign_in.complete({**back, "state": [two.state]}, one.browser)
    assert not sign_in.memory.sessions


def test_a_sign_in_older_than_ten_minutes_is_over(sign_in: SignIn) -> None:
    """Its transaction is gone."""
    started = sign_in.begin()
    sign_in.world.settle(600)
    with pytest.raises(LoginTransactionNotFound):
        sign_in.complete(sign_in.back(started), started.browser)


@pytest.mark.req("N10", "N11")
@pytest.mark.parametrize(
    "iss",
    [[], ["https://other.example"], ["https://provider.example/"], ["HTTPS://provider.example"]],
)
def test_the_answer_must_come_from_the_provider_that_was_asked(
    sign_in: SignIn, iss: Sequence[str]
) -> None:
    """Exactly, and present where the provider said it would be; also in an error."""
    started = sign_in.begin()
    with pytest.raises(AuthorizationResponseInvalid):
        sign_in.complete(sign_in.back(started, iss=iss), started.browser)
    again = sign_in.begin()
    with pytest.raises(AuthorizationResponseInvalid):
        sign_in.complete(
            {"error": ["access_denied"], "state": [again.state], "iss": iss}, again.browser
        )
    assert sign_in.state.asked["redeem"] == 0


def test_a_refusal_by_the_user_is_a_typed_failure(sign_in: SignIn) -> None:
    """With the registered code, recorded, and nothing of the description."""
    started = sign_in.begin()
    refusal: dict[str, Sequence[str]] = {"error": ["access_denied"], "error_description": ["<script>"], "state": [started.state],
               "iss": [sign_in.state.issuer]}  # fmt: skip
    with pytest.raises(AuthorizationRejected) as refused:
        sign_in.complete(refusal, started.browser)
    assert refused.value.error == "access_denied"
    assert not sign_in.broken.popup


def test_a_window_of_its_own_is_known_when_its_sign_in_breaks_off(sign_in: SignIn) -> None:
    """It must close itself, and tell the page that opened it."""
    started = sign_in.begin(popup=True)
    refusal: dict[str, Sequence[str]] = {
        "error": ["access_denied"],
        "state": [started.state],
        "iss": [sign_in.state.issuer],
    }
    with pytest.raises(AuthorizationRejected):
        sign_in.complete(refusal, started.browser)
    assert sign_in.broken.popup
    assert sign_in.trail.of(events.SignInFailed)[0].reason == "AuthorizationRejected: access_denied"


def _claim(name: str, value: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {
        key: content for key, content in {**claims, name: value}.items() if content is not None
    }


@pytest.mark.req("N13", "N14")
@pytest.mark.parametrize(
    ("name", "value"),
    [("iss", "https://other.example"), ("aud", "other"), ("aud", ["eventlead-bff", "other"]), ("exp", int(NOW) - 60),
     ("nonce", "other"), ("nonce", None), ("sub", None), ("at_hash", "x"), ("iat", int(NOW) + 600)],
)  # fmt: skip
def test_a_doubtful_id_token_opens_nothing(sign_in: SignIn, name: str, value: object) -> None:
    """One claim wrong: no session, no use of the tokens."""
    sign_in.state.on_id_token = _claim(name, value)
    with pytest.raises(SignedTokenInvalid):
        sign_in.whole()
    assert not sign_in.memory.sessions
    assert sign_in.state.asked["user_info"] == 0


def test_no_id_token_no_session(sign_in: SignIn) -> None:
    """OpenID Connect without one is not OpenID Connect."""
    sign_in.state.sends_id_tokens = False
    with pytest.raises(SignedTokenInvalid):
        sign_in.whole()


@pytest.mark.req("N35")
def test_a_new_sign_in_ends_the_session_it_replaces(sign_in: SignIn) -> None:
    """New id, old session ended and its tokens revoked."""
    first = sign_in.whole()
    old = sign_in.session(first)
    second = sign_in.whole(replaces=old.key)
    sign_in.world.settle(1)
    assert second.session_id != first.session_id
    assert sign_in.memory.ended[old.key].reason is EndReason.REPLACED
    assert sign_in.state.counts["revoke"] == 1
    assert sign_in.trail.of(events.SignedIn)[1].replaced


@pytest.mark.req("N84")
def test_a_process_that_dies_replacing_a_session_leaves_word_of_its_tokens(sign_in: SignIn) -> None:
    """They wait in the queue before the session ends, and not when another had ended it."""
    old = sign_in.session(sign_in.whole())
    waiting: list[list[str]] = []

    async def look(operation: str) -> None:
        if operation == "end:there":
            waiting.append([kept.token for _, kept in sign_in.queue.held.values()])

    sign_in.sessions.hop = look
    sign_in.whole(replaces=old.key)
    assert waiting == [[old.tokens.refresh_token]]

    async def ended_meanwhile(operation: str) -> None:
        if operation == "end:there":
            sign_in.memory.sessions.clear()

    new = sign_in.session(sign_in.whole())
    sign_in.world.settle(1)
    sign_in.sessions.hop = ended_meanwhile
    sign_in.whole(replaces=new.key)
    assert sign_in.queue.held == {}


def test_a_sign_in_that_replaces_nothing_living_says_so(sign_in: SignIn) -> None:
    """The session it would have replaced had ended by itself."""
    first = sign_in.session(sign_in.whole())
    del sign_in.memory.sessions[first.key]
    sign_in.whole(replaces=first.key)
    assert not sign_in.trail.of(events.SignedIn)[1].replaced


@pytest.mark.req("N17")
@pytest.mark.parametrize(
    ("subject", "email"), [("ada", "ada@eventlead.example"), ("somebody", None)]
)
def test_user_info_counts_only_if_it_speaks_of_the_same_user(
    sign_in: SignIn, subject: str, email: str | None
) -> None:
    """Another sub: its claims never appear."""
    policy = msgspec.structs.replace(sign_in.flow.policy, user_info=True, claim_names=("email",))
    sign_in.flow = replace(sign_in.flow, policy=policy)
    sign_in.state.on_id_token = lambda claims: {
        name: value for name, value in claims.items() if name != "email"
    }
    if subject != "ada":

        async def somebody(access_token: str) -> dict[str, object]:
            return {"sub": subject, "email": f"x@example{access_token[:0]}"}

        sign_in.provider.user_info = somebody  # type: ignore[method-assign]
    assert sign_in.session(sign_in.whole()).core.claims.get("email") == email


@pytest.mark.req("N75", "N76")
def test_what_a_token_response_leaves_out_has_a_sane_default(sign_in: SignIn) -> None:
    """No expires_in: five minutes, never for ever; no scope: as asked."""

    def sparse(_operation: str, answer: TokenResponse) -> TokenResponse:
        return msgspec.structs.replace(answer, expires_in=None, scope=None, refresh_expires_in=None)

    sign_in.state.on_answer = sparse
    tokens = sign_in.session(sign_in.whole()).tokens
    assert tokens.expires_at == NOW + 300
    assert tokens.scope == CLIENT.scope
    assert tokens.refresh_expires_at is None


@pytest.mark.req("N61")
def test_a_wish_for_a_recent_sign_in_is_checked_on_the_way_back(sign_in: SignIn) -> None:
    """max_age asked, auth_time too old: refused."""
    sign_in.state.on_id_token = _claim("auth_time", int(NOW) - 3600)
    with pytest.raises(StepUpUnmet):
        sign_in.whole(max_age=60)
    assert "max_age=60" in sign_in.begin(max_age=60).location


@pytest.mark.req("N61")
@pytest.mark.parametrize(("acr", "fine"), [("mfa", True), ("pwd", False), (None, False)])
def test_a_wish_for_a_stronger_sign_in_is_checked_on_the_way_back(
    sign_in: SignIn, acr: str | None, fine: bool
) -> None:
    """The class that was asked for, or none: then nothing is stored."""
    sign_in.state.on_id_token = _claim("acr", acr)
    assert "acr_values=mfa+hwk" in sign_in.begin(acr_values=("mfa", "hwk")).location
    if fine:
        assert sign_in.session(sign_in.whole(acr_values=("mfa", "hwk"))).core.acr == "mfa"
        return
    with pytest.raises(StepUpUnmet):
        sign_in.whole(acr_values=("mfa", "hwk"))
    assert not sign_in.memory.sessions


def test_a_sign_in_that_takes_the_place_of_a_lost_one_says_so_in_its_state(
    sign_in: SignIn,
) -> None:
    """Even to a browser that keeps no cookie."""
    assert sign_in.begin(again=True).state.startswith("again.")
    assert not sign_in.begin().state.startswith("again.")


def test_a_provider_that_is_away_fails_the_sign_in_and_says_so(sign_in: SignIn) -> None:
    """Going out and coming back."""
    started = sign_in.begin()
    parameters = sign_in.back(started)
    sign_in.state.down = ProviderUnavailable("discovery: status 503", sent=False)
    with pytest.raises(ProviderUnavailable):
        sign_in.begin()
    with pytest.raises(ProviderUnavailable):
        sign_in.complete(parameters, started.browser)
    assert len(sign_in.trail.of(events.SignInFailed)) == 1


def test_a_session_ended_before_it_was_stored_does_not_begin(sign_in: SignIn) -> None:
    """A back-channel logout that overtakes the sign-in wins, and the tokens are revoked."""
    original = sign_in.flow.sessions.create

    async def overtaken(session: Session) -> bool:
        await sign_in.flow.sessions.end(session.key, EndReason.IDP_LOGOUT, NOW)
        return await original(session)

    sign_in.flow.sessions.create = overtaken  # type: ignore[method-assign]
    with pytest.raises(SignedTokenInvalid):
        sign_in.whole()
    sign_in.world.settle(1)
    assert not sign_in.memory.sessions
    assert sign_in.state.counts["revoke"] == 1


def test_what_sign_in_returns_does_not_show_its_secrets(sign_in: SignIn) -> None:
    """Safe to log."""
    started = sign_in.begin()
    completed = sign_in.complete(sign_in.back(started), started.browser)
    shown = repr(started) + repr(completed) + repr(sign_in.flow.policy)
    for secret in (started.state, started.browser, completed.session_id, LOOKUP_KEY.decode()):
        assert secret not in shown
