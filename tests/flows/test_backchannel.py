"""The provider says that somebody has signed out."""

from dataclasses import replace
from typing import Any

import pytest

from bff.audit import events
from bff.errors import SignedTokenInvalid, StoreUnavailable
from bff.flows.backchannel import LogoutTokenPolicy
from bff.flows.ending import Revoke
from bff.session.model import EndReason
from tests.builders import NOW
from tests.flows.signing_out import SigningOut


@pytest.fixture
def out() -> SigningOut:
    """Nobody has signed out yet."""
    return SigningOut()


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
    ended = out.world.run(out.backchannel.end_named_by(out.state.logout_token(**named)))
    assert out.left() == left
    assert ended == 3 - len(left)
    assert {tombstone.reason for tombstone in out.memory.ended.values()} <= {EndReason.IDP_LOGOUT}


@pytest.mark.req("N109")
def test_a_logout_token_counts_once(out: SigningOut) -> None:
    """Replayed: refused and recorded; sessions begun since then live."""
    token = out.state.logout_token(subject="ada")
    out.world.run(out.backchannel.end_named_by(token))
    with pytest.raises(SignedTokenInvalid):
        out.world.run(out.backchannel.end_named_by(token))
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
        out.world.run(out.backchannel.end_named_by(out.state.logout_token(subject="ada", **change)))
    assert out.left() == [0, 1, 2]
    assert len(out.trail.of(events.LogoutTokenRefused)) == 1


@pytest.mark.req("N86")
def test_an_id_token_is_no_logout_token(out: SigningOut) -> None:
    """Nor the other way round."""
    id_token = out.memory.sessions[out.keys[0]].tokens.id_token
    assert id_token is not None
    with pytest.raises(SignedTokenInvalid):
        out.world.run(out.backchannel.end_named_by(id_token))


@pytest.mark.req("N112")
def test_a_failed_ending_may_be_repeated_with_the_same_token(out: SigningOut) -> None:
    """The token is remembered only when everything it named has ended."""
    token = out.state.logout_token(subject="ada")
    original = out.sessions.end

    async def fails(*_arguments: object, **_named: object) -> None:
        raise StoreUnavailable

    out.sessions.end = fails  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        out.world.run(out.backchannel.end_named_by(token))
    out.sessions.end = original  # type: ignore[method-assign]
    assert out.world.run(out.backchannel.end_named_by(token)) == 3


@pytest.mark.req("N114")
@pytest.mark.parametrize(
    ("revoke", "offline", "revoked"),
    [
        (Revoke.ALL, True, 1),
        (Revoke.ALL, False, 1),
        (Revoke.WITHOUT_OFFLINE_ACCESS, True, 0),
        (Revoke.WITHOUT_OFFLINE_ACCESS, False, 1),
    ],
)
def test_which_refresh_tokens_a_providers_sign_out_revokes(
    out: SigningOut, revoke: Revoke, offline: bool, revoked: int
) -> None:
    """All that nobody holds any more, or only those without offline_access: the operator chooses."""
    scope = ("openid", "offline_access") if offline else ("openid",)
    out.change_tokens(2, scope=scope)
    flow = replace(out.backchannel, policy=LogoutTokenPolicy(revoke=revoke))
    out.world.run(flow.end_named_by(out.state.logout_token(sid="sid-2")))
    out.world.settle(1)
    assert out.left() == [0, 1]
    assert out.state.counts["revoke"] == revoked


@pytest.mark.req("N106", "N107", "N109")
def test_a_token_that_is_tried_out_ends_nothing_and_tells_why(out: SigningOut) -> None:
    """What it would end, or the check it fails; it can be used for real afterwards, and then no more."""
    token = out.state.logout_token(subject="ada")
    tried = out.world.run(out.backchannel.try_out(token))
    assert (tried.failed, tried.would_end) == (None, 3)
    assert tried.claims["sub"] == "ada"
    assert out.left() == [0, 1, 2]
    assert out.trail.of(events.LogoutTokenRefused) == []
    refused = out.world.run(out.backchannel.try_out(out.state.logout_token(sid="x", nonce="n")))
    assert refused.failed == "nonce"
    assert out.world.run(out.backchannel.try_out("no.jwt")).failed == "jwt"
    out.world.run(out.backchannel.end_named_by(token))
    assert out.world.run(out.backchannel.try_out(token)).failed == "jti_replayed"


@pytest.mark.req("N56")
def test_a_front_channel_sign_out_ends_one_provider_session(out: SigningOut) -> None:
    """Of our provider only; an unknown one is no error."""
    assert out.world.run(out.backchannel.end_provider_session(out.state.issuer, "nobody")) == 0
    with pytest.raises(SignedTokenInvalid):
        out.world.run(out.backchannel.end_provider_session("https://other.example", "sid-1"))
    assert out.left() == [0, 1, 2]
    assert out.world.run(out.backchannel.end_provider_session(out.state.issuer, "sid-1")) == 2
    assert out.left() == [2]
