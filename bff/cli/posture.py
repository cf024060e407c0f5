"""bff posture: the settings held against the standards, as the console shows them."""

import time

import click
import msgspec
from rich.table import Table

from bff.cli.audit import JSON, plain, wide_console
from bff.cli.options import CONFIG, load
from bff.composition.posture import posture_rows

STYLES = {"pass": "", "warn": "yellow", "fail": "bold red"}


@click.command()
@CONFIG
@JSON
def posture(path: str, *, as_json: bool) -> None:
    """Pass, warn or fail, and why, for each setting a reviewer checks; exit code 1 when one fails."""
    settings, _ = load(path)
    rows = posture_rows(settings, time.time())
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
    else:
        table = Table("area", "what", "in force", "verdict", "why", "clause")
        for row in rows:
            cells = (row.area, row.title, row.value, row.verdict, row.reason, row.reference)
            table.add_row(*map(plain, cells), style=STYLES[row.verdict])
        wide_console().print(table)
    if any(row.verdict == "fail" for row in rows):
        raise SystemExit(1)
