"""The pieces that dashboards are made of: panels with title, description, unit and queries.

Plain dictionaries in Grafana's own shape; nothing is imported but the language.
"""

# ruff: noqa: INP001 - a script's folder is no package

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

EMPTY_IS_GOOD: Final = "没有数据是好消息"
"""Ends the description of a panel that shows nothing while nothing is wrong."""

WIDTH: Final = 24
HEIGHT: Final = 8
PROMETHEUS: Final[Json] = {"type": "prometheus", "uid": "${prometheus}"}
POSTGRES: Final[Json] = {"type": "grafana-postgresql-datasource", "uid": "${postgres}"}
_KINDS: Final = {"stat", "timeseries", "table", "bargauge", "heatmap"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, asking Prometheus in PromQL or, with `sql`, PostgreSQL."""

    kind: str
    title: str
    says: str
    unit: str
    queries: Sequence[tuple[str, str]]
    """Legend and query."""
    width: int = 8
    empty_is_good: bool = False
    is_sql: bool = False
    thresholds: Sequence[tuple[int, str]] = ()
    """From which value which colour."""

    def json(self, number: int, place: tuple[int, int]) -> Json:
        """Return the panel as Grafana reads it, at a place of the grid."""
        assert self.kind in _KINDS, self.kind
        steps = [{"color": "green", "value": None}]
        steps += [{"color": colour, "value": value} for value, colour in self.thresholds]
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.says + (f"（{EMPTY_IS_GOOD}）" if self.empty_is_good else ""),
            "datasource": POSTGRES if self.is_sql else PROMETHEUS,
            "gridPos": {"x": place[0], "y": place[1], "w": self.width, "h": HEIGHT},
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "thresholds": {"mode": "absolute", "steps": steps},
                },
                "overrides": [],
            },
            "options": _options(self.kind),
            "targets": [self._target(n, *query) for n, query in enumerate(self.queries)],
        }

    def _target(self, number: int, legend: str, query: str) -> Json:
        ref = chr(ord("A") + number)
        if self.is_sql:
            return {
                "refId": ref, "datasource": POSTGRES, "format": "table",
                "rawQuery": True, "editorMode": "code", "rawSql": query,
            }  # fmt: skip
        is_now = self.kind in {"stat", "table", "bargauge"}
        return {
            "refId": ref, "datasource": PROMETHEUS, "expr": query, "legendFormat": legend,
            "instant": is_now, "range": not is_now,
            "format": {"table": "table", "heatmap": "heatmap"}.get(self.kind, "time_series"),
        }  # fmt: skip


def _options(kind: str) -> Json:
    if kind == "stat":
        return {"colorMode": "value", "reduceOptions": {"calcs": ["lastNotNull"]}}
    if kind == "timeseries":
        return {"legend": {"displayMode": "list", "placement": "bottom"}}
    return {}


def board(stem: str, title: str, tags: Sequence[str], panels: Sequence[Panel]) -> Json:
    """Return a dashboard whose panels stand in rows, in their order."""
    placed, x, y = [], 0, 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > WIDTH:
            x, y = 0, y + HEIGHT
        placed.append(panel.json(number, (x, y)))
        x += panel.width
    return {
        "uid": f"yike-{stem}",
        "title": title,
        "tags": ["yike", *tags],
        "schemaVersion": 39,
        "editable": False,
        "timezone": "Asia/Shanghai",
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": _variables(panels)},
        "panels": placed,
    }


def _variables(panels: Sequence[Panel]) -> list[Json]:
    """Return the data sources that the panels name, and what they filter by."""
    found = []
    if any(not panel.is_sql for panel in panels):
        found.append(_source("prometheus", "prometheus"))
    if any(panel.is_sql for panel in panels):
        found.append(_source("postgres", "grafana-postgresql-datasource"))
    asked = " ".join(query for panel in panels for _, query in panel.queries)
    if "${institution" in asked:
        found.append({"type": "textbox", "name": "institution", "label": "统一社会信用代码"})
    if "$district" in asked:
        values = "label_values(tuition_alerts_supervised_balance_yuan, district_code)"
        found.append(
            {
                "type": "query", "name": "district", "label": "区划", "datasource": PROMETHEUS,
                "query": {"query": values, "refId": "district"}, "refresh": 2,
                "includeAll": True, "multi": True, "allValue": ".*",
                "current": {"text": "All", "value": "$__all"},
            }
        )  # fmt: skip
    return found


def _source(name: str, kind: str) -> Json:
    return {"type": "datasource", "name": name, "label": name, "query": kind}
