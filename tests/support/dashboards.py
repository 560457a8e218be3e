"""What dashboards and rules ask for, and whether a running Prometheus has an answer."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from tests.support import catalogue

ROOT: Final = Path(__file__).parents[2]
DASHBOARDS: Final = ROOT / "deploy" / "grafana" / "dashboards"
PAGES: Final = tuple(
    ROOT / "services" / service / "METRICS.md" for service in ("escrow", "registry-sync", "alerts")
)
EMPTY_IS_GOOD: Final = "没有数据是好消息"
"""How the generator marks a panel that shows nothing while nothing is wrong."""

VARIABLES: Final = {
    "$__rate_interval": "5m",
    "$__range": "7d",
    "$__interval": "1m",
    "$district": ".*",
}
_STRINGS: Final = re.compile(r'"[^"]*"|\{[^}]*\}')
_NAME: Final = re.compile(r"(?<![\w:$])(tuition_\w+|up|ALERTS|[a-z_]+:[a-z0-9_:]+)\b")


@cache
def known_metrics() -> frozenset[str]:
    """Return every name that a catalogue or a recording rule has, as it is asked for."""
    found = {"up", "ALERTS"}
    for page in PAGES:
        for row in catalogue.documented(page):
            is_spread = row.kind == "histogram"
            spread = ("_bucket", "_sum", "_count") if is_spread else ("",)
            found |= {row.name + part for part in spread}
    for file in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            found |= {rule["record"] for rule in group["rules"]}
    return frozenset(found)


def names_in(expr: str) -> set[str]:
    """Return the metrics that an expression asks for."""
    return set(_NAME.findall(_STRINGS.sub("", expr)))


def boards() -> dict[str, dict[str, Any]]:
    """Return every dashboard by its file's stem."""
    files = sorted(DASHBOARDS.rglob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels of a dashboard that show something, without its rows."""
    return [panel for panel in board["panels"] if panel["type"] not in {"row", "text"}]


def queries(board: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each panel with each expression it asks Prometheus for, variables filled."""
    for panel in panels(board):
        for target in panel["targets"]:
            if "expr" in target:
                yield panel, filled(target["expr"])


def filled(expr: str) -> str:
    """Return an expression as Grafana would send it."""
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr


def empty_panels(prometheus_url: str) -> list[str]:
    """Return the panels of which no query has an answer, where emptiness is no good news.

    Each is named `dashboard: panel`; an expression that Prometheus refuses fails at once.
    """
    empty = []
    with httpx.Client(base_url=prometheus_url) as client:
        for stem, board in boards().items():
            answered: dict[str, bool] = {}
            for panel, expr in queries(board):
                found = _answer(client, expr)
                answered[panel["title"]] = answered.get(panel["title"], False) or found
                answered[panel["title"]] |= EMPTY_IS_GOOD in panel["description"]
            empty += [f"{stem}: {title}" for title, known in answered.items() if not known]
    return empty


def _answer(client: httpx.Client, expr: str) -> bool:
    answer = client.get("/api/v1/query", params={"query": expr})
    assert answer.is_success, f"{expr}: {answer.text}"
    return bool(answer.json()["data"]["result"])
