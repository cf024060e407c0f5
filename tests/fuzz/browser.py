"""What a browser sends: cookies, a return path, the query of a callback, the path of a call."""

import contextlib
import posixpath
from urllib.parse import unquote_plus, unquote_to_bytes

from ada_url import URL

from bff.browser.cookies import (
    LOGIN_COOKIE,
    NOTE_COOKIE,
    SESSION_COOKIE,
    SignedCookie,
    read_cookies,
)
from bff.browser.login_cookie import (
    PENDING_LIMIT,
    LoginCookie,
    read_login_cookie,
    write_login_cookie,
)
from bff.browser.return_to import parse_return_to
from bff.endpoints.login import _parameters
from bff.errors import (
    AuthorizationRejected,
    AuthorizationResponseInvalid,
    MethodNotAllowed,
    RequestMalformed,
    ReturnToRejected,
    RouteNotFound,
)
from bff.oidc.authorization import REGISTERED_ERRORS, validate_authorization_response
from bff.oidc.metadata import ProviderMetadata
from bff.resource.paths import canonical_query
from bff.resource.routes import ApiRoute, RouteTable, parse_upstream
from bff.session.handle import Handle, read_handle, write_handle
from bff.session.model import SessionId
from tests.builders import ISSUER

ORIGIN = "https://app.example"
KEYS = [b"o" * 32, b"n" * 32]
SIGNERS = {
    SESSION_COOKIE: SignedCookie(KEYS, "session"),
    LOGIN_COOKIE: SignedCookie(KEYS, "login"),
    NOTE_COOKIE: SignedCookie(KEYS, "note"),
}
ISSUED = {
    SESSION_COOKIE: frozenset(
        write_handle(Handle(SessionId(letter * 43), generation))
        for letter, generation in (("A", 0), ("b", 7))
    ),
    LOGIN_COOKIE: frozenset(
        {
            write_login_cookie(LoginCookie("browser-browser-1").add("state-1")),
            write_login_cookie(LoginCookie("browser-browser-1").add("state-1").add("state-2")),
        }
    ),
    NOTE_COOKIE: frozenset({"login_failed.req_AAAAAAAA"}),
}
"""Everything that was ever signed with these keys. Nothing else may be believed."""

STATE = "state-state-state-state"
FRONT_CHANNEL = ("access_token", "id_token", "refresh_token")
FLAGGED = {
    flag: ProviderMetadata(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/authorize",
        token_endpoint=f"{ISSUER}/token",
        jwks_uri=f"{ISSUER}/jwks",
        authorization_response_iss_parameter_supported=flag,
    )
    for flag in (False, True)
}
TABLE = RouteTable(
    [
        ApiRoute(
            name="orders",
            prefix="/api/orders",
            upstream=parse_upstream("https://orders.internal/v1/orders"),
            methods=("GET",),
        ),
        ApiRoute(
            name="parameters",
            prefix="/api/orders/by",
            upstream=parse_upstream("https://orders.internal/by"),
            methods=("GET",),
            path_parameters=True,
        ),
    ]
)


def cookie_value(data: bytes) -> None:
    """A Cookie field: what is believed was issued by us, for this purpose, and stands in the field once."""
    try:
        found = read_cookies([data])
    except RequestMalformed:
        return
    pairs = [pair.strip(b" \t").partition(b"=") for pair in data.split(b";")]
    for cookie, signer in SIGNERS.items():
        text = found.get(cookie.name)
        if text is None:
            continue
        sent = {value for name, equals, value in pairs if equals and name == cookie.name.encode()}
        assert sent == {text.encode()}, "a value that was not sent, or one of several"
        value = signer.read(text)
        assert value is None or value in ISSUED[cookie], "a forged cookie was believed"
    _unsigned_values(data)


def _unsigned_values(data: bytes) -> None:
    """Behind the signature: what is read is what would be written."""
    text = data.decode("latin-1")
    handle = read_handle(text)
    assert handle is None or write_handle(handle) == text
    login = read_login_cookie(text)
    assert login is None or write_login_cookie(login) == text
    assert login is None or 1 <= len(login.tags) <= PENDING_LIMIT


def return_to(data: bytes) -> None:
    """A return path: by the browsers' own URL standard it leads to a page of our origin."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        path = parse_return_to(text)
    except ReturnToRejected:
        return
    assert path in {text, "/"}, "repaired rather than refused"
    for base in (f"{ORIGIN}/", f"{ORIGIN}/bff/callback?code=x", f"{ORIGIN}/a/b/c"):
        for reading in (path, *_decodings(path)):
            url = URL(reading, base=base)
            assert url.origin == ORIGIN, reading
            assert (url.username, url.password) == ("", "")
        url = URL(path, base=base)
        assert not url.pathname.startswith("//")
        assert not _is_endpoint(url.pathname)
        assert unquote_to_bytes(url.href) == unquote_to_bytes(ORIGIN + path)
    assert path.isascii()
    assert path.isprintable()


def _is_endpoint(pathname: str) -> bool:
    """Ours, and no page: of our own addresses only the console's are pages."""
    console = pathname == "/bff/console" or pathname.startswith("/bff/console/")
    if console and not pathname.startswith("/bff/console/api/"):
        return False
    return pathname == "/bff" or pathname.startswith("/bff/")


def _decodings(path: str) -> tuple[str, ...]:
    """The path part as one who decodes too much would read it, once and twice."""
    once = unquote_to_bytes(path.partition("?")[0].partition("#")[0])
    twice = unquote_to_bytes(once)
    return tuple(each.decode("latin-1") for each in (once, twice) if b"#" not in each)


def callback_query(data: bytes) -> None:
    """A callback: a code is taken only with our state, from our provider, alone and once."""
    metadata = FLAGGED[data[:1] == b"1"]
    query = data[1:]
    try:
        parameters = _parameters(query)
        code = validate_authorization_response(parameters, metadata=metadata, expected_state=STATE)
    except AuthorizationRejected as error:
        _refused(query, metadata, error)
        return
    except (RequestMalformed, AuthorizationResponseInvalid):
        return
    assert _as_sent(query, metadata, "code") == code
    assert code.isascii()
    assert code.isprintable()


def _refused(query: bytes, metadata: ProviderMetadata, refusal: AuthorizationRejected) -> None:
    """The provider's refusal is believed on the same terms, and repeated in registered words only."""
    assert refusal.error in {*REGISTERED_ERRORS, "unregistered_error"}
    _as_sent(query, metadata, "error")


def _as_sent(query: bytes, metadata: ProviderMetadata, decisive: str) -> str:
    """The second reading of a query that was believed; the decisive parameter."""
    pairs = [pair.partition("=") for pair in query.decode("ascii").split("&") if pair]
    sent = [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
    names = [name for name, _ in sent]
    assert len(names) == len(set(names)), "a repeated parameter was believed"
    assert not set(names) & set(FRONT_CHANNEL), "a token in the front channel was believed"
    values = dict(sent)
    assert values["state"] == STATE
    issuer = values.get("iss")
    assert issuer == metadata.issuer or (
        issuer is None and not metadata.authorization_response_iss_parameter_supported
    )
    return values[decisive]


def path_parser(data: bytes) -> None:
    """A call's path: what is matched stays below its prefix for every reader, however often it decodes."""
    raw, _, query = data.partition(b"?")
    with contextlib.suppress(RequestMalformed):
        assert canonical_query(query) == query
        assert not set(query) & set(b" #\r\n\t\x00\x7f")
    try:
        route, path = TABLE.match("GET", raw)
    except (RequestMalformed, RouteNotFound, MethodNotAllowed):
        return
    prefix, base = route.prefix.encode(), route.upstream.base_path.encode()
    assert raw == prefix or raw.startswith(prefix + b"/")
    assert path == base + raw[len(prefix) :]
    assert URL(f"https://orders.internal{path.decode('ascii')}").pathname == path.decode("ascii")
    reading = path
    for _ in range(3):
        assert b"//" not in reading
        assert b"\\" not in reading
        assert not any(octet < 0x20 or octet == 0x7F for octet in reading)
        segments = [part.partition(b";")[0] for part in reading.split(b"/")]
        assert not {b".", b".."} & set(segments), reading
        normal = posixpath.normpath(reading)
        assert normal == base or normal.startswith(base + b"/"), reading
        reading = unquote_to_bytes(reading)
    assert route.path_parameters or b";" not in unquote_to_bytes(path)
