"""bff check and bff explain: is the file right, and what is in force."""

import asyncio
from datetime import timedelta
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table

from bff.app import live_report
from bff.cli.logout_token import try_out
from bff.cli.options import CONFIG, load
from bff.settings.explain import Explained, explained, timeline, warnings

MOST_CHARACTERS = 100_000


@click.command()
@CONFIG
@click.option(
    "--live", is_flag=True, help="Also reach the provider and Redis, and say what they support."
)
@click.option(
    "--logout-token",
    type=click.File("r"),
    help="Say whether the Logout Token in this file (- for standard input) would be believed, and if not, why. Nothing ends.",
)
def check(path: str, *, live: bool, logout_token: TextIO | None) -> None:
    """Validate the settings file: one line for each problem."""
    settings = load(path)[0]
    if logout_token is not None:
        try_out(settings, logout_token.read(MOST_CHARACTERS).strip())
        return
    for warning in warnings(settings):
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{path}: ok, {len(settings.routes)} routes")
    if live:
        rows = asyncio.run(live_report(settings))
        table = Table("what", "found", "")
        for row in rows:
            table.add_row(row.what, row.found, "ok" if row.fine else "PROBLEM")
        Console().print(table)
        if not all(row.fine for row in rows):
            raise SystemExit(1)


@click.command()
@CONFIG
def explain(path: str) -> None:
    """Print every effective setting and where it came from, secrets masked, and the timeline of session limits."""
    settings, sources = load(path)
    table = Table("setting", "value", "from")
    for row in explained(settings, sources):
        table.add_row(*_cells(row))
    console = Console()
    console.print(table)
    console.print("\nTimeline of a session", style="bold")
    for moment in timeline(settings):
        console.print(f"  {_duration(moment.seconds):>16}  {moment.what}", highlight=False)
    for warning in warnings(settings):
        console.print(f"warning: {warning}", style="yellow")


def _cells(row: Explained) -> tuple[str, str, str]:
    return row.path, row.value, row.source


def _duration(seconds: float) -> str:
    return "0" if seconds == 0 else str(timedelta(seconds=seconds))
