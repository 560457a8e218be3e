"""The chart: throughput beside what is to be reached, and latency."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl

from tests.bench.cases import Result, Target

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "yike"  # the same figures make the same file

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of where to draw

_BAR: Final = "#4c78a8"
_REACH: Final = "#e45756"
_AIM: Final = "#54a24b"
_PERCENTILES: Final = (("p50_ms", "p50"), ("p90_ms", "p90"), ("p99_ms", "p99"), ("max_ms", "max"))
_SHADES: Final = ("#9ecae9", "#6baed6", "#3182bd", "#08519c")


def draw(results: Sequence[Result], targets: Mapping[str, Target], path: Path) -> None:
    """Draw both charts into one file."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.6), layout="constrained")
    places = range(len(results))
    names = [one.name for one in results]
    bars = left.bar(places, [one.lessons_per_s for one in results], 0.55, color=_BAR)
    left.bar_label(bars, [f"{one.lessons_per_s:,}" for one in results], padding=2)
    for place, one in zip(places, results, strict=True):
        target = targets[one.name]
        for level, colour in ((target.reach, _REACH), (target.aim, _AIM)):
            left.hlines(level, place - 0.4, place + 0.4, color=colour, linewidth=2)
    left.plot([], [], color=_REACH, label="to reach")
    left.plot([], [], color=_AIM, label="aim")
    left.legend(frameon=False)
    left.set(title="Released lessons per second", xticks=list(places), xticklabels=names)
    for number, (field, label) in enumerate(_PERCENTILES):
        offsets = [place + (number - 1.5) * 0.2 for place in places]
        values = [getattr(one, field) for one in results]
        right.bar(offsets, values, 0.2, color=_SHADES[number], label=label)
    right.set(title="Latency in ms", xticks=list(places), xticklabels=names, yscale="log")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
