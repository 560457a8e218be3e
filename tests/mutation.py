"""Break the domain in every way that mutmut knows, and count what the tests notice.

Unit and property tests only; below 85 % of the breaks noticed, this fails.
Everything happens in a copy, `.data/mutation`, where each package lies at the top, as mutmut
expects. The survivors are printed by name; to see one:
`cd .data/mutation && ../../.venv/bin/mutmut show <name>`.

    python tests/mutation.py [pattern ...]      only the breaks whose names match
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

REACH_PERCENT = 85

_ROOT = Path(__file__).parents[1]
_COPY = _ROOT / ".data" / "mutation"
_MUTMUT = str(Path(sys.executable).with_name("mutmut"))
_PARTS = {
    "services/escrow/escrow": "escrow",
    "shared/shared": "shared",
    "deploy/sandbox/sandbox": "sandbox",
    "tests": "tests",
}
_NOTICED = frozenset({"killed", "timeout", "segfault", "caught by type check"})
# Few examples, the same ones each time: a break must be noticed by rule, not by luck.
_ENVIRONMENT = {"HYPOTHESIS_PROFILE": "mutation"}


def main(patterns: list[str]) -> int:
    """Run mutmut in a fresh copy, print the score, return the exit code."""
    _copy()
    command = [_MUTMUT, "run", *patterns]
    run = subprocess.run(command, cwd=_COPY, env=os.environ | _ENVIRONMENT, check=False)
    if run.returncode != 0:
        print("mutmut itself did not run to its end; see above.")
        return run.returncode
    found = _results()
    tried = sum(found.values()) - found["not checked"]
    if tried == 0:
        print("Nothing was tried: see [tool.mutmut] in pyproject.toml.")
        return 1
    noticed = sum(found[state] for state in _NOTICED)
    print(", ".join(f"{state} {count}" for state, count in found.most_common()))
    print(f"Noticed {noticed} of {tried} breaks: {100 * noticed / tried:.1f} %", end=" ")
    print(f"(at least {REACH_PERCENT} %)")
    return 0 if 100 * noticed >= REACH_PERCENT * tried else 1


def _copy() -> None:
    """Lay out a fresh copy of the packages, the tests and the tools' configuration."""
    shutil.rmtree(_COPY, ignore_errors=True)
    _COPY.mkdir(parents=True)
    for source, target in _PARTS.items():
        ignored = shutil.ignore_patterns("__pycache__", ".data")
        shutil.copytree(_ROOT / source, _COPY / target, ignore=ignored)
    shutil.copy(_ROOT / "pyproject.toml", _COPY)


def _results() -> Counter[str]:
    """Count the breaks by what became of them; print those that nobody noticed."""
    command = [_MUTMUT, "results", "--all", "true"]
    listed = subprocess.run(command, cwd=_COPY, capture_output=True, text=True, check=True).stdout
    found: Counter[str] = Counter()
    for line in listed.splitlines():
        name, _, state = line.strip().rpartition(": ")
        if not name:
            continue
        found[state] += 1
        if state not in _NOTICED and state != "not checked":
            print(f"  {state}: {name}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
