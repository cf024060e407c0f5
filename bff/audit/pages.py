"""What a reviewer is told, one page at a time: the other bodies of the review API."""

from typing import Literal

from bff.audit.rows import AlertRow, AuditRow, Body, PostureRow, SessionRow

Role = Literal["reviewer", "admin"]


class Me(Body, frozen=True, kw_only=True):
    """Who looks, and what they may do.

    ``fresh_until`` is the moment from which ending sessions needs a new sign-in; None: it does now.
    """

    role: Role
    subject: str
    name: str | None
    ref: str
    fresh_until: float | None
    fresh_seconds: float
    poll_seconds: float
    environment: str
    version: str
    server_time: float


class ProviderState(Body, frozen=True, kw_only=True):
    """The pill: ``up``, ``slow`` (its last answers took long) or ``open`` (it is not asked before ``until``)."""

    state: Literal["up", "slow", "open"]
    until: float | None
    latency_p95: float | None


class Tile(Body, frozen=True, kw_only=True):
    """One number with its last 24 hours (hourly, oldest first; null: nothing happened)."""

    id: Literal[
        "sessions",
        "sign_ins",
        "refresh_success",
        "refresh_p95",
        "refused",
        "revocations",
        "alerts",
    ]
    value: float | None
    unit: Literal["count", "percent", "seconds"]
    trend: tuple[float | None, ...]


class Series(Body, frozen=True, kw_only=True):
    """Counts in steps of ``step`` seconds from ``start``; every list has the same length."""

    start: float
    step: float
    counts: dict[str, tuple[float, ...]]


class Band(Body, frozen=True, kw_only=True):
    """A time in which the provider was not asked, or did not answer."""

    start: float
    end: float


class Overview(Body, frozen=True, kw_only=True):
    """Page 1. ``refreshes`` counts in five-minute steps by outcome, ``sessions`` over time."""

    tiles: tuple[Tile, ...]
    refreshes: Series
    sessions: Series
    outages: tuple[Band, ...]
    alerts: tuple[AlertRow, ...]
    audit: tuple[AuditRow, ...]
    provider: ProviderState
    open_alerts: int
    as_of: float


class AccessCard(Body, frozen=True, kw_only=True):
    """What may be known of an access token.

    ``form`` is how it is written; ``audiences`` are those that a JWT names, as it says itself: nobody
    has verified it here. An opaque one tells nothing.
    """

    issued_at: float
    expires_at: float
    scopes: tuple[str, ...]
    fingerprint: str
    form: Literal["jwt", "opaque"]
    audiences: tuple[str, ...]


class RefreshCard(Body, frozen=True, kw_only=True):
    """What may be known of a refresh token; ``family_started_at`` is when the grant began."""

    expires_at: float | None
    fingerprint: str
    renewals: int
    family_started_at: float


class RenewalState(Body, frozen=True, kw_only=True):
    """The renewal under way, or the last one that failed."""

    since: float
    in_flight: bool
    outcome: str | None
    unknown: bool
    attempts: int
    retry_at: float


class Ended(Body, frozen=True, kw_only=True):
    """When and why it ended."""

    at: float
    reason: str


class RouteUse(Body, frozen=True, kw_only=True):
    """How often a session called one route of the table; ``statuses`` by class: ``2xx``, ``5xx``."""

    route: str
    total: int
    statuses: dict[str, int]


class ApiUse(Body, frozen=True, kw_only=True):
    """What a session called. ``slots``: [start, calls] of each ``slot_seconds`` in which there was one.

    Some seconds behind, and of the last two days at most; ``routes`` begin with the busiest.
    """

    slot_seconds: float
    slots: tuple[tuple[float, int], ...]
    routes: tuple[RouteUse, ...]


class SessionDetail(Body, frozen=True, kw_only=True):
    """Page 3. For a session that ended, ``ended`` says so and the cards are gone.

    ``stays_valid_seconds``: how long the access token would work at APIs that verify it themselves.
    """

    ref: str
    subject: str
    issuer: str
    session: SessionRow | None
    ended: Ended | None
    acr: str | None
    auth_time: int | None
    provider_session: bool
    claims: dict[str, object]
    access: AccessCard | None
    refresh: RefreshCard | None
    identity: bool
    renewal: RenewalState | None
    generation: int | None
    acknowledged_generation: int | None
    stays_valid_seconds: float
    alerts: tuple[AlertRow, ...]
    as_of: float
    calls: ApiUse | None = None


class RefreshPlots(Body, frozen=True, kw_only=True):
    """Page 4's plots. ``points`` is a sample of at most 2,000, evenly spread over the time shown.

    Each point: [at, seconds_left, latency, waiters, outcome], null where an outcome has none.
    ``latency`` counts in steps: p50 and p95 in seconds.
    """

    start: float
    end: float
    points: tuple[tuple[float, float | None, float | None, int | None, str], ...]
    sampled: bool
    outcomes: Series
    latency: Series
    timeout_seconds: float
    summary: str
    as_of: float


class SignInDay(Body, frozen=True, kw_only=True):
    """Sign-ins of one user on one day (UTC), ``day`` as YYYY-MM-DD."""

    day: str
    success: int
    failed: int


class User(Body, frozen=True, kw_only=True):
    """Page 7: one subject. ``sessions`` are all live ones."""

    subject: str
    issuer: str
    name: str | None
    sessions: tuple[SessionRow, ...]
    sign_ins: tuple[SignInDay, ...]
    alerts: tuple[AlertRow, ...]
    audit: tuple[AuditRow, ...]
    as_of: float


class Posture(Body, frozen=True, kw_only=True):
    """Page 8."""

    rows: tuple[PostureRow, ...]
    counts: dict[str, int]
    as_of: float


class ChainStatus(Body, frozen=True, kw_only=True):
    """How far the trail has been verified by a server, and what is wrong with it."""

    verified_at: float | None
    verified_to: int
    entries: int
    intact: bool
    findings: tuple[str, ...]
    dropped: int
    as_of: float
