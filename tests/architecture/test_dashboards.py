"""The dashboard and the alert rules ask for metrics that exist, in PromQL that parses."""

import json
import re
from types import SimpleNamespace

import pytest
import yaml  # type: ignore[import-untyped]
from promql_parser import parse as parse_promql

from bff.adapters.metrics import Metrics
from tests.architecture.tree import ROOT

FOLDER = ROOT / "docs/operations"
METRIC = re.compile(r"\bbff_[a-z_]+")


def expressions() -> list[str]:
    """Every query of both files."""
    dashboard = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load((FOLDER / "prometheus-alerts.yaml").read_text(encoding="utf-8"))
    return [
        *(target["expr"] for panel in dashboard["panels"] for target in panel["targets"]),
        *(rule["expr"] for group in rules["groups"] for rule in group["rules"]),
    ]


def exposed() -> set[str]:
    """Every sample name there can be."""
    metrics = Metrics()
    metrics.watch_trail(SimpleNamespace(written=0, dropped=0, failed_writes=0, buffered=0))
    metrics.watch_redis(SimpleNamespace(trips={"api": 0}))
    metrics.watch_cache(SimpleNamespace(hits=0, misses=0))
    names: set[str] = set()
    for family in metrics.registry.collect():
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        names.update(family.name + ending for ending in endings.get(family.type, ("",)))
    return names


@pytest.mark.req("S11")
@pytest.mark.parametrize("expression", expressions())
def test_a_query_parses_and_asks_for_what_exists(expression: str) -> None:
    """A panel that shows nothing for ever is worse than none."""
    parse_promql(expression)
    assert set(METRIC.findall(expression)) - exposed() == set()


@pytest.mark.req("S11")
def test_metric_names_carry_their_units() -> None:
    """Seconds, totals; never milliseconds."""
    assert [name for name in exposed() if re.search(r"_(ms|millis|minutes)\b", name)] == []
