"""Break the domain in every way that mutmut knows, and count what the tests notice.

Unit and property tests only; below 85 % of the breaks noticed, this fails.
The survivors are printed by name; `.venv/bin/mutmut show <name>` shows one.
"""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

REACH_PERCENT = 85

_ROOT = Path(__file__).parents[1]
_MUTMUT = Path(sys.executable).with_name("mutmut")
_NOTICED = {"killed", "timeout", "caught by type check", "segfault"}


def main() -> int:
    """Run mutmut from scratch, print the score, return the exit code."""
    shutil.rmtree(_ROOT / "mutants", ignore_errors=True)
    run = subprocess.run([_MUTMUT, "run"], cwd=_ROOT, check=False)
    if run.returncode != 0:
        print("mutmut itself did not run to its end; see above.")
        return run.returncode
    results = _results()
    noticed = sum(results[state] for state in _NOTICED)
    total = sum(results.values())
    if total == 0:
        print("Nothing was mutated: see [tool.mutmut] in pyproject.toml.")
        return 1
    percent = 100 * noticed // total
    print(f"Noticed {noticed} of {total} breaks: {percent} % (at least {REACH_PERCENT} %)")
    print("  " + ", ".join(f"{state} {count}" for state, count in results.most_common()))
    return 0 if percent >= REACH_PERCENT else 1


def _results() -> Counter[str]:
    """Count mutants by what became of them; print those that nobody noticed."""
    listed = subprocess.run(
        [_MUTMUT, "results", "--all", "true"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found: Counter[str] = Counter()
    for line in listed.splitlines():
        name, _, state = line.strip().rpartition(": ")
        if name:
            found[state] += 1
            if state not in _NOTICED:
                print(f"  {state}: {name}")
    return found


if __name__ == "__main__":
    sys.exit(main())
