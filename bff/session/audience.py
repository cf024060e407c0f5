"""Access tokens for particular APIs, beside the session's own (RFC 8707; RFC 9700, section 2.3).

All are obtained with the one refresh token and live in the one token set, so that whatever brings a
new refresh token is written under the one fence.
"""

import msgspec

from bff.session.model import Session


class Audience(msgspec.Struct, frozen=True):
    """Whom a token is for: a resource indicator, and the scopes asked for (none: all granted)."""

    resource: str
    scopes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """By which a token set knows it. No part can contain a space (RFC 3986; RFC 6749, 3.3)."""
        return " ".join((self.resource, *self.scopes))


def seen_by(session: Session, audience: Audience | None) -> Session:
    """The session as if the token for ``audience`` were its access token.

    One that was never obtained is as good as one that expired long ago. Without an audience it is
    the session itself.
    """
    if audience is None:
        return session
    held = session.tokens.audiences.get(audience.name)
    tokens = msgspec.structs.replace(
        session.tokens,
        access_token=held.access_token if held else "",
        issued_at=held.issued_at if held else 0.0,
        expires_at=held.expires_at if held else 0.0,
        scope=held.scope if held else (),
    )
    return msgspec.structs.replace(session, tokens=tokens)
