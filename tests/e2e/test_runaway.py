"""A runaway, end to end: money leaves, an alert fires, a notice arrives, people close the case.

Prometheus, Alertmanager and the exporter are real. In between nobody can read the exporter, and
then it is dead: nothing is resolved by that. What ends the alert is that the case was closed.
"""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from sandbox import children, watchers
from sandbox.children import Child
from shared.time import business_day
from tests.e2e.alerting import SOON_S, Bureau, drain, enrol
from tests.e2e.launching import Sandbox, env, wait_until
from tests.e2e.parties import Json, Parties, ok
from tests.integration.shared.ports import free_port
from tests.support.postgres import alerts_url

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

DISTRICT = "320583"
PUPILS = 30
TAKEN = (4_500_000, 4_600_000, 4_400_000)
"""Each below what is large by itself; together nearly all there is."""

MAIN = "large_outflow_24h"
JOB = 'job="alerts-export"'
MISSED = 4
"""Scrapes that fail before we look whether the alert still stands."""

ONLY = f'{{source_labels: [district_code], regex: "{DISTRICT}", action: keep}}'
QUICK: dict[str, tuple[tuple[str, str], ...]] = {
    "prometheus/prometheus.yml": (
        ("scrape_interval: 30s", "scrape_interval: 1s"),
        ("scrape_timeout: 10s", "scrape_timeout: 1s"),
        ("evaluation_interval: 30s", "evaluation_interval: 1s"),
        (
            "alerting:\n",
            f"alerting:\n  alert_relabel_configs:\n    - {ONLY}\n",
        ),
    ),
    "alertmanager/alertmanager.yml": (
        (r"group_wait: \w+", "group_wait: 1s"),
        (r"group_interval: \w+", "group_interval: 2s"),
    ),
}
"""What a story cannot wait for, and other stories' cases left out; the rules are production's."""


@dataclass
class Watch:
    """An exporter, Prometheus and Alertmanager of this story's own."""

    sandbox: Sandbox
    folder: Path
    ports: tuple[int, int, int]
    """Prometheus's, Alertmanager's, the exporter's."""
    programs: list[Child]
    exporter: Child | None = None

    def export(self) -> None:
        """Start the exporter, and wait until it is read."""
        told = {
            "ALERTS_DATABASE_URL": alerts_url(self.sandbox.told["database_url"]),
            "ALERTS_ENVIRONMENT": "sandbox",
            "ALERTS_EXPORTER_PORT": str(self.ports[2]),
        }
        log = self.folder / "export.log"
        self.exporter = children.spawn("export", ["alerts", "export"], {**env(), **told}, log)
        wait_until(lambda: self.ask(f"up{{{JOB}}} == 1") != [], SOON_S)

    def send(self, number: signal.Signals) -> None:
        """Send the exporter a signal."""
        assert self.exporter is not None
        os.kill(self.exporter.pid, number)

    def kill(self) -> None:
        """End the exporter as a crash does, and see it gone."""
        self.send(signal.SIGKILL)
        exporter = self.exporter
        wait_until(lambda: exporter is not None and not exporter.is_running)

    def ask(self, query: str) -> list[Json]:
        """Ask Prometheus."""
        url = f"http://127.0.0.1:{self.ports[0]}/api/v1/query"
        found: list[Json] = ok(httpx.get(url, params={"query": query}))["data"]["result"]
        return found

    def wait_unread(self) -> None:
        """Wait until some scrapes in a row failed, and what was read passes for gone."""
        read = f"sum_over_time(up{{{JOB}}}[{MISSED}s])"
        tried = f"count_over_time(up{{{JOB}}}[{MISSED}s])"
        missed = f"{read} == 0 and {tried} >= {MISSED - 1}"
        gone = "absent(tuition_alerts_case_opened_timestamp_seconds)"
        wait_until(lambda: self.ask(missed) != [] and self.ask(gone) != [], SOON_S)

    def firing(self, place_id: str) -> dict[str, Json]:
        """Return the alerts that Alertmanager holds of an institution, by case."""
        url = f"http://127.0.0.1:{self.ports[1]}/api/v2/alerts"
        wanted = {"filter": ['alertname="TuitionCaseOpen"', f'institution_id="{place_id}"']}
        answer = httpx.get(url, params=wanted)
        assert answer.status_code == httpx.codes.OK, answer.text
        return {one["labels"]["case_id"]: one for one in answer.json()}

    def reload(self, changes: dict[str, tuple[tuple[str, str], ...]]) -> None:
        """Change the configuration and let both read it anew."""
        for name, pairs in changes.items():
            path = self.folder / "state" / name
            text = path.read_text("utf-8")
            for said, instead in pairs:
                assert re.search(said, text), f"{name} no longer says {said}"
                text = re.sub(said, instead, text)
            path.write_text(text, "utf-8")
        for child in self.programs:
            os.kill(child.pid, signal.SIGHUP)


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of the district."""
    bureau = Bureau(sandbox, DISTRICT)
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def watch(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Start Prometheus and Alertmanager as in production, and quicken them."""
    programs = watchers.installed()
    if programs is None:
        refuse = pytest.fail if os.environ.get("REQUIRE_TOOLS") == "1" else pytest.skip
        refuse(f"not installed: {watchers.INSTALL}")
    folder = tmp_path_factory.mktemp("watch")
    ports = (free_port(), free_port(), free_port())
    metrics = {
        name: httpx.URL(url).netloc.decode() for name, url in sandbox.told["metrics"].items()
    }
    watched = watchers.Watched(
        targets={**metrics, "alerts_export": f"127.0.0.1:{ports[2]}"},
        bridge_url=f"{sandbox.told['services']['alerts']}/v1/notices/alertmanager",
        key=sandbox.key("service"),
        case_url=f"{sandbox.told['services']['alerts']}/supervise/cases/",
    )
    started = watchers.start(programs, watched, folder / "state", folder, ports[:2])
    watch = Watch(sandbox, folder, ports, started)
    watch.reload(QUICK)
    yield watch
    for child in [*([watch.exporter] if watch.exporter else []), *reversed(started)]:
        child.stop()


@pytest.fixture(scope="module")
def school(bureau: Bureau) -> Parties:
    """Found an institution with fees in custody."""
    school = bureau.found(1, "示例虎丘绘画培训中心")
    enrol(school, PUPILS, bureau.now() - timedelta(days=8))
    return school


@pytest.fixture(scope="module")
def case(bureau: Bureau, school: Parties) -> Json:
    """Let nearly everything leave; return the case."""
    now = bureau.now()
    for number, amount in enumerate(TAKEN):
        drain(school, amount, now - timedelta(minutes=len(TAKEN) - number), f"RUN-{number}")
    return bureau.wait_case(school.place, MAIN, "critical")


@pytest.fixture(scope="module")
def fired(watch: Watch, school: Parties, case: Json) -> Json:
    """Wait until the case's alert fires; return it as Alertmanager holds it."""
    watch.export()
    wait_until(lambda: case["id"] in watch.firing(school.place.id), SOON_S)
    return watch.firing(school.place.id)[case["id"]]


@pytest.fixture(scope="module")
def worked(bureau: Bureau, school: Parties, watch: Watch, fired: Json) -> list[Json]:
    """Lead every case to its end but the last step, while nobody sees the exporter."""
    watch.send(signal.SIGSTOP)
    watch.wait_unread()
    watch.send(signal.SIGCONT)
    wait_until(lambda: watch.ask(f"up{{{JOB}}} == 1") != [], SOON_S)
    watch.kill()
    watch.wait_unread()
    cases = bureau.cases(school.place)
    for one in cases:
        bureau.do(one["id"], "acknowledge")
        bureau.interview(one["id"], "示例区教育局", "示例区公安分局")
        if one["rule"] == MAIN:
            bureau.classify(one["id"], "confirmed_loss", "三笔转出均无划拨指令，去向不明")
        else:
            bureau.classify(one["id"], "data_error", "与累计流出案同一笔资金，并案办理")
    return cases


def received(sandbox: Sandbox, *words: str) -> list[str]:
    """Return the county group's messages that have all these words."""
    params: Json = {"place": "wecom", "limit": 10_000}
    came = ok(httpx.get(f"{sandbox.told['robots']}/desk/received", params=params))["items"]
    return [one["text"] for one in came if all(word in one["text"] for word in words)]


def test_withdrawals_become_a_red_case(case: Json) -> None:
    assert case["amount_fen"] == sum(TAKEN)
    assert "流出 135,000.00 元（3 笔），占期初余额 93.7%" in case["sentence"]
    assert len(case["evidence"]) == len(TAKEN)


def test_the_case_s_alert_fires(fired: Json, school: Parties, case: Json) -> None:
    assert fired["status"]["state"] == "active"
    assert fired["labels"]["severity"] == "critical"
    assert fired["labels"]["rule"] == MAIN
    assert fired["annotations"]["summary"].startswith(school.place.name)
    assert fired["annotations"]["case_url"].endswith(f"/supervise/cases/{case['id']}")


def test_a_notice_names_whom_what_how_much_and_where(
    sandbox: Sandbox, school: Parties, case: Json, fired: Json
) -> None:
    words = (school.place.name, "24 小时累计大额流出", "涉及金额：135,000.00 元")
    link = f"{sandbox.told['services']['alerts']}/supervise/cases/{case['id']}"
    wait_until(lambda: received(sandbox, *words, link) != [], SOON_S)
    page = httpx.get(link, auth=("officer", sandbox.key("supervisor")), timeout=SOON_S)
    assert page.status_code == httpx.codes.OK
    assert case["sentence"] in page.text


def test_a_dead_exporter_resolves_nothing(
    sandbox: Sandbox, watch: Watch, school: Parties, fired: Json, worked: list[Json], case: Json
) -> None:
    standing = watch.firing(school.place.id)
    assert {one["id"] for one in worked} <= set(standing)
    assert standing[case["id"]]["startsAt"] == fired["startsAt"]
    watch.export()
    wait_until(lambda: watch.ask("tuition_alerts_case_opened_timestamp_seconds") != [], SOON_S)
    assert watch.firing(school.place.id)[case["id"]]["startsAt"] == fired["startsAt"]
    assert received(sandbox, "【解除】", school.place.name) == []


def test_a_red_case_that_was_nothing_takes_two_officers(
    bureau: Bureau, worked: list[Json], watch: Watch
) -> None:
    others = [one for one in worked if one["rule"] != MAIN]
    red = [one for one in others if one["severity"] == "critical"]
    assert red, "the account no longer covers what is held"
    for one in others:
        stands = bureau.do(one["id"], "close", reason="并案")
        assert (stands["state"] == "closed") == (one["severity"] != "critical")
    for one in red:
        again = bureau.officer.post(f"/v1/cases/{one['id']}/close", json={"reason": "并案"})
        assert again.json()["code"] == "second_officer_needed"
        assert bureau.do(one["id"], "close", by=bureau.second, reason="同意")["state"] == "closed"


def test_a_closed_case_ends_its_alert_and_says_so(
    sandbox: Sandbox, bureau: Bureau, school: Parties, watch: Watch, worked: list[Json], case: Json
) -> None:
    day = str(business_day(bureau.now()) + timedelta(days=10))
    police: Json = {
        "department": "示例区公安分局",
        "document_no": "示例移〔2026〕1号",
        "deadline": day,
    }
    bureau.do(case["id"], "referrals", **police)
    closed = bureau.do(case["id"], "close", by=bureau.second, reason="公安已立案并冻结账户")
    assert closed["state"] == "closed"
    watch.reload(
        {"prometheus/alerts/cases.yml": (("keep_firing_for: 15m", "keep_firing_for: 1s"),)}
    )
    wait_until(lambda: case["id"] not in watch.firing(school.place.id), SOON_S)
    wait_until(
        lambda: received(sandbox, f"【解除】{school.place.name}", "24 小时累计大额流出") != [],
        SOON_S,
    )
    told = bureau.read(case["id"])
    assert told["chain"]["is_intact"]
    actors = {one["step"]: one["actor"] for one in told["history"]}
    assert actors["acknowledged"] != actors["closed"]
