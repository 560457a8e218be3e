"""The dashboards: generated, whole, and asking only for what somebody shows."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import dashboards

GRAFANA = dashboards.ROOT / "deploy" / "grafana"
BOARDS = dashboards.boards()
SOURCES = {"prometheus", "grafana-postgresql-datasource"}


def test_what_is_committed_is_what_is_generated(tmp_path: Path) -> None:
    subprocess.run([sys.executable, GRAFANA / "generate.py", tmp_path], check=True)
    made = {file.relative_to(tmp_path): file.read_text() for file in tmp_path.rglob("*.json")}
    kept = {
        file.relative_to(dashboards.DASHBOARDS): file.read_text()
        for file in dashboards.DASHBOARDS.rglob("*.json")
    }
    assert made == kept, "run `python deploy/grafana/generate.py` and commit what it writes"


def test_there_are_eight() -> None:
    assert len(BOARDS) == 8
    assert len({board["uid"] for board in BOARDS.values()}) == 8


@pytest.mark.parametrize("stem", BOARDS)
def test_every_panel_says_what_it_shows(stem: str) -> None:
    board = BOARDS[stem]
    titles = [panel["title"] for panel in board["panels"]]
    assert len(set(titles)) == len(titles)
    for panel in board["panels"]:
        assert panel["title"]
        assert panel["description"].rstrip("。"), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]


@pytest.mark.parametrize("stem", BOARDS)
def test_every_source_is_a_variable_of_the_dashboard(stem: str) -> None:
    board = BOARDS[stem]
    named = {
        one["name"]: one["query"]
        for one in board["templating"]["list"]
        if one["type"] == "datasource"
    }
    for panel in board["panels"]:
        for source in (panel["datasource"], *(one["datasource"] for one in panel["targets"])):
            assert source["type"] in SOURCES
            assert named[source["uid"].strip("${}")] == source["type"]


@pytest.mark.parametrize("stem", BOARDS)
def test_panels_ask_only_for_metrics_that_exist(stem: str) -> None:
    asked = {
        name for _, expr in dashboards.queries(BOARDS[stem]) for name in dashboards.names_in(expr)
    }
    assert asked - dashboards.known_metrics() == set()
    assert asked or "sql" in json.dumps(BOARDS[stem]).lower()


def test_a_metric_that_nobody_shows_is_found() -> None:
    assert dashboards.names_in('sum(rate(tuition_invented_total{rule="x"}[5m]))') == {
        "tuition_invented_total"
    }
    assert "tuition_invented_total" not in dashboards.known_metrics()


@pytest.mark.parametrize("stem", BOARDS)
def test_no_aggregate_is_by_institution(stem: str) -> None:
    for panel, expr in dashboards.queries(BOARDS[stem]):
        assert "by (institution_id" not in expr, panel["title"]


def test_every_query_is_one_that_promtool_takes(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    rules = [
        {"record": f"asked:{stem}:{number}", "expr": expr}
        for stem, board in BOARDS.items()
        for number, (_, expr) in enumerate(dashboards.queries(board))
    ]
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    done = subprocess.run(
        [tool("promtool"), "check", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(rules) > 60


def test_every_dashboard_that_an_alert_names_exists() -> None:
    uids = {board["uid"] for board in BOARDS.values()}
    for file in (dashboards.ROOT / "deploy" / "prometheus" / "alerts").glob("*.yml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                named = rule["annotations"]["dashboard_url"].rpartition("/")[2]
                assert named in uids, rule["alert"]


def test_provisioning_lets_nobody_change_a_dashboard() -> None:
    said = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "yike.yml").read_text())
    (provider,) = said["providers"]
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["foldersFromFilesStructure"] is True
    sources = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "yike.yml").read_text())
    assert {one["type"] for one in sources["datasources"]} == SOURCES
    assert not any(one["editable"] for one in sources["datasources"])
