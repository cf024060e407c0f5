"""The targets by name, and their seeds."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from tests.fuzz import browser, operator, tokens

Target = Callable[[bytes], None]
SEEDS = Path(__file__).with_name("seeds")
TARGETS: dict[str, Target] = {
    "cookie_value": browser.cookie_value,
    "callback_query": browser.callback_query,
    "return_to": browser.return_to,
    "logout_token": tokens.logout_token,
    "id_token": tokens.id_token,
    "path_parser": browser.path_parser,
    "settings": operator.settings,
}


@cache
def seeds(name: str) -> Mapping[str, bytes]:
    """The content of each seed of a target, by its name."""
    return {path.name: path.read_bytes() for path in sorted((SEEDS / name).iterdir())}
