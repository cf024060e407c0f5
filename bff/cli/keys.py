"""bff keys: key material, and what is known of it."""

import base64
import secrets

import click


@click.group()
def keys() -> None:
    """Key material for the [keys] table."""


@keys.command("new")
@click.option("--id", "key_id", default="", help="What to call it, such as 2026-11.")
def new_key(key_id: str) -> None:
    """Print one fresh key of 32 octets, base64url."""
    material = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    click.echo(f'{{ id = "{key_id}", key = "{material}" }}' if key_id else material)
