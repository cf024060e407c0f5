"""What types cannot say: combinations that are impossible, or only fit for development.

One function a table; each yields what is wrong.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bff.browser.proxies import TrustedProxies
from bff.oidc.metadata import CLIENT_SETS
from bff.settings.model import App, Keys, Provider, Redis, Refresh, Route, Server, Session
from bff.settings.review import Alerts
from bff.settings.tracing import Tracing
from bff.settings.values import api_route, client_key, key_octets, session_limits_of

Broken = Iterator[tuple[str, str]]
WEAK = ("change-me", "changeme", "secret", "default", "not-for-production", "example")
NEEDS_HTTPS = "expected https:// (http:// only with development = true)"
# RFC 6265bis, section 4.1.3.2; browsers make an exception for the machine they run on.
NO_COOKIE = "over http:// browsers keep no cookie named __Host-"


def broken_rules(name: str, table: Any, *, development: bool) -> Broken:  # noqa: ANN401  one of the tables
    """What is wrong with a table whose keys are right by themselves, as (path, expectation)."""
    rules: dict[str, Callable[..., Broken]] = {
        "server": _server,
        "provider": _provider,
        "session": _session,
        "refresh": _refresh,
        "redis": _redis,
        "keys": _keys,
        "routes": _routes,
        "app": _app,
        "alerts": _alerts,
        "tracing": _tracing,
    }
    if name in rules and table is not None:
        yield from rules[name](table, development=development)


def _server(server: Server, *, development: bool) -> Broken:
    url = _split(server.public_url)
    if url.scheme not in {"https", "http"} or not url.hostname:
        yield "server.public_url", "expected an origin such as https://app.example"
        return
    if url.path or url.query or url.fragment or url.username:
        yield "server.public_url", "expected an origin without a path, query or user"
    if url.scheme == "http" and not development:
        yield "server.public_url", NEEDS_HTTPS
    elif url.scheme == "http" and not _is_this_machine(url.hostname):
        yield "server.public_url", f"expected https:// or a local address: {NO_COOKIE}"
    if server.public_url != server.public_url.lower():
        yield "server.public_url", "expected lower case: browsers write origins so"
    try:
        TrustedProxies(server.trusted_proxies, server.trusted_networks)
    except ValueError as error:
        yield "server.trusted_networks", f"{error}"
    same_host = server.host == server.operators_host
    if same_host and server.port == server.operators_port and server.port:
        yield (
            "server.operators_port",
            "expected another port than server.port: metrics are not public",
        )


def _provider(provider: Provider, *, development: bool) -> Broken:
    issuer = _split(provider.issuer)
    if (
        issuer.scheme not in {"https", "http"}
        or not issuer.hostname
        or issuer.query
        or issuer.fragment
    ):
        yield (
            "provider.issuer",
            "expected a URL without query or fragment, exactly as the provider writes it",
        )
    elif issuer.scheme == "http" and not development:
        yield "provider.issuer", NEEDS_HTTPS
    if "openid" not in provider.scopes:
        yield "provider.scopes", 'expected "openid" among them'
    yield from _client_authentication(provider, development=development)
    set_by_us = sorted(CLIENT_SETS & provider.parameters.keys())
    if set_by_us:
        yield "provider.parameters", f"expected none that sign-in sets: {', '.join(set_by_us)}"
    for number, uri in enumerate(provider.resource):
        if not _split(uri).scheme or "#" in uri:
            yield (
                f"provider.resource[{number}]",
                "expected an absolute URI without fragment (RFC 8707, section 2)",
            )


def _client_authentication(provider: Provider, *, development: bool) -> Broken:
    """One credential, the one that the method needs."""
    by_key = provider.auth_method == "private_key_jwt"
    if by_key and provider.private_key is None:
        yield "provider.private_key", 'expected a key, because auth_method is "private_key_jwt"'
    if not by_key and provider.client_secret is None:
        yield (
            "provider.client_secret",
            f'expected a secret, because auth_method is "{provider.auth_method}"',
        )
    secret = provider.client_secret
    if (
        secret is not None
        and not development
        and any(word in secret.reveal().lower() for word in WEAK)
    ):
        yield "provider.client_secret", "expected a real secret: this one is an example's"
    if by_key and provider.client_secret is not None:
        yield "provider.client_secret", 'expected none, because auth_method is "private_key_jwt"'
    if not by_key and provider.private_key is not None:
        yield (
            "provider.private_key",
            f'expected none, because auth_method is "{provider.auth_method}"',
        )
    if by_key and provider.private_key is not None:
        try:
            client_key(provider)
        except ValueError as error:
            yield "provider.private_key", f"expected a usable key: {error}"


def _session(session: Session, *, development: bool) -> Broken:
    del development
    limits = session_limits_of(session)
    if limits.absolute < limits.idle:
        yield "session.absolute_seconds", f"expected at least idle_seconds ({limits.idle:g})"
    if session.touch_interval_seconds > limits.idle / 2:
        yield (
            "session.touch_interval_seconds",
            f"expected at most half of idle_seconds ({limits.idle / 2:g})",
        )


def _refresh(refresh: Refresh, *, development: bool) -> Broken:
    del development
    if refresh.lease_seconds <= refresh.budget_seconds:
        yield (
            "refresh.lease_seconds",
            f"expected more than budget_seconds ({refresh.budget_seconds:g})",
        )
    if refresh.jitter_seconds > refresh.window_seconds / 2:
        yield (
            "refresh.jitter_seconds",
            f"expected at most half of window_seconds ({refresh.window_seconds / 2:g})",
        )


def _redis(redis: Redis, *, development: bool) -> Broken:
    url = _split(redis.url.reveal())
    if url.scheme not in {"redis", "rediss", "unix"}:
        yield "redis.url", "expected redis://, rediss:// or unix://"
    elif url.scheme == "redis" and not development:
        yield "redis.url", "expected rediss:// (redis:// without TLS only with development = true)"


def _app(app: App, *, development: bool) -> Broken:
    server = app.unsafe_dev_server
    if server is None:
        return
    if not development:
        yield "app.unsafe_dev_server", "expected nothing: only with development = true"
    url = urlsplit(server)
    if url.scheme != "http" or not url.hostname or url.path or url.query:
        yield "app.unsafe_dev_server", "expected an origin such as http://localhost:5173"


def _keys(keys: Keys, *, development: bool) -> Broken:
    secrets = [("keys.lookup", keys.lookup)]
    for ring in ("signing", "sealing"):
        entries = getattr(keys, ring)
        secrets += [
            (f"keys.{ring}[{number}].key", entry.key) for number, entry in enumerate(entries)
        ]
        ids = [entry.id for entry in entries]
        if len(set(ids)) != len(ids):
            yield f"keys.{ring}", "expected a different id for each key"
    seen: dict[bytes, str] = {}
    for path, secret in secrets:
        octets = key_octets(secret)
        if octets is None:
            yield path, "expected 32 octets as base64url (bff keys new makes one)"
            continue
        if octets in seen:
            yield path, f"expected another key than {seen[octets]}"
        if not development and len(set(octets)) < 12:  # noqa: PLR2004  32 random octets repeat far less
            yield path, "expected a random key: this one is a pattern"
        seen.setdefault(octets, path)


def _alerts(alerts: Alerts, *, development: bool) -> Broken:
    if alerts.runbook is not None:
        page = urlsplit(alerts.runbook)
        if page.scheme not in {"https", "http"} or not page.hostname or page.username:
            yield "alerts.runbook", "expected a URL without user"
    if alerts.webhook is None:
        return
    url = urlsplit(alerts.webhook)
    if url.scheme not in {"https", "http"} or not url.hostname or url.username:
        yield "alerts.webhook", "expected a URL without user"
    elif url.scheme == "http" and not development:
        yield "alerts.webhook", NEEDS_HTTPS
    if alerts.webhook_secret is None:
        yield "alerts.webhook_secret", "expected a secret: the webhook's calls are signed with it"


def _tracing(tracing: Tracing, *, development: bool) -> Broken:
    url = _split(tracing.endpoint)
    if url.scheme not in {"https", "http"} or not url.hostname or url.username:
        yield "tracing.endpoint", "expected a URL without user"
    elif url.scheme == "http" and not development and not _is_this_machine(url.hostname):
        yield "tracing.endpoint", f"{NEEDS_HTTPS}, or a collector on this machine"
    try:
        TrustedProxies(0, tracing.trusted_networks)
    except ValueError as error:
        yield "tracing.trusted_networks", f"{error}"


def _routes(routes: list[Route | None], *, development: bool) -> Broken:
    prefixes: dict[str, int] = {}
    for number, route in enumerate(routes):
        if route is None:
            continue
        path = f"routes[{number}]"
        scheme = _split(route.upstream).scheme
        if scheme == "http" and not development:
            yield f"{path}.upstream", NEEDS_HTTPS
        if not route.prefix.startswith("/api/"):
            yield f"{path}.prefix", 'expected a path below "/api/"'
        if route.prefix in prefixes:
            yield f"{path}.prefix", f"expected another prefix than routes[{prefixes[route.prefix]}]"
        prefixes.setdefault(route.prefix, number)
        if route.resource is not None and (
            not _split(route.resource).scheme or "#" in route.resource
        ):
            yield (
                f"{path}.resource",
                "expected an absolute URI without fragment (RFC 8707, section 2)",
            )
        if route.resource is not None and route.token == "none":  # noqa: S105  a plan
            yield f"{path}.resource", 'expected none, because token is "none"'
        try:
            api_route(route)
        except ValueError as error:
            yield path, str(error)


def _is_this_machine(host: str) -> bool:
    """Whether browsers trust the way to it without TLS (Secure Contexts, section 3.1)."""
    return host == "localhost" or host.endswith(".localhost") or host in {"127.0.0.1", "::1"}


def _split(url: str) -> SplitResult:
    """The parts of a URL; all of them empty if it has none that can be told apart."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  reading it raises
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
