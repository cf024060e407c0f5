"""What no file of the repository may say, and what the lock files must."""

import json
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, files, texts

LOCKS = ("requirements.lock", "requirements-otel.lock", "requirements-dev.lock")
REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|deb\.debian\.org|crates\.io|proxy\.golang\.org",
    re.IGNORECASE,
)
PLACES = re.compile(
    rf"(?<![\w.])/(root|tmp|home/\w+|Users/\w+)/\w|{re.escape(str(ROOT))}|{re.escape(str(Path.home()))}/"
)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# The one word of the wire that the browser's side shares with what it must never hold: the renewal
# state of a session.
WIRE_WORD = re.compile(r"""["']?\btoken["']?\??: |\.token\b|`token`""")


def sayings(pattern: re.Pattern[str]) -> list[str]:
    """Every line of the repository that says it."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the machine's business."""
    assert sayings(REGISTRIES) == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    """A clone works wherever it lies."""
    assert sayings(PLACES) == []


def test_nothing_is_left_for_later() -> None:
    """What is missing belongs in the tracker, not in the code."""
    itself = str(Path(__file__).relative_to(ROOT))
    assert [line for line in sayings(UNFINISHED) if not line.startswith(itself)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(name: str) -> None:
    """Each download is checked by pip; where it comes from stays open."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 10
    assert [
        entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry
    ] == []
    assert "://" not in text
    assert "--index-url" not in text


def test_each_lock_agrees_with_the_next_larger_one() -> None:
    """What the tests ran is what an installation gets, with an extra or without."""
    small, extra, large = (
        set(
            re.findall(
                r"^([\w.-]+==[^\s;\\]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
            )
        )
        for name in LOCKS
    )
    assert small - extra == set()
    assert extra - large == set()


def test_the_web_lock_names_no_address_and_has_every_digest() -> None:
    """Each download is checked by npm, as pip does."""
    packages = json.loads((ROOT / "web/package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = {
        path: entry
        for path, entry in packages.items()
        if "node_modules/" in path and not entry.get("link") and not entry.get("inBundle")
    }
    assert len(installed) > 10
    assert [path for path, entry in packages.items() if "://" in entry.get("resolved", "")] == []
    assert [path for path, entry in installed.items() if "integrity" not in entry] == []


@pytest.mark.req("N27")
def test_the_web_code_has_no_word_for_what_the_browser_must_never_hold() -> None:
    """The word is on the wire, as the session's renewal state, and nowhere else in code.

    The console may say it to a reviewer: it shows times, scopes and fingerprints.
    """
    said = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for part in ("web/packages", "web/apps/demo")
        for path in files(ROOT / part)
        if path.suffix in {".ts", ".tsx", ".js", ".mjs", ".html"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "token" in WIRE_WORD.sub("", line).lower()
    ]
    assert said == []
