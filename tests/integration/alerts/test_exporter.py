"""The exporter: what the tables hold is what Prometheus sees, within its bounds."""

from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from alerts.watching import serving
from alerts.watching.catalogue import METRICS, SERIES_MAX
from alerts.watching.collector import Cases
from shared.errors import ServiceError
from shared.pg.database import Database
from tests.support.cases import found_institutions, open_cases
from tests.support.postgres import MakeDatabase, alerts_url, run_sql

A = "tuition_alerts_"
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Shown:
    """One exporter on one database, and what a scrape of it says."""

    def __init__(self, owner_url: str, cases_max: int = 2_000) -> None:
        self.owner_url = owner_url
        self.database = Database(alerts_url(owner_url), application="exporter")
        self.cases = Cases(self.database, cases_max)
        self.registry = CollectorRegistry()
        self.registry.register(self.cases)

    async def scrape(self) -> Series:
        """Read the tables anew and return every series."""
        await self.cases.refresh()
        return self.scrape_again()

    def scrape_again(self) -> Series:
        """Return every series of the last reading."""
        page = generate_latest(self.registry) + self.cases.page
        families = text_string_to_metric_families(page.decode())
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }


@pytest.fixture
async def shown(fresh_database: MakeDatabase) -> AsyncIterator[Shown]:
    found = Shown(fresh_database())
    yield found
    await found.database.close()


def at(series: Series, name: str, **labels: str) -> float | None:
    return series.get((A + name, frozenset(labels.items())))


def named(series: Series, name: str) -> list[dict[str, str]]:
    return [dict(labels) for found, labels in series if found == A + name]


async def test_an_empty_installation_shows_zeros_and_no_case(shown: Shown) -> None:
    series = await shown.scrape()
    outcome = {"rule": "structuring", "mode": "live", "outcome": "error"}
    assert at(series, "rule_evaluations_total", **outcome) == 0
    assert at(series, "cases_by_state", state="new", severity="critical") == 0
    assert at(series, "case_series_truncated") == 0
    assert named(series, "case_opened_timestamp_seconds") == []


async def test_every_series_is_one_the_catalogue_names(shown: Shown) -> None:
    found_institutions(shown.owner_url, 1, 8)
    open_cases(shown.owner_url, 1, 5)
    _seed_the_rest(shown.owner_url)
    series = await shown.scrape()
    promised = {}
    for metric in METRICS.values():
        if metric.kind == "histogram":
            promised[f"{metric.name}_bucket"] = {*metric.labels, "le"}
            promised[f"{metric.name}_count"] = promised[f"{metric.name}_sum"] = {*metric.labels}
        else:
            promised[metric.name] = {*metric.labels}
    strange = [
        name for name, labels in series if promised.get(name) != {word for word, _ in labels}
    ]
    assert strange == []
    assert set(promised) == {name for name, _ in series}


async def test_what_the_tables_hold_is_shown(shown: Shown) -> None:
    found_institutions(shown.owner_url, 1, 4)
    open_cases(shown.owner_url, 1, 1, severity="'critical'")
    open_cases(shown.owner_url, 2, 3, state="closed")
    _seed_the_rest(shown.owner_url)
    series = await shown.scrape()
    assert at(series, "cases", district_code="320602", severity="critical") == 1
    assert at(series, "cases", district_code="320602", severity="warning") == 0
    assert at(series, "cases_opened_total", district_code="320602", severity="warning") == 2
    assert at(series, "cases_by_state", state="closed", severity="warning") == 2
    assert at(series, "supervised_balance_yuan", district_code="320602") == 40
    assert at(series, "min_balance_gap_yuan", district_code="320602") == 8
    assert at(series, "institutions", district_code="320602", risk="critical") == 1
    outcome = {"rule": "structuring", "mode": "live", "outcome": "indeterminate"}
    assert at(series, "rule_evaluations_total", **outcome) == 7
    why = {"rule": "structuring", "reason": "short_history"}
    assert at(series, "rule_indeterminate_total", **why) == 7
    assert at(series, "rule_enabled", rule="structuring", mode="shadow") == 1
    (remaining,) = named(series, "clearance_remaining_yuan")
    assert at(series, "clearance_remaining_yuan", **remaining) == 36
    reached = {"milestone": "close", "severity": "warning"}
    assert at(series, "milestone_duration_seconds_count", **reached) == 1
    assert at(series, "milestone_duration_seconds_bucket", **reached, le="7200") == 1
    assert at(series, "milestone_duration_seconds_bucket", **reached, le="3600") == 0
    assert at(series, "cases_closed_total", rule="large_outflow_24h", **{"class": "explained"}) == 1


async def test_a_closed_case_leaves_what_is_shown(shown: Shown) -> None:
    found_institutions(shown.owner_url, 1, 1)
    open_cases(shown.owner_url, 1, 1)
    assert len(named(await shown.scrape(), "case_opened_timestamp_seconds")) == 1
    run_sql(shown.owner_url, "UPDATE alerts.\"case\" SET state = 'closed', due_at = NULL")
    assert named(await shown.scrape(), "case_opened_timestamp_seconds") == []


async def test_past_the_cap_the_gravest_and_oldest_cases_are_shown(
    fresh_database: MakeDatabase,
) -> None:
    shown = Shown(fresh_database(), cases_max=10)
    grave = "CASE WHEN n % 5 = 0 THEN 'critical' ELSE 'warning' END"
    open_cases(shown.owner_url, 1, 30, severity=grave)
    series = await shown.scrape()
    found = named(series, "case_opened_timestamp_seconds")
    assert {one["institution_id"] for one in found if one["severity"] == "critical"} == {
        f"I{n}" for n in range(5, 31, 5)
    }
    assert {one["institution_id"] for one in found if one["severity"] == "warning"} == {
        f"I{n}" for n in range(1, 5)
    }
    assert at(series, "case_series_truncated") == 20
    assert at(series, "cases", district_code="320602", severity="warning") == 24
    await shown.database.close()


async def test_districts_past_the_cap_are_added_up(shown: Shown) -> None:
    found_institutions(shown.owner_url, 1, 250, district="(100000 + n)::text")
    open_cases(shown.owner_url, 1, 250, district="(100000 + n)::text")
    series = await shown.scrape()
    assert len(named(series, "supervised_balance_yuan")) == 201
    assert at(series, "supervised_balance_yuan", district_code="other") == 500
    assert at(series, "cases", district_code="other", severity="warning") == 50
    assert len(series) < SERIES_MAX


async def test_instants_are_told_by_the_scrapers_clock(shown: Shown) -> None:
    open_cases(shown.owner_url, 1, 1)
    (labels,) = named(await shown.scrape(), "case_due_timestamp_seconds")
    before = at(shown.scrape_again(), "case_due_timestamp_seconds", **labels)
    run_sql(shown.owner_url, "UPDATE access.clock SET offset_s = 3600")
    after = at(await shown.scrape(), "case_due_timestamp_seconds", **labels)
    assert before is not None
    assert after == before - 3600


async def test_a_reading_that_fails_leaves_the_last_one_and_is_counted(shown: Shown) -> None:
    open_cases(shown.owner_url, 1, 1)
    first = await shown.scrape()
    run_sql(shown.owner_url, 'ALTER TABLE alerts."case" RENAME TO gone')
    with pytest.raises((ServiceError, Exception), match="case"):
        await shown.cases.refresh()
    series = shown.scrape_again()
    assert series[("tuition_exporter_snapshot_errors_total", frozenset())] == 1
    taken = ("tuition_exporter_snapshot_timestamp_seconds", frozenset())
    assert series[taken] == first[taken] > 0
    assert len(named(series, "case_opened_timestamp_seconds")) == 1


async def test_a_raised_case_lowers_no_counter(shown: Shown) -> None:
    open_cases(shown.owner_url, 1, 1)
    run_sql(shown.owner_url, "UPDATE alerts.\"case\" SET severity = 'critical'")
    series = await shown.scrape()
    assert at(series, "cases", district_code="320602", severity="critical") == 1
    assert at(series, "cases_opened_total", district_code="320602", severity="warning") == 1
    assert at(series, "cases_opened_total", district_code="320602", severity="critical") == 0


async def test_a_scrape_carries_the_page_packed_or_plain(shown: Shown) -> None:
    open_cases(shown.owner_url, 1, 1)
    await shown.cases.refresh()
    with serving.shown(0, "127.0.0.1", lambda: shown.cases.page, shown.registry) as port:
        url = f"http://127.0.0.1:{port}/metrics"
        async with httpx.AsyncClient() as client:
            plain = await client.get(url, headers={"accept-encoding": "identity"})
            packed = await client.get(url, headers={"accept-encoding": "gzip"})
            nothing = await client.get(url.replace("metrics", "other"))
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.text == packed.text
    assert "tuition_alerts_case_opened_timestamp_seconds{" in plain.text
    assert "tuition_exporter_snapshot_timestamp_seconds" in plain.text
    assert nothing.status_code == 404


SEEDS = """
INSERT INTO alerts.evaluated
    VALUES ('structuring', 'live', 'indeterminate', '', 'short_history', 7, now());
INSERT INTO alerts.parameters
    (rule, district_code, version, state, params, params_hash, made_by, made_at, reason)
    VALUES ('structuring', '', 1, 'shadow', '{}', '', 'somebody', now(), 'to try it');
INSERT INTO alerts.feed VALUES ('escrow', '1', now(), now());
INSERT INTO alerts.campaign VALUES (gen_random_uuid(), '示例清零', '320600', NULL,
    current_date + 30, current_date + 10, 'somebody', now());
INSERT INTO alerts.report
    (kind, district_code, day, report_no, first_day, made_by, made_at, body, hash)
    VALUES ('daily', '320602', current_date, 1, current_date, 'somebody', now(), '{}', '');
INSERT INTO alerts.notice (notice_id, dedup_key, channel, kind, severity, body, made_at,
    due_at, next_try_at, state)
    VALUES ('00000000-0000-0000-0000-000000000001', 'one', 'a', 'wecom', 'critical', '{}',
    now(), now(), now(), 'waiting');
INSERT INTO alerts.case_event
    SELECT institution_id, case_id, 1, opened_at + interval '5000 seconds', 'somebody',
    'supervisor', 'closed', 'classified', 'closed', '示例', '{"class": "explained"}', '', ''
    FROM alerts."case" WHERE case_id = lpad('2', 32, '0')::uuid;
"""


def _seed_the_rest(owner_url: str) -> None:
    """Put one row into every other table that is read."""
    for statement in SEEDS.split(";\n")[:-1]:
        run_sql(owner_url, statement)
