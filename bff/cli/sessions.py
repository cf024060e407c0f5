"""bff sessions and bff alerts: the reviewer's console on a terminal. Every look and act is an event."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec
from rich.table import Table

from bff.audit.operations import Acted, Looked
from bff.audit.rows import AlertRow, AlertStatus
from bff.cli.audit import COLOURS, JSON, plain, shown_time, wide_console
from bff.cli.options import CONFIG, load
from bff.composition.operations import Operations, operations
from bff.errors import StoreUnavailable
from bff.session.model import Ref
from bff.session.overview import PagePlace, SessionOverview

T = TypeVar("T")
CHUNK = 500


class SessionLine(msgspec.Struct, frozen=True):
    """One session, without anything secret."""

    ref: str
    subject: str
    started_at: float
    seen_at: float
    access_expires_at: float
    absolute_expires_at: float
    refreshes: int
    access_fingerprint: str
    scopes: tuple[str, ...]


@click.group()
def sessions() -> None:
    """Who is signed in, and an end for it."""


@sessions.command("list")
@CONFIG
@JSON
@click.option("--subject", help="Only this user's.")
@click.option("--limit", default=50, show_default=True, help="How many at most.")
def list_sessions(path: str, subject: str | None, limit: int, *, as_json: bool) -> None:
    """Live sessions, newest first."""

    async def work(house: Operations) -> tuple[list[SessionLine], int]:
        _looked(house, "sessions", subject or "")
        if subject is not None:
            issuer = house.world.settings.provider.issuer
            keys = await house.stores.sessions.keys_of_subject(issuer, subject)
            found = await house.stores.register.overviews(keys)
            return [_session_line(each) for each in found][:limit], len(found)
        lines: list[SessionLine] = []
        place: PagePlace | None = None
        now = house.world.clock.now()
        while len(lines) < limit:
            page = await house.stores.register.page(place, min(CHUNK, limit - len(lines)), now)
            lines += [_session_line(each) for each in page.sessions]
            place = page.next
            progress("sessions read", len(lines), limit)
            if place is None:
                break
        return lines, await house.stores.register.count(now)

    lines, total = in_house(path, work)
    if as_json:
        click.echo(msgspec.json.encode({"total": total, "sessions": lines}).decode())
        return
    table = Table("ref", "user", "started (UTC)", "last seen", "token until", "refreshes")
    for line in lines:
        table.add_row(line.ref, plain(line.subject), shown_time(line.started_at), shown_time(line.seen_at),
                      shown_time(line.access_expires_at), str(line.refreshes))  # fmt: skip
    wide_console().print(table)
    click.echo(f"showing {len(lines)} of {total}")


@sessions.command()
@CONFIG
@JSON
@click.argument("ref")
def show(path: str, ref: str, *, as_json: bool) -> None:
    """One session."""

    async def work(house: Operations) -> SessionLine | None:
        _looked(house, "session", ref)
        key = await house.stores.sessions.key_of_ref(Ref(ref))
        found = await house.stores.register.overviews([key]) if key else []
        return _session_line(found[0]) if found else None

    line = in_house(path, work)
    if line is None:
        raise click.ClickException(
            f"{ref}: no live session; bff audit search ref:{ref} tells its story"
        )
    if as_json:
        click.echo(msgspec.json.encode(line).decode())
        return
    for name, value in msgspec.structs.asdict(line).items():
        shown = shown_time(value) if name.endswith("_at") else plain(str(value))
        click.echo(f"{name:>20}  {shown}")


@click.group(invoke_without_command=True)
@CONFIG
@JSON
@click.option("--all", "closed", is_flag=True, help="Closed ones too.")
@click.pass_context
def alerts(context: click.Context, path: str, *, as_json: bool, closed: bool) -> None:
    """Open alerts, last seen first; bff alerts decide ID acknowledged|closed|new."""
    if context.invoked_subcommand:
        context.obj = path
        return
    statuses: tuple[AlertStatus, ...] = (
        ("new", "acknowledged", "closed") if closed else ("new", "acknowledged")
    )

    async def work(house: Operations) -> list[AlertRow]:
        _looked(house, "alerts", "")
        return (await house.evidence.alerts.page(statuses, None, 1_000))[0]

    rows = in_house(path, work)
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    table = Table("id", "severity", "status", "alert", "about", "count", "last (UTC)", "evidence")
    for row in rows:
        table.add_row(row.id, row.severity, row.status, row.title, plain(row.subject or row.group), str(row.count),
                      shown_time(row.last_at), plain(row.evidence), style=COLOURS[row.severity])  # fmt: skip
    wide_console().print(table)


@alerts.command()
@JSON
@click.argument("alert")
@click.argument("status", type=click.Choice(["acknowledged", "closed", "new"]))
@click.option("--note", default="", help="What there is to say; it goes into the audit trail.")
@click.pass_context
def decide(
    context: click.Context, alert: str, status: AlertStatus, note: str, *, as_json: bool
) -> None:
    """Acknowledge or close an alert, or open it again."""

    async def work(house: Operations) -> AlertRow | None:
        row = await house.evidence.alerts.decide(alert, status, operator(), note[:200])
        if row is not None:
            house.trail.record(
                Acted(at=house.world.clock.now(), actor=operator(), action=f"alert_{status}", count=1,
                      note=f"{alert} {note}"[:200])
            )  # fmt: skip
        return row

    row = in_house(context.obj, work)
    if row is None:
        raise click.ClickException(f"{alert}: no such alert")
    click.echo(msgspec.json.encode(row).decode() if as_json else f"{alert} is {row.status}")


def progress(what: str, done: int, of: int) -> None:
    """How far a long command has come, over itself, for whoever watches a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} of {of:,} {what} ", nl=False, err=True)


def in_house(path: str, work: Callable[[Operations], Awaitable[T]]) -> T:
    """What a command does among the house's stores and flows."""
    settings = load(path)[0]

    async def run() -> T:
        async with operations(settings) as house:
            return await work(house)

    try:
        return asyncio.run(run())
    except StoreUnavailable:
        raise click.ClickException("Redis does not answer; look at redis.url") from None


def _looked(house: Operations, page: str, query: str) -> None:
    house.trail.record(
        Looked(
            at=house.world.clock.now(),
            actor=operator(),
            page=page,
            query=query[:200],
            export="cli",
        )
    )


def operator() -> str:
    """Who types, as far as the system knows."""
    return f"cli:{getpass.getuser()}"


def _session_line(overview: SessionOverview) -> SessionLine:
    core, facts = overview.core, overview.facts
    return SessionLine(
        ref=core.ref,
        subject=core.subject,
        started_at=core.created_at,
        seen_at=overview.touched_at,
        access_expires_at=facts.expires_at,
        absolute_expires_at=core.absolute_expires_at,
        refreshes=overview.generation,
        access_fingerprint=facts.access_fingerprint,
        scopes=facts.scope,
    )
