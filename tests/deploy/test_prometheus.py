"""What Prometheus and Alertmanager are told: it parses, fires when due, and reaches people."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import watchers
from tests.support import catalogue, dashboards

DEPLOY = watchers.DEPLOY
Tool = Callable[[str], Path]
JOBS = ("escrow", "escrow-work", "registry", "registry-work", "alerts", "alerts-work")
VALUES = watchers.values_of(
    watchers.Watched(
        targets=dict.fromkeys((*JOBS, "alerts-export"), "127.0.0.1:1"),
        bridge_url="http://127.0.0.1:8002/v1/notices/alertmanager",
        key="none",
        case_url="https://yike.example/cases/",
        deadman_url="https://deadman.example/beat",
    ),
    (9090, 9093),
    Path("bridge.key"),
)
HEADINGS = ("含义", "影响", "先看哪里", "怎么办", "何时升级")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watching")
    watchers.render(VALUES, folder)
    (folder / "bridge.key").touch()
    return folder


def ask(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((DEPLOY / "prometheus" / folder).glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield file.stem, rule


ALERTS = [rule for _, rule in rules("alerts")]
NAMES = sorted({rule["alert"] for rule in ALERTS})


def test_every_rule_is_one_that_promtool_takes(tool: Tool, rendered: Path) -> None:
    files = [*rendered.glob("prometheus/rules/*.yml"), *rendered.glob("prometheus/alerts/*.yml")]
    assert len(files) > 8
    ask(tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *files)


def test_the_whole_configuration_is_one_that_promtool_takes(tool: Tool, rendered: Path) -> None:
    said = ask(tool("promtool"), "check", "config", rendered / "prometheus" / "prometheus.yml")
    assert "rule files found" in said


@pytest.mark.parametrize(
    "file", sorted((DEPLOY / "prometheus" / "tests").glob("*.yml")), ids=lambda file: file.stem
)
def test_alerts_fire_when_they_should_and_not_otherwise(tool: Tool, file: Path) -> None:
    ask(tool("promtool"), "test", "rules", file.name, cwd=file.parent)


def test_every_alert_is_tested_both_ways() -> None:
    told = "".join(file.read_text() for file in (DEPLOY / "prometheus" / "tests").glob("*.yml"))
    fires = set(re.findall(r"name: (\w+) fires", told))
    rests = set(re.findall(r"name: (\w+) rests", told))
    assert set(NAMES) - fires - {"Watchdog"} == set()
    assert set(NAMES) - rests - {"Watchdog"} == set()


def test_alerts_and_recordings_ask_for_metrics_that_exist() -> None:
    known = dashboards.known_metrics()
    asked = {
        name
        for folder in ("rules", "alerts")
        for _, rule in rules(folder)
        for name in dashboards.names_in(rule["expr"])
    }
    assert asked - known == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_says_what_to_do(name: str) -> None:
    runbook = (DEPLOY / "runbooks" / f"{name}.md").read_text()
    assert re.findall(r"^## (.+)$", runbook, re.MULTILINE) == list(HEADINGS)
    for rule in (one for one in ALERTS if one["alert"] == name):
        told = rule["annotations"]
        assert told["runbook_url"] == f"%RUNBOOK_URL%/{name}.md"
        assert re.fullmatch(r"%GRAFANA_URL%/d/yike-[a-z]+", told["dashboard_url"])
        assert ("case_url" in told) == ("case_id" in rule["annotations"]["description"])
        assert re.search(r"[\u4e00-\u9fff]", told["summary"] + told["description"])


def test_every_alert_has_an_audience_and_a_severity() -> None:
    for rule in ALERTS:
        labels = rule["labels"]
        assert labels["audience"] in {"supervisor", "operator", "both", "deadman"}
        assert labels.get("severity") in {"critical", "warning", "info", None}
        if "severity" not in labels:
            assert "case_" in rule["expr"], "only a case brings its own severity"


def test_a_gap_in_scraping_resolves_nothing() -> None:
    short = [
        rule["alert"]
        for rule in ALERTS
        if rule["alert"] != "Watchdog" and rule.get("keep_firing_for") not in {"15m", "30m", "1h"}
    ]
    assert short == []


def test_no_runbook_is_without_its_alert() -> None:
    assert {file.stem for file in (DEPLOY / "runbooks").glob("*.md")} == set(NAMES)


def test_no_group_of_rules_has_a_limit() -> None:
    """Past a group's limit Prometheus clears every alert of it: the exporter bounds instead."""
    for file in (DEPLOY / "prometheus").glob("*/*.yml"):
        assert "limit:" not in re.sub(r"#.*", "", file.read_text()), file


def test_every_scrape_is_bounded_above_what_a_catalogue_allows() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    limits = {job["job_name"]: job.get("sample_limit", 0) for job in jobs}
    pages = {"escrow": "escrow", "registry": "registry-sync", "alerts": "alerts"}
    for job, service in pages.items():
        page = DEPLOY.parent / "services" / service / "METRICS.md"
        shown = catalogue.documented(page).items()
        of_a_process = sum(
            most for row, most in shown if row.name.startswith(("tuition_http", "tuition_work"))
        )
        assert limits[job] > of_a_process


def test_alertmanager_takes_its_configuration(tool: Tool, rendered: Path) -> None:
    said = ask(
        tool("amtool"), "check-config", rendered / "alertmanager" / "alertmanager.yml", cwd=rendered
    )
    assert "SUCCESS" in said


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=TuitionCaseOpen audience=supervisor severity=critical", "bridge"),
        ("alertname=TuitionCaseOpen audience=supervisor severity=warning", "bridge"),
        ("alertname=TuitionCaseOpen audience=supervisor severity=info", "nobody"),
        ("alertname=TuitionExporterDown audience=operator severity=critical", "operators,nobody"),
        ("alertname=TuitionBureauCaseFlood audience=both severity=warning", "operators,bridge"),
        ("alertname=Watchdog audience=deadman severity=info", "deadman"),
        ("alertname=Unheard", "bridge"),
    ],
)
def test_an_alert_reaches_who_it_concerns(
    tool: Tool, rendered: Path, labels: str, receivers: str
) -> None:
    config = rendered / "alertmanager" / "alertmanager.yml"
    command = [tool("amtool"), "config", "routes", "test", f"--config.file={config}"]
    assert ask(*command, *labels.split(), cwd=rendered).strip() == receivers


def test_inhibitions_name_only_labels_that_both_sides_have() -> None:
    rules_of = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
    found = rules_of["inhibit_rules"]
    assert len(found) <= 5
    assert {label for one in found for label in one.get("equal", ())} <= {"institution_id", "rule"}


def test_a_blank_without_a_value_is_refused() -> None:
    with pytest.raises(KeyError, match="UNHEARD"):
        watchers.fill("a: %UNHEARD%", VALUES)
