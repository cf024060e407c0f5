"""Random walks through the weather: the machine's own rules without Hypothesis's bookkeeping, several times as fast.

A walk that breaks a promise is shrunk to the moves it needs, and reads like the rules' calls.
"""

import random
from collections.abc import Iterable
from typing import Any

from tests.flows.under_fire import CHOICES, UnderFire

Move = tuple[str, dict[str, Any]]
Walk = list[Move]


def a_walk(seed: int, moves: int = 30) -> Walk:
    """The same for the same seed."""
    dice = random.Random(seed)
    names = [name for name in CHOICES if name != "begin"]
    chosen = ["begin", *(dice.choice(names) for _ in range(moves))]
    return [
        (name, {field: dice.choice(values) for field, values in CHOICES[name].items()})
        for name in chosen
    ]


def broken_by(machine_type: type[UnderFire], walk: Walk) -> str | None:
    """Which promise the walk breaks, if it breaks one."""
    machine = machine_type()
    try:
        try:
            for move, arguments in walk:
                if machine.may(move):
                    getattr(machine, move)(**arguments)
                    machine.promises_hold()
        finally:
            machine.teardown()
    except AssertionError as broken:
        return str(broken)
    return None


def shrunk(machine_type: type[UnderFire], walk: Walk) -> Walk:
    """The shortest walk this finds that still breaks a promise: moves left out by halves, then one by one."""
    size = len(walk) // 2
    while size:
        at = 1  # a walk begins
        while at < len(walk):
            shorter = walk[:at] + walk[at + size :]
            if broken_by(machine_type, shorter):
                walk = shorter
            else:
                at += size
        size //= 2
    return walk


def first_broken(machine_type: type[UnderFire], seeds: Iterable[int]) -> Walk | None:
    """The first walk among ``seeds`` that breaks a promise, shrunk."""
    for seed in seeds:
        walk = a_walk(seed)
        if broken_by(machine_type, walk):
            return shrunk(machine_type, walk)
    return None


def told(walk: Walk) -> str:
    """One call a line."""
    return "\n".join(
        f"{move}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"
        for move, arguments in walk
    )
