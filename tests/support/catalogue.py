"""What a catalogue of metrics says, and what the code shows."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ROW = re.compile(r"\| `(tuition_\w+)` \| (\w+) \| ([^|]+) \| ([0-9,]+) \| [^|]+ \|")

METHODS = 8
"""Seven methods by name, and `other`."""

STATUSES = 14
"""200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503."""

OUTCOMES_OF_A_ROUND = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One metric, as the page or the code has it."""

    name: str
    kind: str
    labels: tuple[str, ...]


def names(page: Path) -> list[str]:
    """Return the names on a page, in its order."""
    return [row[0] for row in _ROW.findall(page.read_text())]


def documented(page: Path) -> dict[Row, int]:
    """Return the rows of a page and their bounds."""
    found = {}
    for name, kind, labels, most in _ROW.findall(page.read_text()):
        named = () if labels.strip() == "-" else tuple(labels.strip().split(", "))
        found[Row(name, kind, named)] = int(most.replace(",", ""))
    return found


@cache
def shown(package: str) -> dict[Row, int]:
    """Return what a service and its worker register, and the series of one set of labels.

    In a process of its own: other tests register metrics of theirs in this one.
    """
    printed = subprocess.run(
        [sys.executable, "-c", _PRINT.format(package=package)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {
        Row(name, kind, tuple(labels)): _series_of_a_set(kind, buckets)
        for name, kind, labels, buckets in json.loads(printed)
    }


def _series_of_a_set(kind: str, buckets: int) -> int:
    created = 1
    if kind == "histogram":
        return buckets + 2 + created
    return 1 + created if kind == "counter" else 1


_PRINT = """
import json
import {package}.app, {package}.worker
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
found = [one for one in REGISTRY._collector_to_names if isinstance(one, MetricWrapperBase)]
print(json.dumps([
    (one._name + "_total" * (one._type == "counter"), one._type, one._labelnames,
     len(getattr(one, "_upper_bounds", ())))
    for one in found
]))
"""


def every_service(paths: int, loops: int) -> dict[str, int]:
    """Return the sets of labels of the metrics that every service has."""
    places = (paths + 1) * METHODS
    return {
        "tuition_build_info": 1,
        "tuition_http_requests_total": places * STATUSES,
        "tuition_http_request_duration_seconds": places,
        "tuition_http_faults_total": 2,
        "tuition_work_rounds_total": loops * OUTCOMES_OF_A_ROUND,
        "tuition_work_round_duration_seconds": loops,
        "tuition_work_last_success_timestamp_seconds": loops,
    }


def excess(page: Path, package: str, sets: dict[str, int]) -> dict[str, int]:
    """Return the metrics that can have more series than their page says, and how many.

    A labelled metric whose sets of labels nobody counted can have any number.
    """
    uncounted = [row.name for row in shown(package) if row.labels and row.name not in sets]
    assert not uncounted, uncounted
    most = documented(page)
    possible = {row: each * sets.get(row.name, 1) for row, each in shown(package).items()}
    return {row.name: n for row, n in possible.items() if n > most.get(row, 0)}
