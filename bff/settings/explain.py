"""What is in force and why.

Every effective value with its source, and the limits of a session as a timeline (ASVS 5.0, 7.1.1).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bff.oidc.metadata import Secret
from bff.session.transaction import LIFETIME_SECONDS
from bff.settings.model import PROFILES, Settings
from bff.settings.values import refresh_policy, session_limits


class Explained(msgspec.Struct, frozen=True):
    """One effective setting."""

    path: str
    value: str
    source: str


class Moment(msgspec.Struct, frozen=True):
    """Something that happens ``seconds`` after sign-in, or after the last use."""

    seconds: float
    what: str


def explained(settings: Settings, sources: Mapping[str, str]) -> list[Explained]:
    """Every setting, in the file's order; secrets as asterisks."""
    rows = list(_walk(settings, "", sources))
    profile = PROFILES[settings.session.profile]
    source = f"profile {settings.session.profile}"
    return [
        Explained(row.path, f"{profile[row.path.removeprefix('session.')]:g}", source)
        if row.value == "none" and row.path in {"session.idle_seconds", "session.absolute_seconds"}
        else row
        for row in rows
    ]


def timeline(settings: Settings) -> list[Moment]:
    """The limits that act on a session, for a 15-minute access token."""
    limits, policy = session_limits(settings), refresh_policy(settings)
    lifetime = 900.0
    window = min(policy.window, lifetime / 3)
    return [
        Moment(0, "sign-in: new session, new handle"),
        Moment(
            lifetime - window,
            f"a 15-minute access token is renewed, in the background (jitter up to {policy.jitter:g} s)",
        ),
        Moment(
            lifetime,
            f"it would expire: requests now wait up to {policy.hold:g} s, then 503 refresh_in_progress",
        ),
        Moment(LIFETIME_SECONDS, "a sign-in that was not completed is forgotten"),
        Moment(limits.idle, "idle: the session ends this long after its last use"),
        Moment(
            limits.absolute, "absolute: the session ends, however busy; the cookie goes with it"
        ),
    ]


def warnings(settings: Settings) -> list[str]:
    """What is allowed and hardly meant."""
    limits, policy = session_limits(settings), refresh_policy(settings)
    found = []
    if limits.absolute < min(10 * limits.idle, 72_000):
        found.append(
            "session.absolute_seconds is under ten idle periods and 20 hours: users cannot extend often enough (WCAG 2.2.1)"
        )
    if policy.window < policy.lease:
        found.append(
            "refresh.window_seconds is shorter than lease_seconds: a crashed renewal is not taken over before the token expires"
        )
    if settings.development:
        found.append("development = true: plain HTTP and keys in the file are accepted")
    return found


def _walk(table: Any, path: str, sources: Mapping[str, str]) -> Iterator[Explained]:  # noqa: ANN401  any table
    for name in table.__struct_fields__:
        value, where = getattr(table, name), f"{path}.{name}" if path else name
        if isinstance(value, msgspec.Struct):
            yield from _walk(value, where, sources)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            for number, entry in enumerate(value):
                yield from _walk(entry, f"{where}[{number}]", sources)
        else:
            yield Explained(where, _text(value), sources.get(where, "default"))


def _text(value: object) -> str:
    if isinstance(value, Secret):
        return "***"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
