"""``make generated``: the log inventory and the console's types, written anew."""

import sys
from pathlib import Path

from tests.vocabulary import inventory, wire

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = {
    "docs/security/log-inventory.md": inventory.render,
    "web/apps/console/src/wire.ts": wire.render,
}


def main() -> int:
    """Write each document."""
    for name, render in DOCUMENTS.items():
        (ROOT / name).write_text(render(), encoding="utf-8")
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
