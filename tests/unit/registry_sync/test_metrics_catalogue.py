"""The catalogue of metrics says what the code shows: names, types, labels, bounds."""

import re
from pathlib import Path

from registry_sync import app, worker
from registry_sync.domain.words import BatchFault, HoldReason, RowFault, Status
from registry_sync.settings import SOURCES_MAX, Settings
from tests.support import catalogue

PAGE = Path(__file__).parents[3] / "services" / "registry-sync" / "METRICS.md"

ANSWERS = 8 + 5
"""Eight answers by name, any other status by its hundred."""

CHANGES = 5 * 2 + 1
"""Added, modified, revoked, restored, missing: applied or held; and rows set aside."""


def label_sets() -> dict[str, int]:
    """Return how many sets of labels each labelled metric can have."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1/nothing")
    paths = {route.path for route in app.build(settings).state.routes}
    loops = len(re.findall(r"Loop\(\"", Path(worker.__file__).read_text()))
    assert loops, "the worker names its loops where it runs them"
    by_source = {
        "tuition_registry_changes_total": CHANGES,
        "tuition_registry_fetches_total": ANSWERS + len(BatchFault),
        "tuition_registry_records": len(Status),
        "tuition_registry_held_changes": len(HoldReason),
        "tuition_registry_quarantined_records": len(RowFault),
        "tuition_registry_last_success_timestamp_seconds": 1,
        "tuition_registry_last_change_timestamp_seconds": 1,
        "tuition_registry_expected_interval_seconds": 1,
        "tuition_registry_cursor": 1,
    }
    return {
        **catalogue.every_service(len(paths), loops),
        **{name: SOURCES_MAX * sets for name, sets in by_source.items()},
        "tuition_registry_propagation_seconds": 1,
    }


def test_the_catalogue_is_what_the_code_shows() -> None:
    on_page, in_code = set(catalogue.documented(PAGE)), set(catalogue.shown("registry_sync"))
    assert on_page - in_code == set(), "on the page and not in the code"
    assert in_code - on_page == set(), "in the code and not on the page"


def test_every_name_is_on_the_page_once() -> None:
    names = catalogue.names(PAGE)
    assert len(names) == len(set(names))


def test_no_metric_can_have_more_series_than_said() -> None:
    assert catalogue.excess(PAGE, "registry_sync", label_sets()) == {}
