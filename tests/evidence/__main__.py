"""``make generated``: docs/security/evidence.md, written anew. Exit 1 for a mark that names no requirement."""

import sys
from pathlib import Path

from tests.evidence.marks import MarkInvalid, Proof, collect
from tests.evidence.page import gaps, render
from tests.evidence.requirements import TableInvalid, requirements

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/security/evidence.md"
FOLDERS = (ROOT / "tests", ROOT / "web")


def evidence() -> tuple[str, list[str], list[str]]:
    """The page, the gaps, and every mark that names no requirement. Raises MarkInvalid, TableInvalid."""
    table = requirements()
    proofs = collect(ROOT, FOLDERS)
    unknown = [
        f"{proof.path}::{proof.name}: {identifier}"
        for identifier in sorted(set(proofs) - set(table))
        for proof in proofs[identifier]
    ]
    known: dict[str, list[Proof]] = {each: proofs[each] for each in table if each in proofs}
    return render(table, known), gaps(table, known), unknown


def main() -> int:
    """Write the page."""
    try:
        text, missing, unknown = evidence()
    except (MarkInvalid, TableInvalid) as error:
        print(error, file=sys.stderr)
        return 1
    if unknown:
        print("No such requirement (tests/evidence/requirements.toml):", *unknown, sep="\n  ")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(missing)} gaps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
