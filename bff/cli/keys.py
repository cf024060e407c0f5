"""bff keys: making key material, rotating it without signing anybody out, and sealing anew."""

import asyncio
import base64
import json
import secrets
from collections.abc import Coroutine
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bff.cli.options import CONFIG, load
from bff.cli.rotation import RINGS, Rotation, plan
from bff.composition.operations import operations
from bff.errors import StoreUnavailable
from bff.session.resealing import Resealed
from bff.settings import values
from bff.settings.model import Settings

T = TypeVar("T")
RING = click.argument("ring", type=click.Choice(RINGS))
SECONDS_A_DAY = 86_400


@click.group()
def keys() -> None:
    """Key material for the [keys] table."""


@keys.command("new")
@click.option("--id", "key_id", default="", help="What to call it, such as 2026-11.")
def new_key(key_id: str) -> None:
    """Print one fresh key of 32 octets, base64url."""
    material = _material()
    click.echo(f'{{ id = "{key_id}", key = "{material}" }}' if key_id else material)


@keys.command("list")
@CONFIG
@click.option("--live", is_flag=True, help="Also count the sessions sealed under each key.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_keys(path: str, *, live: bool, as_json: bool) -> None:
    """Show both rings: what each key is for, how old it is, where it comes from. Never a key."""
    settings, sources = load(path)
    counts = _run(_count(settings)) if live else {}
    made = {(ring, key_id): at for ring, key_id, at in values.keys_made(settings)}
    rows = []
    for ring in RINGS:
        entries = getattr(settings.keys, ring)
        for number, entry in enumerate(entries):
            at = made.get((ring, entry.id))
            rows.append(
                {
                    "ring": ring,
                    "id": entry.id,
                    "use": "newest: used" if number == len(entries) - 1 else "accepted",
                    "age_days": None if at is None else int((_now().timestamp() - at) / SECONDS_A_DAY),
                    "from": sources.get(f"keys.{ring}[{number}].key", "file"),
                    "sessions": counts.get(entry.id, 0) if live and ring == "sealing" else None,
                }
            )  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows))
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row.values()))
    Console().print(table)
    for unknown in sorted(counts.keys() - {row["id"] for row in rows if row["ring"] == "sealing"}):
        click.echo(f"{counts[unknown]} sessions are sealed under {unknown}, which is not in the ring", err=True)  # fmt: skip


@keys.command()
@RING
@CONFIG
@click.option("--id", "key_id", help="What to call the new key.  [default: today's date]")
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Write the new key to a file in this folder (mode 0600) instead of printing it.",
)
def rotate(ring: str, path: str, key_id: str | None, into: Path | None) -> None:
    """Make a new key for a ring, and print what to change, step by step, so that nobody is signed out.

    The settings file is yours: nothing in it is touched.
    """
    settings, sources = load(path)
    today = _now().date()
    rotation = Rotation(
        ring=ring,
        key_id=key_id or _free_id(settings, ring, today),
        created=today,
        material=_material(),
        file=into,
    )
    if any(entry.id == rotation.key_id for entry in getattr(settings.keys, ring)):
        raise click.ClickException(f"the {ring} ring has a key {rotation.key_id} already")
    if into is not None:
        file = rotation.path_in(into)
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(rotation.material + "\n")
    click.echo(plan(rotation, settings, sources))


@keys.command()
@CONFIG
def reseal(path: str) -> None:
    """Seal the tokens of every session anew, under the newest key, while the app runs.

    Nothing that is renewed meanwhile is undone; run it as often as you like. Afterwards the older
    keys can go, if nothing was unreadable.
    """
    settings = load(path)[0]
    found = _run(_reseal(settings))
    click.echo(
        f"sealed anew under {settings.keys.sealing[-1].id}: {found.done}, already: {found.fresh}, "
        f"renewed meanwhile: {found.changed}, ended meanwhile: {found.gone}, unreadable: {found.unreadable}"
    )
    if found.unreadable:
        raise click.ClickException(
            "unreadable sessions were sealed under a key that is not in the ring"
        )


async def _reseal(settings: Settings) -> Resealed:
    found = Resealed()
    async with operations(settings) as begun:
        total = await begun.stores.register.count(begun.world.clock.now())
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("sessions", total=total)
            async for found in begun.resealing.run():
                progress.update(task, completed=found.seen)
    return found


async def _count(settings: Settings) -> dict[str, int]:
    async with operations(settings) as begun:
        return dict(await begun.resealing.count_by_key())


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except StoreUnavailable as error:
        cause = type(error.__cause__ or error).__name__
        raise click.ClickException(
            f"Redis cannot be used ({cause}); see bff check --live"
        ) from None


def _material() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def _free_id(settings: Settings, ring: str, today: date) -> str:
    """Today's date, and a number if there was a rotation today already."""
    taken = {entry.id for entry in getattr(settings.keys, ring)}
    names = (f"{today.isoformat()}{suffix}" for suffix in ("", *(f"-no{n}" for n in range(2, 99))))
    return next(name for name in names if name not in taken)


def _now() -> datetime:
    return datetime.now(UTC)
