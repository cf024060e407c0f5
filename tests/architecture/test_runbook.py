"""Whoever is woken by a rule finds a section for it: what it means, where to look, what to do."""

import re

import pytest
import yaml  # type: ignore[import-untyped]

from bff.audit.record import TITLES
from bff.audit.rules import RULES
from tests.architecture.test_dashboards import exposed
from tests.architecture.tree import ROOT

FOLDER = ROOT / "docs/operations"
PARTS = ["Means", "Look", "Do"]
_SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_PART = re.compile(r"^- \*\*(\w+)\*\*: \S.{20,}$", re.MULTILINE)


def alert_rules() -> dict[str, str]:
    """Each Prometheus rule's name, and where its annotation leads."""
    read = yaml.safe_load((FOLDER / "prometheus-alerts.yaml").read_text(encoding="utf-8"))
    rules = [rule for group in read["groups"] for rule in group["rules"]]
    return {rule["alert"]: rule["annotations"].get("runbook", "") for rule in rules}


def text() -> str:
    """The runbook."""
    return (FOLDER / "runbook.md").read_text(encoding="utf-8")


SECTIONS = dict(_SECTION.findall(text()))


@pytest.mark.req("S11")
@pytest.mark.parametrize("rule", [*alert_rules(), *RULES])
def test_each_rule_has_its_section(rule: str) -> None:
    """All three parts, in this order."""
    assert _PART.findall(SECTIONS.get(rule, "")) == PARTS


@pytest.mark.req("S11")
@pytest.mark.parametrize(("rule", "leads_to"), alert_rules().items())
def test_an_alert_leads_to_its_own_section(rule: str, leads_to: str) -> None:
    """By its annotation, which a pager shows."""
    assert leads_to == f"docs/operations/runbook.md#{rule.lower()}"


def test_no_section_is_about_a_rule_that_is_gone() -> None:
    """Nor twice about one."""
    assert sorted(re.findall(r"^### (\w+)$", text(), re.MULTILINE)) == sorted(
        [*alert_rules(), *RULES]
    )


def test_links_and_events_in_it_exist() -> None:
    """What somebody types at night must find something."""
    anchors = {name.lower() for name in SECTIONS}
    assert set(re.findall(r"\(#(\w+)\)", text())) - anchors == set()
    assert set(re.findall(r"`event:(\w+)", text())) - set(TITLES) == set()
    samples = " ".join(exposed())
    assert [name for name in re.findall(r"`(bff_[a-z_]+)", text()) if name not in samples] == []
