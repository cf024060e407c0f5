"""The small values that the rooms below own, built from the settings."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import urlsplit

from bff.browser.proxies import TrustedProxies
from bff.oidc.client_key import ClientKey
from bff.oidc.metadata import ClientMetadata, Secret
from bff.resource.routes import ApiRoute, RouteTable, Timeouts, Upstream
from bff.session.limits import SessionLimits
from bff.session.refresh import RefreshPolicy
from bff.session.seal import KEY_OCTETS, Seal, SealingKey
from bff.settings.model import PROFILES, Provider, Route, Session, Settings

BASE_PATH = "/bff"
_DAY = re.compile(r"(20[0-9]{2})-([0-9]{2})(?:-([0-9]{2}))?(?![0-9])")


def key_octets(secret: Secret) -> bytes | None:
    """The 32 octets a key stands for, or None."""
    try:
        octets = base64.urlsafe_b64decode(secret.reveal() + "=" * (-len(secret.reveal()) % 4))
    except (binascii.Error, ValueError):
        return None
    return octets if len(octets) == KEY_OCTETS else None


def lookup_key(settings: Settings) -> bytes:
    """What names sessions in Redis."""
    return _octets(settings.keys.lookup)


def audit_key(settings: Settings) -> bytes:
    """What the audit trail's chains are made with; it comes from the look-up key, which never changes."""
    return hmac.digest(lookup_key(settings), b"audit trail", hashlib.sha256)


def signing_keys(settings: Settings) -> list[bytes]:
    """What signs cookies, newest last."""
    return [_octets(entry.key) for entry in settings.keys.signing]


def seal(settings: Settings) -> Seal:
    """What seals tokens at rest."""
    return Seal(tuple(SealingKey(entry.id, _octets(entry.key)) for entry in settings.keys.sealing))


def keys_made(settings: Settings) -> list[tuple[str, str, float]]:
    """Ring, id and the Unix second of its day, of each key whose age is known."""
    rings = (("signing", settings.keys.signing), ("sealing", settings.keys.sealing))
    return [
        (ring, entry.id, datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        for ring, entries in rings
        for entry in entries
        if (day := entry.created or _day_in(entry.id)) is not None
    ]


def _day_in(key_id: str) -> date | None:
    """The day that an id such as ``2026-11-25`` or ``2026-11`` begins with."""
    found = _DAY.match(key_id)
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None
    except ValueError:
        return None


def session_limits_of(session: Session) -> SessionLimits:
    """The profile's limits, each overridden by its own key."""
    profile = PROFILES[session.profile]
    return SessionLimits(
        idle=session.idle_seconds or profile["idle_seconds"],
        absolute=session.absolute_seconds or profile["absolute_seconds"],
        touch_interval=session.touch_interval_seconds,
    )


def session_limits(settings: Settings) -> SessionLimits:
    """How long sessions live."""
    return session_limits_of(settings.session)


def refresh_policy(settings: Settings) -> RefreshPolicy:
    """When access tokens are renewed."""
    refresh = settings.refresh
    return RefreshPolicy(
        window=refresh.window_seconds,
        jitter=refresh.jitter_seconds,
        skew=refresh.skew_seconds,
        hold=refresh.hold_seconds,
        budget=refresh.budget_seconds,
        lease=refresh.lease_seconds,
        forced_interval=refresh.forced_interval_seconds,
        default_lifetime=refresh.default_lifetime_seconds,
        unsaved_bound=refresh.unsaved_bound_seconds,
    )


def client_key(provider: Provider) -> ClientKey | None:
    """What this client signs its assertions with, if it does. Raises ValueError if it cannot be read."""
    if provider.private_key is None:
        return None
    return ClientKey(
        provider.private_key.reveal().encode(),
        kid=provider.private_key_id,
        alg=provider.private_key_alg,
    )


def client_metadata(settings: Settings) -> ClientMetadata:
    """This client, as registered with the provider. Raises ValueError if its key cannot be read."""
    provider, public_url = settings.provider, settings.server.public_url
    return ClientMetadata(
        client_id=provider.client_id,
        redirect_uri=f"{public_url}{BASE_PATH}/callback",
        client_secret=provider.client_secret,
        token_endpoint_auth_method=provider.auth_method,
        client_key=client_key(provider),
        client_assertion_audience=provider.assertion_audience,
        post_logout_redirect_uri=f"{public_url}/",
        scope=provider.scopes,
        resource=provider.resource,
        id_token_signed_response_alg=provider.id_token_algs,
        extra_authorization_parameters=tuple(provider.parameters.items()),
    )


def frontchannel_from(settings: Settings) -> str | None:
    """The origin whose pages may sign users out through a frame, if any may."""
    if not settings.provider.frontchannel_logout:
        return None
    issuer = urlsplit(settings.provider.issuer)
    return f"{issuer.scheme}://{issuer.netloc}"


def runbook(settings: Settings) -> str:
    """The address that an alert's rule is appended to: the team's own, or the console's page."""
    if settings.alerts.runbook is not None:
        return settings.alerts.runbook
    return f"{settings.server.public_url.rstrip('/')}{BASE_PATH}/console/runbook?rule="


def api_route(route: Route) -> ApiRoute:
    """One line of the table. Raises ValueError with what is wrong."""
    url = urlsplit(route.upstream)
    if (
        url.scheme not in {"http", "https"}
        or not url.hostname
        or url.query
        or url.fragment
        or url.username
    ):
        msg = "upstream: expected an absolute URL without user, query or fragment"
        raise ValueError(msg)
    port = url.port or (443 if url.scheme == "https" else 80)
    scheme: Literal["http", "https"] = "https" if url.scheme == "https" else "http"
    return ApiRoute(
        name=route.name or route.prefix.removeprefix("/api/").replace("/", "_"),
        prefix=route.prefix,
        upstream=Upstream(scheme, url.hostname, port, url.path.rstrip("/")),
        methods=route.methods,
        body_limit=route.body_limit_bytes,
        timeouts=Timeouts(route.connect_seconds, route.first_byte_seconds, route.idle_seconds),
        token=route.token,
        scopes=route.scopes,
        resource=route.resource,
        request_headers=frozenset(name.encode() for name in route.request_headers),
        response_headers=frozenset(name.encode() for name in route.response_headers),
        path_parameters=route.path_parameters,
        navigable=route.navigable,
        leak_guard=route.leak_guard,
        websocket=route.websocket,
        max_age=route.max_age_seconds,
        acr=route.acr,
        rate_per_minute=route.rate_per_minute,
    )


def trusted_proxies(settings: Settings) -> TrustedProxies:
    """Whose word counts about where a request came from."""
    server = settings.server
    return TrustedProxies(server.trusted_proxies, server.trusted_networks, server.trusted_field)


def trace_parents(settings: Settings) -> TrustedProxies:
    """Whose traces go on here."""
    return TrustedProxies(0, settings.tracing.trusted_networks)


def route_table(settings: Settings) -> RouteTable:
    """Every API path that may be reached."""
    return RouteTable(api_route(route) for route in settings.routes)


def _octets(secret: Secret) -> bytes:
    octets = key_octets(secret)
    if octets is None:
        msg = "expected 32 octets as base64url"
        raise ValueError(msg)
    return octets
