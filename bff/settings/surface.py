"""What the settings open to browsers, for the posture page: routes, return paths, headers, versions, the leak test.

RFC 10017, RFC 9700, OWASP ASVS 5.0. Functions of what is given, as :mod:`bff.settings.posture`.
"""

from collections.abc import Iterator, Mapping

import msgspec

from bff.audit.rows import PostureRow, Verdict, posture_row
from bff.browser.headers import document_headers
from bff.browser.return_to import LIMIT
from bff.settings.model import Route, Settings

DAY = 86_400.0
LEAK_TEST_DAYS = 90
"""Beyond this a run says little about what is served now."""


class LeakTest(msgspec.Struct, frozen=True, kw_only=True):
    """What the last run of the token canary wrote down (``make e2e``).

    ``at``: Unix seconds. ``tests``: browser tests it watched. ``sights``: things a browser saw in
    them and that were searched. ``findings``: how many held what no browser may see.
    """

    at: float
    version: str
    tests: int
    sights: int
    findings: int


def surface(settings: Settings) -> Iterator[PostureRow]:
    """Return paths, each route, each header of a page."""
    yield posture_row(
        "Sign-in",
        "Return paths",
        f"paths of {settings.server.public_url} of at most {LIMIT} characters; none below /bff but the console's",
        "pass",
        "Anything that two readers could take for two addresses is refused.",
        "RFC 9700, 4.11.1; ASVS 3.7.2",
    )
    yield from (_route(route) for route in settings.routes)
    https = settings.server.public_url.startswith("https://")
    for name, value in document_headers(https=https):
        yield posture_row(
            "Headers", name.decode(), value.decode(), "pass", "With every page.", "ASVS 3.4"
        )
    if not https:
        reason = "Not sent over plain HTTP, where browsers ignore it."
        yield posture_row(
            "Headers", "strict-transport-security", "none", "fail", reason, "ASVS 3.4.1"
        )


def versions(found: Mapping[str, str]) -> Iterator[PostureRow]:
    """One row with what runs: names and versions."""
    value = ", ".join(f"{name} {version}" for name, version in found.items())
    reason = "Compare with the advisories of each."
    yield posture_row("Operation", "Versions", value, "pass", reason, "ASVS 15.2.1")


def leak_test(run: LeakTest | None, *, version: str, now: float) -> PostureRow:
    """The last run of the token canary that this process was told of. ``now``: Unix seconds."""
    verdict, reason = _judged(run, version, now)
    value = (
        "no run on record"
        if run is None
        else f"{run.tests:,} browser tests, {run.sights:,} things seen, {run.findings} findings"
    )
    return posture_row("Operation", "Leak test", value, verdict, reason, "ASVS 10.1.1")


def metadata_age(fetched_at: float | None, *, failing: bool, now: float) -> PostureRow:
    """How old the provider's metadata is in this process. Unix seconds."""
    minutes = None if fetched_at is None else max(0.0, now - fetched_at) / 60
    value = "not fetched yet" if minutes is None else f"fetched {minutes:.0f} minutes ago"
    reason = (
        "A newer one could not be had: the provider is away, or says something else than it should."
        if failing
        else "Asked for again when it is needed and older than ten minutes."
    )
    verdict: Verdict = "warn" if failing else "pass"
    return posture_row("Sign-in", "Provider metadata", value, verdict, reason, "OpenID Discovery 4")


def _judged(run: LeakTest | None, version: str, now: float) -> tuple[Verdict, str]:
    if run is None:
        return "warn", "make e2e writes one; review.leak_test says where it lies."
    if run.findings:
        return "fail", "A browser saw a token, a code or a cookie's value."
    days = int(max(0.0, now - run.at) // DAY)
    if run.version != version:
        return "warn", f"It ran {days} days ago with version {run.version}, not {version}."
    if days > LEAK_TEST_DAYS:
        return "warn", f"It ran {days} days ago."
    if not run.sights:
        return "warn", "It saw nothing: the canary was not watching."
    return "pass", f"No token, code or cookie value in any of them; {days} days ago."


def _route(route: Route) -> PostureRow:
    scopes = f", scopes {' '.join(route.scopes)}" if route.scopes else ""
    value = f"{' '.join(route.methods)} to {route.upstream}, {route.token} token{scopes}"
    reason = "Other methods do not reach it."
    return posture_row("Routes", route.prefix, value, "pass", reason, "RFC 10017, 6.1.3.6")
