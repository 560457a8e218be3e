"""Take one guard away in a copy of the checkout, and look whether its test notices.

The copy, `.data/guards`, has every file that is tracked or new, in its own place; the tests
run there with the copy's packages before the installed ones.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest

from tests.guards.guard import Edit, Guard

ROOT: Final = Path(__file__).parents[2]
COPY: Final = ROOT / ".data" / "guards"
TIMEOUT_S: Final = 600
"""Longer than any of these tests takes, even on a busy machine."""


_PYTEST: Final = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis")
_FAILED: Final = re.compile(r"^FAILED (\S+?(?:::\w+)+)", re.MULTILINE)
"""A line of pytest's summary: a test that failed, not one that could not begin."""
_TIMED_OUT: Final = "from pytest-timeout"
"""A busy machine fails a test as well: that says nothing of the guard."""

_MOMENTS: Final = itertools.count(1)


class Verdict(StrEnum):
    """What became of a trial."""

    noticed = "noticed"
    """Every test of the guard failed, as it should."""
    missed = "MISSED"
    """A test passed without the guard."""
    stale = "STALE"
    """The guard is no longer where the list says."""
    unclear = "UNCLEAR"
    """The tests did not run to their end: an edit that breaks the syntax, a test renamed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A guard, what became of its trial, and pytest's last line."""

    guard: Guard
    verdict: Verdict
    last: str


def lay_out() -> None:
    """Make a fresh copy of every file that is tracked, or new and not ignored."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, COPY / name)


def tried(guard: Guard) -> Trial:
    """Take a guard away, run its tests, put it back."""
    if gone(guard.edits, COPY):
        return Trial(guard, Verdict.stale, "")
    kept = {edit.file: (COPY / edit.file).read_text() for edit in guard.edits}
    try:
        for edit in guard.edits:
            text = (COPY / edit.file).read_text()
            _write(COPY / edit.file, text.replace(edit.old, edit.new))
        return _run(guard)
    finally:
        for file, text in kept.items():
            _write(COPY / file, text)


def _write(path: Path, text: str) -> None:
    """Write a text as of a moment of its own, so that nothing compiled before is taken for it."""
    path.write_text(text)
    moment = next(_MOMENTS)
    os.utime(path, (moment, moment))


def gone(edits: Iterable[Edit], root: Path) -> list[Edit]:
    """Return the edits whose text no longer stands in its file, or stands there twice."""
    return [
        edit
        for edit in edits
        if not (root / edit.file).is_file() or (root / edit.file).read_text().count(edit.old) != 1
    ]


def _run(guard: Guard) -> Trial:
    first = ["-x"] if len(guard.tests) == 1 else []  # one failure says enough
    command = [sys.executable, *_PYTEST, *first, *guard.tests]
    try:
        run = subprocess.run(
            command,
            cwd=COPY,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Trial(guard, Verdict.unclear, f"no end within {TIMEOUT_S} s")
    last = (run.stdout.strip() or run.stderr.strip()).rpartition("\n")[2]
    failed = set(_FAILED.findall(run.stdout))
    if _TIMED_OUT in run.stdout:
        return Trial(guard, Verdict.unclear, last)
    if failed.issuperset(guard.tests):
        return Trial(guard, Verdict.noticed, last)
    is_over = run.returncode in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    is_clear = is_over and " error" not in last
    return Trial(guard, Verdict.missed if is_clear else Verdict.unclear, last)


def _environment() -> dict[str, str]:
    """Return this environment, with the copy's packages first and no server of anybody's."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    packages = [COPY, COPY / "shared", COPY / "deploy" / "sandbox", *COPY.glob("services/*")]
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, packages))}
