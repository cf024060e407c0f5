"""bff report: one file that a reviewer can put away. What happened, what was decided, what it rests on."""

import asyncio
import getpass
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from time import gmtime, strftime

import click

from bff.audit.operations import Looked
from bff.audit.record import title_of
from bff.audit.rows import AlertRow, PostureRow
from bff.audit.tally import Tally
from bff.cli.options import CONFIG, load
from bff.cli.report_html import Page
from bff.composition.archive import masked
from bff.composition.operations import Operations, operations
from bff.composition.reporting import Checked, checked
from bff.errors import StoreUnavailable
from bff.settings.model import Settings

SPAN = re.compile(r"(\d{1,4})([hdw])")
SECONDS = {"h": 3_600, "d": 86_400, "w": 604_800}
OUTCOMES = (("renewed", "b"), ("failed", "c"), ("unknown", "a"), ("refused", "d"))
TOLD = {
    "replays": ("Stolen handles and leaks", "A superseded cookie used, or an API that gave its token away."),
    "acts": ("What reviewers and operators did", ""),
    "gaps": ("Gaps in the trail, and errors", "What could not be written, was suppressed, or went wrong unexpectedly."),
    "processes": ("Processes", "Starts and stops, with versions and the keys in use."),
}  # fmt: skip


class Span(click.ParamType):  # type: ignore[type-arg]  # not generic in older releases
    """``7d``, ``12h`` or ``4w``, in seconds."""

    name = "span"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it."""
        match = SPAN.fullmatch(value)
        if match is None or not int(match[1]):
            self.fail("a span such as 12h, 7d or 4w", param, ctx)
        return float(int(match[1]) * SECONDS[match[2]])


@click.command()
@CONFIG
@click.option("--since", type=Span(), default="7d", show_default=True, help="How far back.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; - for standard output.",
)
def report(path: str, since: float, out: Path | None) -> None:
    """Write a report as one HTML file: figures, plots, alerts, posture, and whether the trail is whole.

    It loads nothing and runs nothing. Making it reads the whole trail, and is itself an event.
    Exit code 1 when the trail is not intact.
    """
    settings = load(path)[0]

    async def work() -> tuple[str, bool]:
        async with operations(settings) as house:
            return await _made(house, settings, since)

    try:
        text, intact = asyncio.run(work())
    except StoreUnavailable:
        raise click.ClickException("Redis does not answer; look at redis.url") from None
    if out == Path("-"):
        click.echo(text, nl=False)
    else:
        file = out or Path(f"bff-report-{strftime('%Y-%m-%d', gmtime())}.html")
        file.write_text(text, encoding="utf-8")
        click.echo(f"{file}: {len(text):,} characters", err=True)
    raise SystemExit(0 if intact else 1)


async def _made(house: Operations, settings: Settings, since: float) -> tuple[str, bool]:
    now, who = house.world.clock.now(), f"cli:{getpass.getuser()}"
    query = f"since {_moment(now - since)}"
    house.trail.record(Looked(at=now, actor=who, page="report", query=query, export="html"))
    tally = Tally(now - since, now)
    found = await checked(house, settings, tally, _progress)
    sys.stderr.write("\n")
    page = Page(masked)
    _front(page, settings, tally, found, who)
    _figures(page, tally, found)
    _alerts(page, [one for one in found.alerts if one.last_at >= tally.since])
    for name, (title, words) in TOLD.items():
        _told(page, tally, name, title, words)
    _posture(page, found.posture)
    page.footer(
        (
            ("Entries counted:", f"{tally.entries:,}, from sequence number {tally.first} to {tally.last}"),
            ("SHA-256 of their chain values, in order:", tally.digest),
            ("Settings fingerprint:", found.fingerprint),
        )
    )  # fmt: skip
    return page.document(f"Session report, {_day(tally.since)} to {_day(now)}"), not found.findings


def _front(page: Page, settings: Settings, tally: Tally, found: Checked, who: str) -> None:
    """Which time, of what, by whom; whether the trail is whole; the figures in one look."""
    page.header(
        "Session report",
        (
            f"{_moment(tally.since)} to {_moment(tally.until)}, UTC",
            f"{settings.server.public_url}, {settings.review.environment or 'production'}; provider {settings.provider.issuer}",
            f"Made by {who} at {_moment(tally.until)} with cookie-bff {version('cookie-bff')}",
        ),
    )
    if found.findings:
        page.verdict(
            "bad",
            "The trail is not intact.",
            f"{len(found.findings)} findings: {'; '.join(found.findings[:10])}",
        )
    else:
        page.verdict(
            "good",
            "The trail is intact.",
            f"All {found.entries:,} entries follow one another; nobody edited, moved or took away one.",
        )
    if lost := sum(tally.events[name] for name in ("sys_monitor_disabled", "audit_suppressed")):
        page.verdict(
            "warn",
            "It has gaps.",
            f"{lost} times something could not be written or was suppressed; see below.",
        )
    renewed = sum(count for (name, _), count in tally.renewals.items() if name == "renewed")
    everything = sum(tally.renewals.values())
    page.tiles(
        (
            ("sessions live now", f"{found.live:,}"),
            ("sign-ins", f"{tally.events['authn_login_success']:,}"),
            ("failed sign-ins", f"{tally.events['authn_login_fail']:,}"),
            ("sessions ended", f"{tally.events['session_ended']:,}"),
            ("renewals that succeeded", f"{100 * renewed / everything:.1f} %" if everything else "none"),
            ("superseded cookies used", f"{tally.events['authn_token_reuse']:,}"),
            ("cross-site requests refused", f"{tally.events['malicious_csrf']:,}"),
            ("rate limits reached", f"{tally.events['excess_rate_limit_exceeded']:,}"),
        )
    )  # fmt: skip


def _figures(page: Page, tally: Tally, found: Checked) -> None:
    ends = (_day(tally.since), _day(tally.until))
    page.heading("Sessions over time", "The most that were live in each step.")
    page.level("Live sessions", found.live_over_time, ends)
    page.heading("Signing in")
    page.columns("Sign-ins", (("succeeded", "a", tally.over_time("authn_login_success")),
                              ("failed", "d", tally.over_time("authn_login_fail"))), ends)  # fmt: skip
    _by_reason(page, tally, "sign_in_failures", "Failed because of")
    page.heading("Renewing access tokens")
    page.columns(
        "Renewals",
        [(name, colour, tally.over_time(f"renewal {name}")) for name, colour in OUTCOMES],
        ends,
    )
    rows = [(*one, count) for one, count in tally.renewals.most_common()]
    if rows:
        page.table(("Outcome", "Reason", "Times"), rows)
    page.heading("Ends of sessions")
    page.columns("Ended", (("ended", "a", tally.over_time("session_ended")),), ends)
    _by_reason(page, tally, "ends", "Ended because of")
    page.heading("Requests refused")
    page.columns("Refused", (("cross-site", "d", tally.over_time("malicious_csrf")),
                             ("rate limit", "c", tally.over_time("excess_rate_limit_exceeded"))), ends)  # fmt: skip
    _by_reason(page, tally, "csrf", "Cross-site, by signal")
    _by_reason(page, tally, "limits", "Rate limit")
    _by_reason(page, tally, "refused_reviewers", "Refused at the console")
    page.heading("Keys in use", "As each process said when it started.")
    page.table(
        ("Ring", "Key ids, newest last", "Starts"),
        [(ring.replace("_", " "), ids, count) for (ring, ids), count in tally.keys.most_common()],
    )


def _by_reason(page: Page, tally: Tally, name: str, title: str) -> None:
    if name in tally.reasons:
        page.table((title, "Times"), tally.reasons[name].most_common())


def _alerts(page: Page, alerts: Sequence[AlertRow]) -> None:
    page.heading("Alerts", "Seen in this time, and what was decided.")
    rows = [(one.severity, one.title, one.subject or one.ref or one.group, one.count, _moment(one.last_at),
             " ".join((one.status, f"by {one.by}" if one.by else "", one.note or ""))) for one in alerts]  # fmt: skip
    page.table(("Severity", "Alert", "About", "Times", "Last seen", "Decision"), rows,
               tones=[one.severity for one in alerts])  # fmt: skip


def _told(page: Page, tally: Tally, name: str, title: str, words: str) -> None:
    kept = tally.told.get(name, [])
    page.heading(title, words)
    rows = [
        (_moment(one.at), title_of(one.event), one.who, one.about, one.words)
        for one in reversed(kept)
    ]
    page.table(("When", "What", "Who", "About", "Said"), rows)


def _posture(page: Page, rows: Sequence[PostureRow]) -> None:
    page.heading("Posture", "The settings in force, held against the standards.")
    shown = [(one.verdict, one.title, one.value, one.reason, one.reference) for one in rows]
    page.table(
        ("Verdict", "What", "In force", "Why", "Clause"), shown, tones=[one.verdict for one in rows]
    )


def _progress(read: int) -> None:
    sys.stderr.write(f"\rreading the trail: {read:,} entries")
    sys.stderr.flush()


def _moment(at: float) -> str:
    return strftime("%Y-%m-%d %H:%M", gmtime(at))


def _day(at: float) -> str:
    return strftime("%Y-%m-%d", gmtime(at))
