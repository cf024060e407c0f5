"""bff audit: the trail on a terminal. Verified, followed, searched, exported."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import IO, TextIO, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from bff.audit.exports import to_csv, to_jsonl
from bff.audit.query import AuditQuery, QueryInvalid, parse_query
from bff.audit.record import row_of
from bff.audit.rows import AuditRow
from bff.cli.options import CONFIG, load
from bff.composition.archive import Archive, open_archive
from bff.errors import StoreUnavailable

T = TypeVar("T")
CHUNK = 200
COLOURS = {"info": "", "warning": "yellow", "critical": "bold red"}
JSON = click.option("--json", "as_json", is_flag=True, help="JSON, for other programs.")


@click.group()
def audit() -> None:
    """The audit trail: verify it, follow it, search it, take it along."""


@audit.command()
@CONFIG
@JSON
@click.option(
    "--anchors",
    type=click.File("r"),
    help="A log of ours (JSON lines): its anchors say how far each chain had come.",
)
def verify(path: str, *, as_json: bool, anchors: TextIO | None) -> None:
    """Read the whole trail and say whether anybody edited, moved or took away an entry. Exit 1 if so."""
    heads = _anchors(anchors) if anchors else {}

    async def work(archive: Archive) -> tuple[list[str], int]:
        archive.verifier.anchor(heads)
        archive.verifier.anchor(await archive.reader.heads())
        async for entry in archive.reader.every():
            archive.verifier.read(entry)
        return [str(finding) for finding in archive.verifier.findings()], archive.verifier.entries

    findings, entries = _with_archive(path, work)
    if as_json:
        click.echo(json.dumps({"entries": entries, "intact": not findings, "findings": findings}))
    else:
        for finding in findings:
            click.echo(finding)
        click.echo(
            f"{entries} entries: {'intact' if not findings else f'{len(findings)} findings'}"
        )
    raise SystemExit(1 if findings else 0)


@audit.command()
@CONFIG
@JSON
@click.argument("query", nargs=-1)
@click.option("--limit", default=50, show_default=True, help="How many at most.")
def search(path: str, query: tuple[str, ...], limit: int, *, as_json: bool) -> None:
    """Entries that match, newest first.

    Qualifiers: event: severity: outcome: actor: subject: ref: ip: request: reason: after: before:.
    """
    asked = _parse(query)

    async def work(archive: Archive) -> list[AuditRow]:
        return await _rows(archive, asked, limit)

    _show(_with_archive(path, work), as_json=as_json)


@audit.command()
@CONFIG
@click.argument("query", nargs=-1)
@click.option(
    "--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True
)
@click.option(
    "--output", type=click.File("wb"), default="-", help="A file, or - for standard output."
)
@click.option("--limit", default=100_000, show_default=True, help="How many at most.")
def export(path: str, query: tuple[str, ...], kind: str, output: IO[bytes], limit: int) -> None:
    """Take matching entries along: JSON lines, or CSV that no spreadsheet takes for a formula."""
    asked = _parse(query)

    async def work(archive: Archive) -> list[AuditRow]:
        return await _rows(archive, asked, limit)

    rows = _with_archive(path, work)
    output.write(to_csv(rows) if kind == "csv" else to_jsonl(rows))


@audit.command()
@CONFIG
@JSON
@click.argument("query", nargs=-1)
@click.option("--once", is_flag=True, help="What there is, and no waiting.")
def tail(path: str, query: tuple[str, ...], *, as_json: bool, once: bool) -> None:
    """The newest entries, and each new one as it comes, until Ctrl-C."""
    asked = _parse(query)

    async def work(archive: Archive) -> None:
        rows, seen = await _rows(archive, asked, 20), 0
        while True:
            fresh = [row for row in reversed(rows) if row.seq > seen]
            for row in fresh:
                click.echo(msgspec.json.encode(row).decode() if as_json else _line(row))
            seen = max([seen, *(row.seq for row in fresh)])
            if once:
                return
            await asyncio.sleep(1.0)
            rows = await _rows(archive, asked, CHUNK)

    try:
        _with_archive(path, work)
    except KeyboardInterrupt:
        raise SystemExit(0) from None


def _with_archive(path: str, work: Callable[[Archive], Awaitable[T]]) -> T:
    settings = load(path)[0]

    async def run() -> T:
        async with open_archive(settings) as archive:
            return await work(archive)

    try:
        return asyncio.run(run())
    except StoreUnavailable:
        raise click.ClickException("Redis does not answer; look at redis.url") from None


async def _rows(archive: Archive, query: AuditQuery, limit: int) -> list[AuditRow]:
    rows: list[AuditRow] = []
    place: str | None = None
    while len(rows) < limit:
        found = await archive.reader.search(query, place, min(CHUNK, limit - len(rows)))
        rows += [row_of(entry, record) for entry, record in found.entries]
        place = found.next
        if place is None:
            break
    return rows


def _parse(query: tuple[str, ...]) -> AuditQuery:
    try:
        return parse_query(
            " ".join(f'"{part}"' if " " in part else part for part in query), time.time()
        )
    except QueryInvalid as error:
        raise click.UsageError(str(error)) from None


def _anchors(log: TextIO) -> dict[str, int]:
    """The newest head of each chain that a log tells of."""
    heads: dict[str, int] = {}
    for line in log:
        if "audit_anchor" not in line:
            continue
        try:
            read = json.loads(line)
        except ValueError:
            continue
        for chain, number in read.get("heads", {}).items():
            heads[chain] = max(int(number), heads.get(chain, 0))
    return heads


def _show(rows: list[AuditRow], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    table = Table(
        "seq", "time (UTC)", "severity", "event", "actor", "ref", "ip", "outcome", "reason"
    )
    for row in rows:
        cells = (str(row.seq), shown_time(row.at), row.severity, row.event, row.actor or "", row.ref or "",
                 row.address or "", row.outcome, row.reason or "")  # fmt: skip
        table.add_row(*map(plain, cells), style=COLOURS[row.severity])
    wide_console().print(table)


def _line(row: AuditRow) -> str:
    parts = (
        str(row.seq),
        shown_time(row.at),
        row.severity,
        row.event,
        row.actor,
        row.ref,
        row.outcome,
        row.reason,
    )
    return "  ".join(plain(part) for part in parts if part)


def wide_console() -> Console:
    """As wide as the terminal; wide enough for a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


def shown_time(at: float) -> str:
    """For people, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


def plain(text: str) -> str:
    """No control character of anybody's reaches the terminal."""
    return "".join(each if each.isprintable() else "�" for each in text).replace("[", "\\[")
