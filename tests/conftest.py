"""What holds in every tier: no network where none is needed, and no mark that proves nothing."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.evidence.requirements import requirements

# The gate must not depend on dice: the same examples each time. HYPOTHESIS_PROFILE=default searches anew.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

TESTS = Path(__file__).parent
WITHOUT_NETWORK = ("unit", "flows")
REQUIREMENTS = frozenset(requirements())


def tier_of(item: pytest.Item) -> str:
    """The folder under tests/ that holds the test; empty for a file that lies beside the tiers."""
    if not item.path.is_relative_to(TESTS):
        return ""
    parts = item.path.relative_to(TESTS).parts
    return parts[0] if len(parts) > 1 else ""


def unknown_requirements(item: pytest.Item) -> list[str]:
    """What the test's ``req`` marks name that is no requirement; so is a mark without a name."""
    marks = list(item.iter_markers("req"))
    named = [str(name) for mark in marks for name in mark.args]
    unknown = [name for name in named if name not in REQUIREMENTS]
    if any(not mark.args for mark in marks):
        unknown.append("a mark without a name")
    return unknown


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shut the network for the tiers that have no party; refuse marks that name no requirement."""
    problems = [f"{item.nodeid}: {name}" for item in items for name in unknown_requirements(item)]
    if problems:
        message = "No such requirement (S1 to S17, N1 to N128, R1 to R10):\n  "
        raise pytest.UsageError(message + "\n  ".join(problems))
    tiers = {tier_of(item) for item in items}
    if "e2e" in tiers and len(tiers) > 1:
        raise pytest.UsageError(
            "tests/e2e is a process of its own (make e2e): Playwright's synchronous interface and "
            "asynchronous tests each want the event loop."
        )
    for item in items:
        if tier_of(item) in WITHOUT_NETWORK:
            item.add_marker(pytest.mark.disable_socket)
