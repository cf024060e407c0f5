"""One target under atheris: ``python -m tests.fuzz.guided TARGET [libFuzzer's options and folders]``."""

import contextlib
import random
import sys

import atheris

with atheris.instrument_imports(include=["bff", "tests.fuzz.browser", "tests.fuzz.tokens"]):
    from tests.fuzz.mutation import MUTATORS
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run until an option says stop, or something is found; libFuzzer ends the process."""
    name = sys.argv[1]
    target, mutator = TARGETS[name], MUTATORS[name]

    def one(data: bytes) -> None:
        target(data)

    def mutate(data: bytes, limit: int, seed: int) -> bytes:
        dice = random.Random(seed)
        changed = data
        if dice.random() < 0.5:
            with contextlib.suppress(UnicodeDecodeError):
                changed = mutator(data, dice)
        if changed == data:
            changed = atheris.Mutate(data, limit)
        return changed[:limit]

    options = [sys.argv[0], *sys.argv[2:]]
    atheris.Setup(options, one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
