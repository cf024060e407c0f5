"""The fuzzers' seeds through their targets, and proof that each target can fail."""

import random
from types import SimpleNamespace

import pytest

from bff.settings import read as settings_reader
from tests.fuzz import browser, tokens
from tests.fuzz.mutation import MUTATORS
from tests.fuzz.targets import SEEDS, TARGETS, seeds

EVERY = [(target, name) for target in TARGETS for name in seeds(target)]


@pytest.mark.req("N8", "N10", "N11", "N13", "N15", "N25", "N86", "N88", "N89", "N106", "N107")
@pytest.mark.parametrize(("target", "name"), EVERY)
def test_a_seed_finds_nothing(target: str, name: str) -> None:
    """Nothing is accepted that its specification refuses, and nothing breaks."""
    TARGETS[target](seeds(target)[name])


def test_every_target_has_seeds_and_knows_their_form() -> None:
    """And no folder of seeds is left without a target."""
    assert {path.name for path in SEEDS.iterdir()} == set(TARGETS) == set(MUTATORS)
    assert all(len(seeds(target)) >= 10 for target in TARGETS)


class AnyPath:
    """A route table that matches on the text alone."""

    def match(self, _method: str, path: bytes) -> tuple[object, bytes]:
        route = SimpleNamespace(
            prefix="/api/orders",
            upstream=SimpleNamespace(base_path="/v1/orders"),
            path_parameters=True,
        )
        return route, b"/v1/orders" + path.removeprefix(b"/api/orders")


# For each target: what is broken, and how it believes.
PLANTED: dict[str, tuple[object, str, object]] = {
    "cookie_value": (
        browser,
        "SIGNERS",
        dict.fromkeys(browser.SIGNERS, SimpleNamespace(read=lambda text: text)),
    ),
    "callback_query": (browser, "validate_authorization_response", lambda *_, **__: "code-1"),
    "return_to": (browser, "parse_return_to", lambda text: text),
    "path_parser": (browser, "TABLE", AnyPath()),
    "id_token": (tokens, "validate_id_token", lambda *_, **__: SimpleNamespace(subject="ada")),
    "logout_token": (
        tokens,
        "validate_logout_token",
        lambda *_, **__: SimpleNamespace(subject="ada", sid="sid-1", refused_from=2e9),
    ),
    "settings": (settings_reader, "broken_rules", lambda *_, **__: ()),
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_notices_what_believes_too_much(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted bug, and a seed that shows it."""
    where, name, replacement = PLANTED[target]
    monkeypatch.setattr(where, name, replacement)
    noticed = []
    for seed, data in seeds(target).items():
        try:
            TARGETS[target](data)
        except (AssertionError, KeyError, ValueError):
            noticed.append(seed)
    assert noticed


@pytest.mark.parametrize("target", TARGETS)
def test_a_change_keeps_the_form_of_an_input(target: str) -> None:
    """Changed seeds still are inputs of the target, and find nothing either."""
    dice = random.Random(20_261_125)
    inputs = list(seeds(target).values())
    for _ in range(200):
        changed = MUTATORS[target](dice.choice(inputs), dice)
        TARGETS[target](changed)
