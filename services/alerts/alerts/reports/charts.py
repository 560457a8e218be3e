"""Charts as inline SVG: no script, no style of their own, whole numbers only.

A chart is an image with a title and a sentence; its numbers stand in a table beside it, so that
nobody depends on seeing it. The shades differ in print too.
"""

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Final

from markupsafe import Markup

from shared.money import yuan

WIDTH: Final = 720
HEIGHT: Final = 260
_LEFT: Final = 96
_RIGHT: Final = 26
_TOP: Final = 30
_BOTTOM: Final = 34
_STEPS: Final = 4
_LABELS_MAX: Final = 13

Series = tuple[str, Sequence[int]]


def bars(chart_id: str, title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Return groups of bars, one for each label; amounts are fen, what is negative shows as 0."""
    scale = _Scale(max((value for _, values in series for value in values), default=0))
    room = _plot_width() // max(1, len(labels))
    thick = max(2, (room - 8) // max(1, len(series)))
    drawn = [scale.grid(), _legend([name for name, _ in series])]
    for at, label in enumerate(labels):
        left = _LEFT + at * room + 4
        drawn.append(_label(left + (room - 8) // 2, label))
        for number, (_, values) in enumerate(series):
            high = scale.height(values[at])
            drawn.append(
                f'<rect class="s{number}" x="{left + number * thick}" y="{_ground() - high}"'
                f' width="{max(1, thick - 1)}" height="{high}"/>'
            )
    told = "；".join(f"{name}合计 {yuan(sum(values))} 元" for name, values in series)
    return _svg(chart_id, title, f"{told}。", drawn)


def line(
    chart_id: str,
    title: str,
    name: str,
    points: Sequence[tuple[date, int]],
    limit: tuple[str, int] | None = None,
) -> Markup:
    """Return amounts over days as a line, and a limit across them; amounts are fen."""
    most = max([value for _, value in points] + ([limit[1]] if limit else []), default=0)
    scale = _Scale(most)
    last = max(1, len(points) - 1)
    places = [
        (_LEFT + at * _plot_width() // last, _ground() - scale.height(value))
        for at, (_, value) in enumerate(points)
    ]
    path = " ".join(f"{x},{y}" for x, y in places)
    drawn = [scale.grid(), _legend([name, *([limit[0]] if limit else [])])]
    drawn.append(f'<polyline class="l0" points="{path}"/>')
    if limit:
        y = _ground() - scale.height(limit[1])
        drawn.append(f'<line class="l1" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
    every = -(-len(points) // _LABELS_MAX)
    drawn += [
        _label(places[at][0], points[at][0].strftime("%m-%d"))
        for at in range(len(points) - 1, -1, -max(1, every))
    ]
    told = f"期末 {yuan(points[-1][1])} 元" if points else "没有记录"
    bound = f"，{limit[0]} {yuan(limit[1])} 元" if limit else ""
    return _svg(chart_id, title, f"{name}{told}{bound}。", drawn)


class _Scale:
    """From fen to points of the drawing, with a round number at the top."""

    def __init__(self, most_fen: int) -> None:
        power = 1_000
        while 5 * power < most_fen:
            power *= 10
        self.top_fen = next(one for one in (power, 2 * power, 5 * power) if one >= most_fen)

    def height(self, fen: int) -> int:
        return max(0, fen) * (_ground() - _TOP) // self.top_fen

    def grid(self) -> str:
        drawn = []
        for step in range(_STEPS + 1):
            fen = self.top_fen * step // _STEPS
            y = _ground() - self.height(fen)
            drawn.append(f'<line class="g" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
            drawn.append(f'<text class="e" x="{_LEFT - 6}" y="{y + 4}">{yuan(fen)[:-3]}</text>')
        return "".join(drawn)


def _ground() -> int:
    return HEIGHT - _BOTTOM


def _plot_width() -> int:
    return WIDTH - _LEFT - _RIGHT


def _label(x: int, text: str) -> str:
    return f'<text class="m" x="{x}" y="{_ground() + 16}">{escape(text)}</text>'


def _legend(names: Sequence[str]) -> str:
    drawn = []
    for at, name in enumerate(names):
        x = _LEFT + at * 150
        drawn.append(f'<rect class="s{at}" x="{x}" y="6" width="12" height="12"/>')
        drawn.append(f'<text x="{x + 18}" y="16">{escape(name)}（元）</text>')
    return "".join(drawn)


def _svg(chart_id: str, title: str, told: str, drawn: Sequence[str]) -> Markup:
    name = escape(chart_id)
    return Markup(  # noqa: S704 - every text was escaped, every number is ours
        f'<svg class="chart" role="img" aria-labelledby="{name}-t {name}-d"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}"><title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(told)}</desc>{"".join(drawn)}</svg>'
    )
