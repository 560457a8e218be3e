"""The chart: what was caught beside what it cost, and how early."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl

from sandbox.misbehaving.acts import Failure
from tests.year.summing_up import Outcome

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "yike"  # the same figures make the same file

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of where to draw

_COLOURS: Final = ("#4c78a8", "#54a24b", "#e45756", "#f58518", "#b279a2")


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Draw both charts into one file."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.6), layout="constrained")
    for one, colour in zip(outcomes, _COLOURS, strict=False):
        left.scatter(one.per_officer_week, one.caught, s=90, color=colour, label=one.name)
    left.axvline(1, color="#999999", linewidth=1, linestyle="--")
    left.axhline(27, color="#999999", linewidth=1, linestyle="--")
    left.set(
        title="Caught of 30, and false cases per officer and week",
        xlabel="false cases per officer and week",
        ylabel="caught",
        ylim=(0, 31),
        xscale="symlog",
    )
    left.legend(frameon=False, loc="lower right")
    kinds = list(Failure)
    for place, (one, colour) in enumerate(zip(outcomes, _COLOURS, strict=False)):
        spots = [
            (kinds.index(catch.kind) + (place - 1.5) * 0.18, catch.lead_days)
            for catch in one.catches
            if catch.lead_days is not None
        ]
        right.scatter([x for x, _ in spots], [y for _, y in spots], s=18, color=colour)
    right.set(title="Days of lead before the money is gone", xticks=range(len(kinds)))
    right.set_xticklabels([kind.value for kind in kinds], rotation=20)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
