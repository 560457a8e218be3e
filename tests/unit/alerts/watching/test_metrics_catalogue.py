"""The catalogue of metrics says what the code shows: names, types, labels, bounds."""

import re
from pathlib import Path

from alerts import app, exporter, worker
from alerts.intake import pull
from alerts.notices import metrics
from alerts.settings import Settings
from alerts.watching import instruments
from alerts.watching.catalogue import METRICS, SERIES_MAX
from alerts.watching.words import FEEDS, RULES, SEVERITIES
from tests.support import catalogue
from tests.support.catalogue import Row

PAGE = Path(__file__).parents[4] / "services" / "alerts" / "METRICS.md"
PROMISED = 13_000


def counted_in_the_worker() -> dict[Row, int]:
    """Return what sending and judging count, and the series of one set of labels of each."""
    sent = Row("tuition_alerts_deliveries_total", "counter", tuple(metrics.DELIVERIES._labelnames))
    return {
        sent: 2,
        **{
            Row(one._name, one._type, tuple(one._labelnames)): len(one._upper_bounds) + 3
            for one in (instruments.DETECTION_DELAY, instruments.RULE_DURATION)
        },
    }


def label_sets() -> dict[str, int]:
    """Return how many sets of labels each labelled metric of a process can have."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1/nothing")
    paths = {route.path for route in app.build(settings).state.routes}
    written = "".join(Path(one.__file__).read_text() for one in (worker, exporter))
    loops = len(re.findall(r"Loop\(\"", written))
    assert loops, "worker and exporter name their loops where they run them"
    return {
        **catalogue.every_service(len(paths), loops),
        "tuition_alerts_feed_events_total": len(FEEDS) * len(pull.OUTCOMES),
        "tuition_alerts_feed_last_read_timestamp_seconds": len(FEEDS),
        metrics.DELIVERIES._name + "_total": len(metrics.KINDS) * len(metrics.RESULTS),
        instruments.DETECTION_DELAY._name: len(SEVERITIES) + 1,
        instruments.RULE_DURATION._name: len(RULES),
    }


def in_code() -> dict[Row, int]:
    """Return every metric of the processes and of the exporter, with the series it can have."""
    each = {**catalogue.shown("alerts"), **counted_in_the_worker()}
    sets = label_sets()
    own = {Row(one.name, one.kind, one.labels): one.most for one in METRICS.values()}
    return {**{row: n * sets.get(row.name, 1) for row, n in each.items()}, **own}


def test_the_page_is_what_the_code_shows() -> None:
    on_page, shown = set(catalogue.documented(PAGE)), set(in_code())
    assert on_page - shown == set(), "on the page and not in the code"
    assert shown - on_page == set(), "in the code and not on the page"


def test_every_name_is_on_the_page_once() -> None:
    names = catalogue.names(PAGE)
    assert len(names) == len(set(names))


def test_no_metric_can_have_more_series_than_said() -> None:
    said = catalogue.documented(PAGE)
    excess = {row.name: n for row, n in in_code().items() if n > said.get(row, 0)}
    assert excess == {}


def test_the_exporters_bounds_are_on_the_page() -> None:
    said = {row.name: most for row, most in catalogue.documented(PAGE).items()}
    assert {name: said[name] for name in METRICS} == {
        name: one.most for name, one in METRICS.items()
    }


def test_all_of_it_fits_what_was_promised() -> None:
    assert SERIES_MAX < PROMISED
