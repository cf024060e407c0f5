"""The running settings, held against the standards: pass, warn or fail, and why.

RFC 10017, RFC 9700, OWASP ASVS 5.0. A function of the settings, so that all who ask agree.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from urllib.parse import urlsplit

from bff.audit.rows import PostureRow, Verdict, posture_row
from bff.browser.cookies import LOGIN_COOKIE, SESSION_COOKIE
from bff.settings.model import Route, Settings
from bff.settings.values import session_limits

TEN = 10
TWENTY_HOURS, MONTH = 72_000.0, 2_592_000.0
KEY_DAYS_WARN, KEY_DAYS_FAIL = 180, 400
Rows = Iterator[PostureRow]


def posture(settings: Settings, *, today: date) -> tuple[PostureRow, ...]:
    """Every row, by area. ``today`` is what key ages are counted to."""
    areas: tuple[Callable[[], Rows], ...] = (
        lambda: _cookies(settings),
        lambda: _lifetimes(settings),
        lambda: _transport(settings),
        lambda: _sign_in(settings),
        lambda: _keys(settings, today),
        lambda: _routes(settings),
        lambda: _operation(settings),
    )
    return tuple(row for area in areas for row in area())


def _cookies(settings: Settings) -> Rows:
    area = "Cookies"
    yield posture_row(
        area,
        "Session cookie",
        f"{SESSION_COOKIE.name}; Secure; HttpOnly; SameSite={SESSION_COOKIE.same_site}; Path=/",
        "pass",
        "The prefix makes browsers refuse it from anywhere else; no script reads it.",
        "RFC 10017, 6.1.3.2; ASVS 3.3.1-3.3.4",
    )
    yield posture_row(
        area,
        "Sign-in cookie",
        f"{LOGIN_COOKIE.name}; SameSite={LOGIN_COOKIE.same_site}",
        "pass",
        "It lives ten minutes, holds no credential, and must survive the provider's redirect.",
        "RFC 9700, 2.1.1",
    )
    yield posture_row(
        area,
        "Handle rotation",
        f"grace {settings.session.handle_grace_seconds:g} s",
        "pass" if settings.session.handle_grace_seconds <= 300 else "warn",  # noqa: PLR2004  minutes
        "A superseded cookie used after its grace ends the session and raises an alarm.",
        "RFC 9700, 4.14.2",
    )


def _lifetimes(settings: Settings) -> Rows:
    area, limits = "Lifetimes", session_limits(settings)
    idle, absolute = limits.idle, limits.absolute
    yield posture_row(
        area,
        "Absolute limit",
        f"{absolute:g} s",
        "pass" if absolute <= MONTH else "warn",
        "Counted from sign-in, never extended by a renewal."
        if absolute <= MONTH
        else "More than thirty days without signing in again.",
        "ASVS 7.3.2",
    )
    yield posture_row(
        area,
        "Idle limit",
        f"{idle:g} s",
        "pass" if idle <= absolute else "fail",
        "Enforced here and in Redis; background calls do not slide it.",
        "ASVS 7.3.1",
    )
    extendable = absolute >= TEN * idle or absolute >= TWENTY_HOURS
    yield posture_row(
        area,
        "Ten extensions",
        f"absolute is {absolute / idle:.1f} times idle",
        "pass" if extendable else "warn",
        "A warned user can extend at least ten times, or has twenty hours."
        if extendable
        else "A user who needs more time can extend fewer than ten times.",
        "WCAG 2.2, 2.2.1",
    )


def _transport(settings: Settings) -> Rows:
    area = "Transport"
    urls = {
        "Public origin": (settings.server.public_url, "ASVS 3.4.1"),
        "Provider": (settings.provider.issuer, "RFC 6749, 3.1; ASVS 12.3.1"),
    }
    for title, (url, reference) in urls.items():
        secure = url.startswith("https:")
        yield posture_row(
            area,
            title,
            url,
            "pass" if secure else "fail",
            "Over TLS." if secure else "Plain HTTP: fit for development only.",
            reference,
        )
    redis = urlsplit(settings.redis.url.reveal())
    secure = redis.scheme == "rediss"
    yield posture_row(
        area,
        "Redis",
        f"{redis.scheme}://{redis.hostname or 'socket'}",
        "pass" if secure else "warn",
        "Over TLS." if secure else "Not over TLS: sealed tokens pass, but so does the password.",
        "ASVS 12.3.1",
    )
    plain = [route.prefix for route in settings.routes if route.upstream.startswith("http:")]
    yield posture_row(
        area,
        "APIs",
        ", ".join(plain) or "all https",
        "warn" if plain else "pass",
        "These receive bearer tokens over plain HTTP." if plain else "Bearer tokens go over TLS.",
        "RFC 6750, 5.3",
    )


def _sign_in(settings: Settings) -> Rows:
    area, provider = "Sign-in", settings.provider
    asymmetric = provider.auth_method == "private_key_jwt"
    yield posture_row(
        area,
        "Client authentication",
        provider.auth_method,
        "pass" if asymmetric else "warn",
        "No shared secret." if asymmetric else "A shared secret: private_key_jwt is stronger.",
        "RFC 9700, 2.5; ASVS 10.4.16",
    )
    yield posture_row(
        area,
        "Authorization code, PKCE S256, state, nonce",
        "always on",
        "pass",
        "There is no setting that turns them off.",
        "RFC 9700, 2.1.1",
    )
    offline = "offline_access" in provider.scopes
    yield posture_row(
        area,
        "Scopes",
        " ".join(provider.scopes),
        "pass",
        "Asks for a refresh token."
        if offline
        else "No offline_access: some providers then "
        "give no refresh token, and sessions end with their access token.",
        "ASVS 10.2.3",
    )
    strict = provider.logout_token_strict_type
    yield posture_row(
        area,
        "Logout Token type",
        "logout+jwt only" if strict else "logout+jwt, JWT or none",
        "pass" if strict else "warn",
        "Insists on the type." if strict else "Lenient, as older providers need it.",
        "ASVS 10.5.5",
    )


def _keys(settings: Settings, today: date) -> Rows:
    for title, ring in (
        ("Signing ring", settings.keys.signing),
        ("Sealing ring", settings.keys.sealing),
    ):
        age = _age_in_days(ring[-1].id, today)
        if age is None:
            verdict: Verdict = "warn"
            reason = "The newest key's id does not say when it was made; ids such as 2026-11 do."
        elif age > KEY_DAYS_FAIL:
            verdict, reason = "fail", f"The newest key is {age} days old."
        else:
            verdict = "warn" if age > KEY_DAYS_WARN else "pass"
            reason = f"The newest key is {age} days old."
        ids = ", ".join(key.id for key in ring)
        yield posture_row("Keys", title, ids, verdict, reason, "ASVS 13.3.1, 13.3.4")


def _age_in_days(key_id: str, today: date) -> int | None:
    for shape, length in (("%Y-%m-%d", 10), ("%Y-%m", 7)):
        try:
            made = datetime.strptime(key_id[:length], shape).date()  # noqa: DTZ007  a date
        except ValueError:
            continue
        return max(0, (today - made).days)
    return None


def _routes(settings: Settings) -> Rows:
    area = "Routes"
    yield posture_row(
        area,
        "Table",
        f"{len(settings.routes)} routes",
        "pass",
        "Host, path prefix and methods are listed; nothing else is reachable.",
        "RFC 10017, 6.1.3.6",
    )
    for title, chosen, reason, reference in (
        (
            "Leak guard off",
            _without_guard,
            "Answers are not watched for the token.",
            "RFC 10017, 6.1",
        ),
        (
            "Navigable",
            _navigable,
            "A plain link reaches these without the header: keep them to GET.",
            "RFC 10017, 6.1.3.3",
        ),
        (
            "Without a token",
            _without_token,
            "Anybody on our page reaches these, signed in or not.",
            "ASVS 8.3.1",
        ),
    ):
        found = [route.prefix for route in settings.routes if chosen(route)]
        yield posture_row(
            area,
            title,
            ", ".join(found) or "none",
            "warn" if found else "pass",
            reason if found else "No such route.",
            reference,
        )


def _without_guard(route: Route) -> bool:
    return route.token != "none" and not route.leak_guard  # noqa: S105  a token plan


def _navigable(route: Route) -> bool:
    return route.navigable


def _without_token(route: Route) -> bool:
    return route.token == "none"  # noqa: S105  a token plan


def _operation(settings: Settings) -> Rows:
    area, server = "Operation", settings.server
    yield posture_row(
        area,
        "Development mode",
        "on" if settings.development else "off",
        "fail" if settings.development else "pass",
        "Plain HTTP and known keys are allowed."
        if settings.development
        else "Everything unsafe is refused.",
        "ASVS 13.4.2",
    )
    local = server.operators_host in {"127.0.0.1", "::1", "localhost"}
    yield posture_row(
        area,
        "Operators' address",
        f"{server.operators_host}:{server.operators_port}",
        "pass" if local else "warn",
        "Only this machine reaches metrics." if local else "Make sure that no browser reaches it.",
        "ASVS 13.4.5",
    )
    yield posture_row(
        area,
        "Trusted proxies",
        f"{server.trusted_proxies} hops, {', '.join(server.trusted_networks) or 'no networks'}",
        "pass",
        "Forwarding headers are believed from these hops and no others.",
        "RFC 9700, 4.13; ASVS 4.1.3",
    )
