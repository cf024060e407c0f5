"""bff sessions and bff alerts: the reviewer's console on a terminal. Every look and act is an event."""

import asyncio
import getpass
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
from bff.session.model import EndReason, Ref, SessionKey
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
            if place is None:
                break
        return lines, await house.stores.register.count(now)

    lines, total = _in_house(path, work)
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

    line = _in_house(path, work)
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


@sessions.command()
@CONFIG
@JSON
@click.argument("refs", nargs=-1)
@click.option("--subject", help="Every session of this user.")
@click.option("--everybody", is_flag=True, help="Every session there is.")
@click.option("--reason", required=True, help="Why; it goes into the audit trail.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def end(
    path: str,
    refs: tuple[str, ...],
    subject: str | None,
    reason: str,
    *,
    everybody: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """End sessions here at once and revoke their refresh tokens.

    Access tokens that APIs already hold stay valid there until they expire.
    """
    if sum((bool(refs), subject is not None, everybody)) != 1:
        raise click.UsageError("name references, or --subject, or --everybody")
    if not yes:
        whom = "everybody" if everybody else subject or f"{len(refs)} session(s)"
        click.confirm(f"End the sessions of {whom}?", abort=True, err=True)

    async def work(house: Operations) -> list[dict[str, object]]:
        ending, keys = house.flows.ending, await _meant(house, refs, subject)
        action = "end_everybody" if everybody else "end_sessions"
        count = (
            await house.stores.register.count(house.world.clock.now()) if everybody else len(keys)
        )
        house.trail.record(
            Acted(
                at=house.world.clock.now(),
                actor=_operator(),
                action=action,
                count=count,
                note=reason[:200],
            )
        )
        if everybody:
            return [{"ended": await ending.everybody()}]
        now = house.world.clock.now()
        return [
            {
                "ref": session.core.ref,
                "subject": session.core.subject,
                "deleted": True,
                "access_valid_seconds": round(max(session.tokens.expires_at - now, 0.0)),
            }
            for session in await ending.each(keys, EndReason.ADMIN)
        ]

    receipts = _in_house(path, work)
    if as_json:
        click.echo(msgspec.json.encode(receipts).decode())
        return
    for receipt in receipts:
        click.echo("  ".join(f"{name} {plain(str(value))}" for name, value in receipt.items()))
    click.echo(f"{len(receipts)} ended" if not everybody else "everybody's session has ended")


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

    rows = _in_house(path, work)
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
        row = await house.evidence.alerts.decide(alert, status, _operator(), note[:200])
        if row is not None:
            house.trail.record(
                Acted(at=house.world.clock.now(), actor=_operator(), action=f"alert_{status}", count=1,
                      note=f"{alert} {note}"[:200])
            )  # fmt: skip
        return row

    row = _in_house(context.obj, work)
    if row is None:
        raise click.ClickException(f"{alert}: no such alert")
    click.echo(msgspec.json.encode(row).decode() if as_json else f"{alert} is {row.status}")


async def _meant(house: Operations, refs: tuple[str, ...], subject: str | None) -> list[SessionKey]:
    store = house.stores.sessions
    if subject is not None:
        return list(await store.keys_of_subject(house.world.settings.provider.issuer, subject))
    found = [await store.key_of_ref(Ref(ref)) for ref in refs]
    return [key for key in found if key is not None]


def _in_house(path: str, work: Callable[[Operations], Awaitable[T]]) -> T:
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
            actor=_operator(),
            page=page,
            query=query[:200],
            export="cli",
        )
    )


def _operator() -> str:
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
