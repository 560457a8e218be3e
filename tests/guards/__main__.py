"""`python -m tests.guards [word ...]`: take each guard away, see its test fail.

Words choose the guards whose names or areas contain one of them.
Exits 1 where a guard's removal went unnoticed, or a guard is not where the list says.
`--table` writes the table of guards into `tests/README.md` instead.
"""

import argparse
import sys
import time
from collections import Counter

from tests.guards import trial
from tests.guards.guard import Guard
from tests.guards.listed import AREAS
from tests.guards.page import PAGE, with_table
from tests.guards.trial import Trial, Verdict


def main() -> int:
    """Do what is asked; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.guards", description=__doc__)
    parser.add_argument("words", nargs="*", help="only guards whose name or area has one of them")
    parser.add_argument("--table", action="store_true", help="write the table and try nothing")
    given = parser.parse_args()
    if given.table:
        PAGE.write_text(with_table(PAGE.read_text()))
        return 0
    guards = _chosen([word.lower() for word in given.words])
    if not guards:
        print("No guard has such a name.")
        return 1
    trial.lay_out()
    return _told([_tried(guard, f"{at}/{len(guards)}") for at, guard in enumerate(guards, 1)])


def _chosen(words: list[str]) -> list[Guard]:
    return [
        guard
        for area, guards in AREAS.items()
        for guard in guards
        if not words or any(word in f"{area} {guard.name}".lower() for word in words)
    ]


def _tried(guard: Guard, place: str) -> Trial:
    started = time.monotonic()
    done = trial.tried(guard)
    took_s = round(time.monotonic() - started)
    print(f"{place:>6}  {done.verdict:8} {took_s:3} s  {guard.name}", flush=True)
    if done.verdict is not Verdict.noticed:
        print(f"        {' '.join(guard.tests)}\n        {done.last}", flush=True)
    return done


def _told(trials: list[Trial]) -> int:
    found = Counter(one.verdict for one in trials)
    print(", ".join(f"{found[verdict]} {verdict}" for verdict in Verdict if found[verdict]))
    return 0 if found[Verdict.noticed] == len(trials) else 1


if __name__ == "__main__":
    sys.exit(main())
