"""The shape of the file: every table, every key, its default.

Durations are numbers in keys that carry their unit.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec

from bff.oidc.metadata import AuthMethod, Secret
from bff.resource.routes import TokenPlan
from bff.settings.review import Alerts, Audit, Review
from bff.settings.tracing import Tracing

CENTURY = 3_155_760_000
Seconds = Annotated[float, msgspec.Meta(gt=0, le=CENTURY)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, le=CENTURY)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Count = Annotated[int, msgspec.Meta(ge=1)]

WEEK, DAY = 604_800.0, 86_400.0
PROFILES: dict[str, dict[str, float]] = {
    "default": {"idle_seconds": DAY, "absolute_seconds": WEEK},
    "strict": {"idle_seconds": 1_800.0, "absolute_seconds": 28_800.0},
}


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Server(_Table, frozen=True, kw_only=True):
    """Where browsers reach us and where we listen.

    ``public_url`` is the origin browsers see; it is never derived from a header.
    """

    public_url: str
    host: str = "127.0.0.1"
    port: Port = 8700
    workers: Count = 1
    operators_host: str = "127.0.0.1"
    operators_port: Port = 8701
    drain_seconds: Seconds = 30.0
    trusted_proxies: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    trusted_networks: tuple[str, ...] = ()
    trusted_field: Literal["x-forwarded", "forwarded"] = "x-forwarded"


class Provider(_Table, frozen=True, kw_only=True):
    """The OpenID Provider and this client as registered there.

    ``claims`` are those the page may see.
    """

    issuer: str
    client_id: str
    auth_method: AuthMethod = "client_secret_basic"
    client_secret: Secret | None = None
    private_key: Secret | None = None
    private_key_id: str | None = None
    private_key_alg: Literal["RS256", "PS256", "ES256"] = "RS256"
    assertion_audience: Literal["issuer", "token_endpoint"] = "issuer"
    scopes: tuple[str, ...] = ("openid", "profile", "offline_access")
    claims: tuple[str, ...] = ("name", "email")
    user_info: bool = False
    resource: tuple[str, ...] = ()
    id_token_algs: tuple[Literal["RS256", "PS256", "ES256", "EdDSA"], ...] = (
        "RS256",
        "PS256",
        "ES256",
        "EdDSA",
    )
    parameters: dict[str, str] = {}
    logout_token_max_age_seconds: Seconds = 120.0
    logout_token_strict_type: bool = False
    backchannel_revokes: Literal["all", "without_offline_access"] = "all"
    frontchannel_logout: bool = False


class Session(_Table, frozen=True, kw_only=True):
    """How long a session lives. ``profile`` sets both limits; each may be set by itself."""

    profile: Literal["default", "strict"] = "default"
    idle_seconds: Seconds | None = None
    absolute_seconds: Seconds | None = None
    touch_interval_seconds: Seconds = 60.0
    handle_grace_seconds: NotNegative = 60.0


class Refresh(_Table, frozen=True, kw_only=True):
    """When access tokens are renewed; see docs/refresh.md."""

    window_seconds: Seconds = 300.0
    jitter_seconds: NotNegative = 30.0
    skew_seconds: NotNegative = 5.0
    hold_seconds: NotNegative = 2.0
    budget_seconds: Seconds = 75.0
    lease_seconds: Seconds = 90.0
    forced_interval_seconds: NotNegative = 10.0
    default_lifetime_seconds: Seconds = 300.0
    unsaved_bound_seconds: Seconds = 600.0


class Redis(_Table, frozen=True, kw_only=True):
    """Our memory.

    With ``session_cache`` "on", each process holds up to ``session_cache_entries`` sessions, its
    tokens among them, while Redis tells it of every change; "off" reads Redis on every request.
    """

    url: Secret
    prefix: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "bff"
    timeout_seconds: Seconds = 1.0
    max_connections: Count = 64
    session_cache: Literal["on", "off"] = "on"
    session_cache_entries: Count = 10_000


class RingKey(_Table, frozen=True, kw_only=True):
    """One key of a ring: 32 octets, base64url. ``bff keys new`` makes one.

    ``created`` is a date, for those who watch the age of keys; an ``id`` such as ``2026-11`` says as
    much.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
    key: Secret
    created: date | None = None


class Keys(_Table, frozen=True, kw_only=True):
    """``signing`` signs cookies, ``sealing`` seals tokens.

    The newest key comes last and is used, all are accepted. ``lookup`` names sessions in Redis and
    never changes: another one signs everybody out.
    """

    lookup: Secret
    signing: Annotated[tuple[RingKey, ...], msgspec.Meta(min_length=1)]
    sealing: Annotated[tuple[RingKey, ...], msgspec.Meta(min_length=1)]


class App(_Table, frozen=True, kw_only=True):
    """What browsers load from us: folders of the built page, client library and reviewer's console.

    ``unsafe_dev_server`` (``http://localhost:5173``) takes the page from its build tool's dev
    server instead, under a policy that allows inline scripts: in development mode only.
    """

    static_dir: str | None = None
    client_dir: str | None = None
    console_dir: str | None = None
    unsafe_dev_server: str | None = None


class Limits(_Table, frozen=True, kw_only=True):
    """Requests per minute.

    By client address, but ``refresh_per_minute`` by session and ``refresh_per_user_per_minute`` by
    user. Who signs in is not known before the provider has said so: those limits are by address.
    Of open event streams (GET /bff/events) a process holds ``event_streams`` at most; a browser
    without HTTP/2 keeps six connections, so one session does not get all of them.
    ``websockets_per_session`` counts those open in one process, ``websocket_message_bytes`` limits
    one message, either way.
    """

    sign_in_per_minute: Count = 30
    callback_per_minute: Count = 60
    refresh_per_minute: Count = 30
    refresh_per_user_per_minute: Count = 120
    refresh_per_address_per_minute: Count = 3_000
    backchannel_per_minute: Count = 600
    frontchannel_per_minute: Count = 60
    event_streams: Count = 10_000
    event_streams_per_session: Count = 4
    websockets_per_session: Count = 16
    websocket_message_bytes: Count = 1_048_576


class Logging(_Table, frozen=True, kw_only=True):
    """Structured logs on standard output; with ``access`` "on", a line for each request."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"
    access: Literal["on", "off"] = "on"


class Upstreams(_Table, frozen=True, kw_only=True):
    """Connections to the APIs: to each origin, in each process.

    Of ``max_connections`` taken, the next call waits its turn, ``connect_seconds`` of its route at
    most. WebSockets are counted by themselves (``limits.websockets_per_session``).
    """

    max_connections: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 100
    keep_alive_seconds: Seconds = 30.0


class Route(_Table, frozen=True, kw_only=True):
    """One line of the route table; what it does not describe does not exist."""

    prefix: str
    upstream: str
    name: str | None = None
    methods: tuple[str, ...] = ("GET", "HEAD")
    token: TokenPlan = "user"  # noqa: S105  a plan
    scopes: tuple[str, ...] = ()
    resource: str | None = None
    body_limit_bytes: Annotated[int, msgspec.Meta(ge=0)] = 10_485_760
    connect_seconds: Seconds = 5.0
    first_byte_seconds: Seconds = 60.0
    idle_seconds: Seconds = 60.0
    request_headers: tuple[str, ...] = ()
    response_headers: tuple[str, ...] = ()
    path_parameters: bool = False
    navigable: bool = False
    leak_guard: bool = True
    websocket: bool = False
    max_age_seconds: Annotated[int, msgspec.Meta(ge=0)] | None = None
    acr: tuple[str, ...] = ()
    rate_per_minute: Count | None = None


class Settings(_Table, frozen=True, kw_only=True):
    """The whole file."""

    server: Server
    provider: Provider
    redis: Redis
    keys: Keys
    development: bool = False
    session: Session = Session()
    refresh: Refresh = Refresh()
    app: App = App()
    limits: Limits = Limits()
    logging: Logging = Logging()
    upstreams: Upstreams = Upstreams()
    review: Review = Review()
    audit: Audit = Audit()
    alerts: Alerts = Alerts()
    tracing: Tracing = Tracing()
    routes: tuple[Route, ...] = ()
