"""The catalogue of metrics says what the code shows: names, types, labels, bounds."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from escrow import app, worker
from escrow.bank.client import Heard
from escrow.domain.accounts import AccountKind
from escrow.domain.commands import Command
from escrow.domain.instructions import UNFINISHED
from escrow.domain.outcomes import Outcome, Refusal
from escrow.domain.registry import TYPES
from escrow.events.registry import OUTCOMES
from escrow.ledger.gauges import BANKS_MAX
from escrow.ledger.verify import Scope
from escrow.settings import Settings

CATALOGUE = Path(__file__).parents[3] / "services" / "escrow" / "METRICS.md"

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


def documented() -> dict[Row, int]:
    """Return the rows of the page and their bounds."""
    found = {}
    for name, kind, labels, most in _ROW.findall(CATALOGUE.read_text()):
        named = () if labels.strip() == "-" else tuple(labels.strip().split(", "))
        found[Row(name, kind, named)] = int(most.replace(",", ""))
    return found


@cache
def shown() -> dict[Row, int]:
    """Return what the service and its worker register, and the series of one set of labels.

    In a process of its own: other tests register metrics of theirs in this one.
    """
    printed = subprocess.run(
        [sys.executable, "-c", _PRINT], capture_output=True, text=True, check=True
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
import escrow.app, escrow.worker
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
found = [one for one in REGISTRY._collector_to_names if isinstance(one, MetricWrapperBase)]
print(json.dumps([
    (one._name + "_total" * (one._type == "counter"), one._type, one._labelnames,
     len(getattr(one, "_upper_bounds", ())))
    for one in found
]))
"""


def label_sets() -> dict[str, int]:
    """Return how many sets of labels each labelled metric can have."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1/nothing")
    paths = {route.path for route in app.build(settings).state.routes}
    places = (len(paths) + 1) * METHODS
    loops = len(re.findall(r"_loop\(\"", Path(worker.__file__).read_text()))
    assert loops, "the worker names its loops where it runs them"
    answers = len(get_args(Outcome)) - 1 + len(Refusal)
    return {
        "tuition_build_info": 1,
        "tuition_http_requests_total": places * STATUSES,
        "tuition_http_request_duration_seconds": places,
        "tuition_http_faults_total": 2,
        "tuition_work_rounds_total": loops * OUTCOMES_OF_A_ROUND,
        "tuition_work_round_duration_seconds": loops,
        "tuition_work_last_success_timestamp_seconds": loops,
        "tuition_escrow_posted_total": len(get_args(Command)) * answers,
        "tuition_escrow_post_duration_seconds": 4,
        "tuition_escrow_balance_yuan": len(AccountKind),
        "tuition_escrow_instructions": len(UNFINISHED),
        "tuition_escrow_instruction_oldest_age_seconds": len(UNFINISHED),
        "tuition_escrow_statement_last_timestamp_seconds": BANKS_MAX,
        "tuition_escrow_dispatch_total": len(Heard),
        "tuition_escrow_registry_events_total": (len(TYPES) + 1) * len(OUTCOMES),
        "tuition_escrow_verification_findings": len(get_args(Scope)),
        "tuition_escrow_verified_timestamp_seconds": len(get_args(Scope)),
    }


def test_the_catalogue_is_what_the_code_shows() -> None:
    on_page, in_code = set(documented()), set(shown())
    assert on_page - in_code == set(), "on the page and not in the code"
    assert in_code - on_page == set(), "in the code and not on the page"


def test_every_name_is_on_the_page_once() -> None:
    names = [row[0] for row in _ROW.findall(CATALOGUE.read_text())]
    assert len(names) == len(set(names))


def test_no_metric_can_have_more_series_than_said() -> None:
    sets, most = label_sets(), documented()
    assert [row.name for row in shown() if row.labels and row.name not in sets] == []
    possible = {row: each * sets.get(row.name, 1) for row, each in shown().items()}
    assert {row.name: n for row, n in possible.items() if n > most.get(row, 0)} == {}
