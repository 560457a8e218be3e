"""`python -m tests.year`: play the year, judge it, write the table; exit 1 where a rule failed."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from tests.year import fixed, reporting
from tests.year.days import FIRST, LAST
from tests.year.places import places
from tests.year.planting import planted
from tests.year.summing_up import Outcome, best_fixed, of_fixed, of_rules
from tests.year.values import SETS
from tests.year.watching import Watched, watch

SEED = 2026


def main() -> int:
    """Play what is asked for and write the results."""
    parser = argparse.ArgumentParser(prog="python -m tests.year", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--institutions", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("results"))
    given = parser.parse_args()
    watched = played(given.seed, given.institutions, given.jobs)
    outcomes, said = summed_up(watched, given.seed)
    reporting.write(outcomes, said, given.results)
    print(f"\n{reporting.page(outcomes, said)}\nWritten to {given.results}")
    faults = sorted({fault for one in watched for fault in one.faults})
    for fault in faults:
        print(f"A rule failed: {fault}", file=sys.stderr)
    return 1 if faults else 0


def played(seed: int, number: int, jobs: int) -> list[Watched]:
    """Return every institution of the year, watched; the largest first, to share the work."""
    city = places(seed, number)
    failures = planted(seed, city)
    city.sort(key=lambda place: -place.pupils)
    began = time.monotonic()
    found: list[Watched] = []
    one = partial(watch, sets=SETS, seed=seed, span=(FIRST, LAST))
    with Pool(jobs) as pool:
        asked = [
            pool.apply_async(one, (place, failures.get(place.institution_id))) for place in city
        ]
        for answer in asked:
            found.append(answer.get())
            if len(found) % 30 == 0:
                print(f"{len(found)} of {number}, {time.monotonic() - began:.0f} s", flush=True)
    return found


def summed_up(watched: Sequence[Watched], seed: int) -> tuple[list[Outcome], dict[str, Any]]:
    """Return what each way of watching came to, and what is said with it."""
    rules = [of_rules(watched, name) for name in SETS]
    most_false = rules[-1].false_cases
    best, words = best_fixed(watched, "fixed, at their best", most_false)
    outcomes = [*rules, of_fixed(watched, "fixed, as written", fixed.WRITTEN), best]
    said = {
        "seed": seed,
        "first": FIRST,
        "last": LAST,
        "institutions": len(watched),
        "planted": len(rules[0].catches),
        "events": sum(one.events for one in watched),
        "judgings": sum(one.judgings for one in watched),
        "generated_s": sum(one.generated_s for one in watched),
        "judged_s": sum(one.judged_s for one in watched),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}",
        "best_fixed": words,
    }
    return outcomes, said


if __name__ == "__main__":
    sys.exit(main())
