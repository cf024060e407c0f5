"""What the provider remembers: subjects, sign-ins, codes and refresh families, in dictionaries.

A family is everything that one authorization led to. It has one live refresh token; using a spent
one revokes the whole family (RFC 9700, section 4.14.2).
"""

import secrets
from dataclasses import dataclass, field

from upstream_mocks.provider import canary


@dataclass(frozen=True)
class Subject:
    """A user, as told in claims."""

    sub: str
    name: str
    email: str
    roles: tuple[str, ...]
    about: str = ""


@dataclass
class SignIn:
    """A browser signed in here (the single sign-on session); ``sid`` is its public name."""

    cookie: str = field(repr=False)
    sid: str
    sub: str
    auth_time: int
    acr: str
    client_ids: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Authorization:
    """What a user granted to a client, and how the user had signed in."""

    client_id: str
    sub: str
    sid: str
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    auth_time: int
    acr: str
    nonce: str | None


@dataclass
class Code:
    """An authorization code (RFC 6749, section 4.1.2); ``family`` is set once it was redeemed."""

    authorization: Authorization
    redirect_uri: str
    challenge: str
    expires_at: float
    family: "Family | None" = None


@dataclass
class Family:
    """Everything issued on one authorization; ``revoked`` says why nothing of it works any more."""

    family_id: str
    authorization: Authorization
    refreshes: int = 0
    revoked: str | None = None


@dataclass
class RefreshToken:
    """One link of a family's chain."""

    family: Family
    expires_at: float
    spent: bool = False


class Grants:
    """The provider's memory."""

    def __init__(self) -> None:
        self.sign_ins: dict[str, SignIn] = {}
        self.codes: dict[str, Code] = {}
        self.families: dict[str, Family] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.revoked_jti: set[str] = set()
        self._clients_of_sid: dict[str, tuple[str, set[str]]] = {}

    def sign_in(self, sub: str, acr: str, now: float, current: SignIn | None) -> SignIn:
        """Somebody has just authenticated; only who was signed in already keeps the sid."""
        if current is not None and current.sub == sub:
            current.auth_time, current.acr = int(now), acr
            return current
        fresh = SignIn(
            cookie=canary.SIGN_IN_PREFIX + secrets.token_urlsafe(24),
            sid="sid-" + secrets.token_urlsafe(12),
            sub=sub,
            auth_time=int(now),
            acr=acr,
        )
        self.sign_ins[fresh.cookie] = fresh
        return fresh

    def end_sign_in(self, sid: str) -> bool:
        """Forget the browser's sign-in; whether there was one."""
        cookies = [cookie for cookie, known in self.sign_ins.items() if known.sid == sid]
        for cookie in cookies:
            del self.sign_ins[cookie]
        return bool(cookies)

    def issue_code(self, code: Code, now: float) -> str:
        """A new code. Long-dead ones are forgotten here."""
        self.codes = {
            value: known for value, known in self.codes.items() if known.expires_at > now - 600
        }
        value = canary.CODE_PREFIX + secrets.token_urlsafe(32)
        self.codes[value] = code
        return value

    def start_family(self, authorization: Authorization) -> Family:
        """Called when a code is redeemed."""
        family = Family(secrets.token_urlsafe(12), authorization)
        self.families[family.family_id] = family
        _, clients = self._clients_of_sid.setdefault(authorization.sid, (authorization.sub, set()))
        clients.add(authorization.client_id)
        return family

    def issue_refresh_token(self, family: Family, expires_at: float) -> str:
        """A new live link; the caller marks the one it replaces as spent."""
        value = canary.REFRESH_TOKEN_PREFIX + secrets.token_urlsafe(32)
        self.refresh_tokens[value] = RefreshToken(family, expires_at)
        return value

    def clients_of(
        self, *, sid: str | None = None, sub: str | None = None
    ) -> set[tuple[str, str, str]]:
        """Who was told of a sign-in: (client_id, sub, sid), for one sid or for all of a subject."""
        return {
            (client_id, known_sub, known_sid)
            for known_sid, (known_sub, clients) in self._clients_of_sid.items()
            for client_id in clients
            if known_sid == sid or (sid is None and known_sub == sub)
        }

    def forget_clients_of(self, sid: str) -> None:
        """They have been told that it ended."""
        self._clients_of_sid.pop(sid, None)
