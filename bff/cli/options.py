"""What every command asks for, and how it gets its settings."""

import os
from pathlib import Path

import click

from bff.app import CONFIG_VARIABLE
from bff.settings.model import Settings
from bff.settings.read import SettingsInvalid, load_settings

CONFIG = click.option(
    "--config",
    "path",
    default="bff.toml",
    show_default=True,
    envvar=CONFIG_VARIABLE,
    help="The settings file (TOML).",
)


def load(path: str) -> tuple[Settings, dict[str, str]]:
    """The settings, or one line for each problem and exit code 1."""
    try:
        text = Path(path).read_text()
        return load_settings(text, os.environ, lambda name: Path(name).read_text())
    except OSError as error:
        raise click.ClickException(
            f"{path}: {error.strerror}; name the file with --config"
        ) from None
    except SettingsInvalid as error:
        for problem in error.problems:
            click.echo(f"{path}: {problem}", err=True)
        raise SystemExit(1) from None
