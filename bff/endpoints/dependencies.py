"""What the endpoints are given: the flows, the cookies, and the facts of one request."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from bff.audit.pages import ApiUse
from bff.audit.rows import PostureRow
from bff.browser.cookies import (
    LOGIN_COOKIE,
    MAX_AGE_LIMIT,
    NOTE_COOKIE,
    SESSION_COOKIE,
    SignedCookie,
    clear_cookie,
    read_cookies,
    set_cookie,
)
from bff.browser.login_cookie import (
    REMEMBERED_SECONDS,
    LoginCookie,
    read_login_cookie,
    write_login_cookie,
)
from bff.browser.proxies import TrustedProxies
from bff.endpoints.call_ends import AccessLine, RouteTook, no_line, not_counted
from bff.errors import RequestMalformed
from bff.flows.access import AccessFlow, Presented
from bff.flows.api_call import ApiCallFlow
from bff.flows.backchannel import BackChannelFlow
from bff.flows.direct_call import DirectCallFlow
from bff.flows.ending import EndingFlow
from bff.flows.login import LoginFlow
from bff.flows.logout import LogoutFlow
from bff.flows.own_sessions import OwnSessionsFlow
from bff.flows.ports import AuditTrail, Clock, RateLimits
from bff.flows.review import ReviewFlow
from bff.flows.review_pages import ReviewPages
from bff.flows.review_ports import AlertDesk, TrailReader
from bff.flows.socket_call import SocketCallFlow
from bff.flows.watch import WatchFlow
from bff.resource.routes import RouteTable
from bff.session.handle import Handle, read_handle, session_key, write_handle
from bff.session.model import SessionKey

Scope = Any
HeaderGet = Callable[[bytes], bytes | None]
NOT_PINNED = b"any"
_REMEMBERED_LENGTH = 2048
"""Bytes of a Cookie field that is worth remembering."""
RESTARTED = "login_restarted"
"""The note of a sign-in that was begun anew because its answer came too late; no page is told of it."""
ALONE = frozenset(
    {
        b"authorization",
        b"bff-session",
        b"content-length",
        b"content-type",
        b"host",
        b"origin",
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"transfer-encoding",
    }
)
"""Fields with one value: of two, some reader would believe the first and some the last."""


@dataclass(frozen=True, slots=True)
class ReviewFlows:
    """The reviewer's stories; ``posture`` is judged whenever it is looked at."""

    review: ReviewFlow
    pages: ReviewPages
    trail: TrailReader
    alerts: AlertDesk
    posture: Callable[[], tuple[PostureRow, ...]]
    calls: Callable[[str], Awaitable[ApiUse]] | None = None
    trends: Callable[[Sequence[str]], Awaitable[dict[str, tuple[int, ...]]]] | None = None


@dataclass(frozen=True, slots=True)
class Flows:
    """The stories the endpoints tell. ``direct_call`` is told where sessions are held in the process."""

    login: LoginFlow
    access: AccessFlow
    api_call: ApiCallFlow
    socket_call: SocketCallFlow
    logout: LogoutFlow
    watch: WatchFlow
    ending: EndingFlow
    backchannel: BackChannelFlow
    own_sessions: OwnSessionsFlow
    review: ReviewFlows | None = None
    direct_call: DirectCallFlow | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the endpoints know of where they run.

    ``frontchannel_from`` is the origin that may sign users out through a frame, if any may.
    """

    public_origin: bytes
    routes: RouteTable
    clock: Clock
    trail: AuditTrail
    rate_limits: RateLimits
    trusted_proxies: TrustedProxies
    frontchannel_from: str | None = None
    access_line: AccessLine = no_line
    route_took: RouteTook = not_counted

    @property
    def https(self) -> bool:
        """Whether browsers reach us over TLS."""
        return self.public_origin.startswith(b"https:")

    @property
    def host(self) -> bytes:
        """The authority of the public origin."""
        return self.public_origin.partition(b"://")[2]


class Known(msgspec.Struct, frozen=True):
    """A session cookie of ours, read: the handle, and the key of the session it names.

    ``signed_anew`` is due where an older key of the ring signed it.
    """

    handle: Handle
    key: SessionKey
    signed_anew: bool = False


class Request:
    """One request's facts, gathered once by the gate: id, header look-up, cookies on demand."""

    __slots__ = ("arrived_at", "client", "get", "headers", "id", "path", "repeated", "status")

    def __init__(self, scope: Scope, request_id: str, arrived_at: float) -> None:
        """Take what the gate knows."""
        self.id = request_id
        self.path: bytes = scope.get("raw_path", b"")
        self.arrived_at = arrived_at
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        by_name = dict(self.headers)
        self.get: HeaderGet = by_name.get
        self.repeated = len(by_name) != len(self.headers)
        self.client: str = scope["client"][0] if scope.get("client") else ""
        self.status = 0

    def require_one_reading(self) -> None:
        """Raise RequestMalformed if a field that must stand alone does not (RFC 9110, 5.3; RFC 9112, 3.2)."""
        if self.repeated:
            names = [name for name, _ in self.headers if name in ALONE]
            if len(names) != len(set(names)):
                raise RequestMalformed("header")

    def listed(self, wanted: bytes) -> bytes | None:
        """A field that is a list, though it came in several lines (RFC 9110, section 5.2)."""
        if not self.repeated:
            return self.get(wanted)
        return b",".join(value for name, value in self.headers if name == wanted) or None

    def cookies(self) -> dict[str, str]:
        """Our cookies among those sent. Raises RequestMalformed."""
        if self.get(b"cookie") is None:
            return {}
        return read_cookies([value for name, value in self.headers if name == b"cookie"])

    @property
    def background(self) -> bool:
        """Whether the page says that nobody is waiting for this."""
        return self.get(b"bff-background") is not None


def seen(request: Any) -> Request:  # noqa: ANN401  a Litestar request
    """What the gate gathered about a request that Litestar hands to a handler."""
    facts: Request = request.scope["bff"]
    return facts


class BrowserCookies:
    """Reads and writes our cookies.

    A session cookie, once verified, is remembered by its text, and a Cookie field by its own.
    """

    def __init__(self, signing_keys: list[bytes], lookup_key: bytes) -> None:
        """``signing_keys`` newest last."""
        self._session = SignedCookie(signing_keys, "session")
        self._login = SignedCookie(signing_keys, "login")
        self._note = SignedCookie(signing_keys, "note")
        self._lookup_key = lookup_key
        self._known = lru_cache(maxsize=8192)(self._read_session)
        self._shown = lru_cache(maxsize=8192)(lambda field: self._among(read_cookies([field])))

    def session(self, request: Request) -> Known | None:
        """The session the browser shows; a bad signature costs no look-up anywhere."""
        field = request.get(b"cookie")
        if field is None:
            return None
        if request.repeated or len(field) > _REMEMBERED_LENGTH:
            return self._among(request.cookies())
        return self._shown(field)

    def presented(self, request: Request) -> Presented | None:
        """The same, as the flows want it, with the reference the page is pinned to."""
        known = self.session(request)
        if known is None:
            return None
        pinned = request.get(b"bff-session")
        ref = None if pinned is None or pinned == NOT_PINNED else pinned.decode("latin-1")
        return Presented(known.key, known.handle.generation, request.arrived_at, ref)

    def set_session(self, handle: Handle, max_age_seconds: float) -> bytes:
        """A Set-Cookie value."""
        signed = self._session.sign(write_handle(handle))
        return set_cookie(
            SESSION_COOKIE, signed, max_age=min(int(max_age_seconds), MAX_AGE_LIMIT)
        ).encode()

    def login(self, request: Request) -> LoginCookie | None:
        """Which sign-ins of this browser are under way."""
        signed = self._login.read(request.cookies().get(LOGIN_COOKIE.name, ""))
        return read_login_cookie(signed) if signed else None

    def set_login(self, cookie: LoginCookie | None) -> bytes:
        """A Set-Cookie value; the cookie goes with its last sign-in."""
        if cookie is None or cookie.empty:
            return clear_cookie(LOGIN_COOKIE).encode()
        signed = self._login.sign(write_login_cookie(cookie))
        return set_cookie(LOGIN_COOKIE, signed, max_age=REMEMBERED_SECONDS).encode()

    def note(self, request: Request) -> tuple[str, str] | None:
        """The code and request id of a sign-in that failed a moment ago."""
        signed = self._note.read(request.cookies().get(NOTE_COOKIE.name, ""))
        code, _, request_id = (signed or "").partition(".")
        return (code, request_id) if code and request_id and code != RESTARTED else None

    def set_note(self, code: str, request_id: str) -> bytes:
        """A Set-Cookie value; for five minutes."""
        return set_cookie(
            NOTE_COOKIE, self._note.sign(f"{code}.{request_id}"), max_age=300
        ).encode()

    def restarted(self, request: Request) -> bool:
        """Whether a sign-in of this browser was begun anew a moment ago."""
        note = self._note.read(request.cookies().get(NOTE_COOKIE.name, ""))
        return note is not None and note.partition(".")[0] == RESTARTED

    @staticmethod
    def clear_session() -> bytes:
        """A Set-Cookie value."""
        return clear_cookie(SESSION_COOKIE).encode()

    @staticmethod
    def clear_note() -> bytes:
        """A Set-Cookie value."""
        return clear_cookie(NOTE_COOKIE).encode()

    def _among(self, cookies: dict[str, str]) -> Known | None:
        text = cookies.get(SESSION_COOKIE.name)
        return self._known(text) if text else None

    def _read_session(self, text: str) -> Known | None:
        signed = self._session.read(text)
        handle = read_handle(signed) if signed else None
        if handle is None:
            return None
        key = session_key(handle.session_id, self._lookup_key)
        return Known(handle, key, signed_anew=not self._session.is_up_to_date(text))


def came_over_http(request: Request, proxies: TrustedProxies) -> bool:
    """Whether a proxy of ours says that the browser spoke plain HTTP. Without one nobody can say."""
    return proxies.says_http(request.client, request.listed)


def client_address(request: Request, proxies: TrustedProxies) -> str:
    """The browser's address, as far as anybody we trust has seen it."""
    return proxies.client_of(request.client, request.listed)
