"""`python -m tests.bench`: measure, write the results, exit 1 where the books do not verify."""

import argparse
import sys
from pathlib import Path

from tests.bench import report
from tests.bench.cases import CASES, STEADY
from tests.bench.run import ROOT, Asked, Bench


def main() -> int:
    """Run what is asked."""
    names = [one.name for one in CASES]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="length of each case")
    parser.add_argument("--rows", type=int, default=5_000_000, help="movements of history")
    parser.add_argument("--institutions", type=int, default=1_000)
    parser.add_argument("--cases", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument(
        "--connections", type=int, default=0, help="for batches of 30; 0: find the best"
    )
    parser.add_argument("--rate", type=int, default=STEADY.rate, help="lessons/s in open loop")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("results"))
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".data" / "bench", help="of the cluster"
    )
    given = parser.parse_args()
    asked = Asked(
        given.seconds,
        given.rows,
        given.institutions,
        given.cases.split(","),
        given.connections,
        given.rate,
        given.folder,
    )
    run = Bench(asked).play()
    report.write(run, given.results)
    print(f"\n{report.page(run)}\nWritten to {given.results}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
