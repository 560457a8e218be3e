"""The benchmark runs from end to end, tiny: its figures mean nothing, its books verify."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ASKED = {"--seconds": "1", "--rows": "400", "--institutions": "4", "--rate": "300"}


@pytest.mark.slow
def test_a_tiny_run_measures_every_case_and_its_books_verify(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--connections", "2", "--results", tmp_path]
    command += [
        "--folder",
        tmp_path / "cluster",
        *(word for pair in ASKED.items() for word in pair),
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads((tmp_path / "bench.json").read_text())
    assert {one["name"] for one in found["results"]} == {
        "batches",
        "full",
        "steady",
        "hot",
        "single",
    }
    for one in found["results"]:
        assert one["lessons_per_s"] > 0, one["name"]
        assert (one["not_released"], one["statuses"], one["lost"]) == (0, {}, 0), one["name"]
    assert found["ratio"] > 0
    assert len(found["verified"]) == 2
    assert "Reach" in (tmp_path / "bench.md").read_text()
    assert "<svg" in (tmp_path / "bench.svg").read_text()
