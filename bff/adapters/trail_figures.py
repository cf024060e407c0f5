"""From what happened in each five minutes to the figures and pictures of the console."""

from collections.abc import Iterable, Mapping, Sequence

from bff.adapters.audit_names import FIVE_MINUTES, LATENCIES
from bff.audit.kinds import renewal_of
from bff.audit.pages import Band, Series, Tile
from bff.audit.record import Record
from bff.audit.rows import RefreshOutcome, RefreshRow

Counts = Sequence[tuple[float, Mapping[str, int]]]
"""Five minutes each: when they began (Unix seconds), and what happened how often. Oldest first."""

OUTCOMES: tuple[RefreshOutcome, ...] = ("renewed", "failed", "unknown", "refused")
HOUR = 3_600.0
REFUSALS = (
    "malicious_csrf",
    "session_changed",
    "session_use_after_expire",
    "excess_rate_limit_exceeded",
    "authn_token_reuse",
)


def refresh_row(seq: int, record: Record) -> RefreshRow:
    """One renewal as a row."""
    details = record.details
    return RefreshRow(
        seq=seq,
        at=record.at,
        subject=record.subject,
        ref=record.ref,
        trigger=_text(details.get("trigger")),
        outcome=renewal_of(record) or "failed",
        reason=_text(details.get("reason")),
        waiters=_whole(details.get("waiters")),
        attempts=_whole(details.get("attempts")),
        latency=_number(details.get("latency")),
        seconds_left=_number(details.get("seconds_left")),
        rotated=_flag(details.get("rotated")),
        generation=_whole(details.get("generation")),
        request_id=record.request_id,
        error=_text(details.get("error")),
        expires_at=_number(details.get("expires_at")),
    )


def outcomes_over_time(counts: Counts, step: float = FIVE_MINUTES) -> Series:
    """Renewals by outcome, in steps as they were counted (seconds)."""
    return _series(
        counts, {name: [c.get(f"r:{name}", 0) for _, c in counts] for name in OUTCOMES}, step
    )


def sessions_over_time(counts: Counts) -> Series:
    """Live sessions as counted; five minutes in which nobody counted hold the last figure."""
    live: list[float] = []
    for _, counted in counts:
        live.append(float(counted.get("sessions", live[-1] if live else 0)))
    return _series(counts, {"live": live})


def most_live(counts: Counts, since: float, until: float, steps: int) -> list[int]:
    """Live sessions at most in each of so many equal steps; one in which nobody counted holds the last figure."""
    most: list[int | None] = [None] * steps
    for at, counted in counts:
        if "sessions" in counted:
            step = min(max(int((at - since) / (until - since) * steps), 0), steps - 1)
            most[step] = max(counted["sessions"], most[step] or 0)
    known, last = [], 0
    for count in most:
        last = last if count is None else count
        known.append(last)
    return known


def latency_over_time(counts: Counts, step: float = FIVE_MINUTES) -> Series:
    """The provider's p50 and p95 in each step (seconds); 0 where nothing was renewed."""
    return _series(
        counts,
        {
            "p50": [percentile([c], 0.5) or 0.0 for _, c in counts],
            "p95": [percentile([c], 0.95) or 0.0 for _, c in counts],
        },
        step,
    )


def percentile(counted: Iterable[Mapping[str, int]], share: float) -> float | None:
    """The upper bound of the latency that ``share`` of all renewals stayed below; None without any."""
    by_limit = dict.fromkeys(LATENCIES, 0)
    for counts in counted:
        for limit in LATENCIES:
            by_limit[limit] += counts.get(f"l:{limit:g}", 0)
    total, seen = sum(by_limit.values()), 0
    for limit, count in by_limit.items():
        seen += count
        if total and seen >= share * total:
            return limit
    return None


def outages(counts: Counts) -> tuple[Band, ...]:
    """When the provider was not asked, to five minutes."""
    bands: list[Band] = []
    began: float | None = None
    for at, counted in counts:
        if began is None and counted.get("b:open"):
            began = at
        if began is not None and counted.get("b:closed"):
            bands.append(Band(start=began, end=at + FIVE_MINUTES))
            began = None
    if began is not None and counts:
        bands.append(Band(start=began, end=counts[-1][0] + FIVE_MINUTES))
    return tuple(bands)


def success_share(counted: Iterable[Mapping[str, int]]) -> float | None:
    """Renewals that succeeded, in per cent."""
    good = total = 0
    for counts in counted:
        good += counts.get("r:renewed", 0)
        total += sum(counts.get(f"r:{name}", 0) for name in OUTCOMES)
    return 100 * good / total if total else None


def tiles(counts: Counts, live_sessions: int) -> tuple[Tile, ...]:
    """The overview's numbers for the last 24 hours; that of open alerts is added by who knows it."""
    hours = _hours(counts)
    everything = [counted for _, counted in counts]

    def summed(name: str) -> tuple[float | None, ...]:
        return tuple(float(sum(c.get(name, 0) for c in hour)) for hour in hours)

    refused = tuple(
        float(sum(c.get(f"e:{name}", 0) for c in hour for name in REFUSALS)) for hour in hours
    )
    sign_ins, ended = summed("e:authn_login_success"), summed("e:session_ended")
    return (
        Tile(id="sessions", value=live_sessions, unit="count", trend=_last(hours, "sessions")),
        Tile(id="sign_ins", value=_sum(sign_ins), unit="count", trend=sign_ins),
        Tile(
            id="refresh_success",
            value=success_share(everything),
            unit="percent",
            trend=tuple(success_share(hour) for hour in hours),
        ),
        Tile(
            id="refresh_p95",
            value=percentile(everything, 0.95),
            unit="seconds",
            trend=tuple(percentile(hour, 0.95) for hour in hours),
        ),
        Tile(id="refused", value=_sum(refused), unit="count", trend=refused),
        Tile(id="revocations", value=_sum(ended), unit="count", trend=ended),
    )


def _hours(counts: Counts) -> list[list[Mapping[str, int]]]:
    """The last 24 hours, oldest first; the last one ends with the last five minutes."""
    if not counts:
        return []
    begin = counts[-1][0] + FIVE_MINUTES - 24 * HOUR
    starts = [begin + number * HOUR for number in range(24)]
    return [[counted for at, counted in counts if start <= at < start + HOUR] for start in starts]


def summary(counts: Counts) -> str:
    """The pictures in a sentence."""
    total = {name: sum(c.get(f"r:{name}", 0) for _, c in counts) for name in OUTCOMES}
    everything = sum(total.values())
    if not everything:
        return "Nothing was renewed in this time."
    others = [f"{count} {name}" for name, count in total.items() if count and name != "renewed"]
    said = f"{total['renewed']:,} of {everything:,} renewals succeeded"
    p95 = percentile([c for _, c in counts], 0.95)
    slow = f"; 95 % took at most {p95:g} s" if p95 is not None else ""
    return said + (", " + ", ".join(others) if others else "") + slow + "."


def _series(
    counts: Counts, columns: Mapping[str, Sequence[float]], step: float = FIVE_MINUTES
) -> Series:
    return Series(
        start=counts[0][0] if counts else 0.0,
        step=step,
        counts={name: tuple(float(value) for value in column) for name, column in columns.items()},
    )


def _last(hours: Sequence[Sequence[Mapping[str, int]]], name: str) -> tuple[float | None, ...]:
    found = []
    for hour in hours:
        known = [counted[name] for counted in hour if name in counted]
        found.append(float(known[-1]) if known else None)
    return tuple(found)


def _sum(trend: Iterable[float | None]) -> float:
    return sum(value for value in trend if value is not None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
