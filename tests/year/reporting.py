"""The year's results as files: JSON for programs, Markdown for people, one chart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from sandbox.misbehaving.acts import Failure
from tests.year import chart
from tests.year.planting import HOW_MANY
from tests.year.summing_up import OFFICER_FOR, OPERATORS, Outcome
from tests.year.values import SETS

_WORDS: Mapping[Failure, str] = {
    Failure.runaway: "runaway 卷款",
    Failure.structuring: "structuring 拆分",
    Failure.fake_lessons: "fake lessons 虚假消课",
    Failure.off_account: "off-account collection 体外收费",
    Failure.refund_surge: "refund surge 退费激增",
    Failure.not_clearing: "cannot clear in time 清零逾期",
    Failure.dormant: "dormant account wakes 沉睡账户",
}


def write(outcomes: Sequence[Outcome], said: Mapping[str, Any], folder: Path) -> None:
    """Write all three files."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {"said": said, "outcomes": [_told(one) for one in outcomes]}
    text = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    (folder / "year.json").write_text(f"{text}\n")
    (folder / "year.md").write_text(page(outcomes, said))
    chart.draw(outcomes, folder / "year.svg")


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "caught": outcome.caught,
        "planted": len(outcome.catches),
        "false_cases": outcome.false_cases,
        "false_per_officer_week": round(outcome.per_officer_week, 2),
        "false_by": dict(sorted(outcome.false_by.items())),
        "catches": [asdict(one) | {"lead_days": one.lead_days} for one in outcome.catches],
    }


def page(outcomes: Sequence[Outcome], said: Mapping[str, Any]) -> str:
    """Return the page for people."""
    names = [one.name for one in outcomes]
    head = [
        "# A year of 300 institutions, and what was caught in it",
        "",
        (
            f"Seed {said['seed']}, {said['first']} to {said['last']}: {said['institutions']:,}"
            f" institutions, {said['events']:,} events, {said['planted']} planted failures."
            f" One officer for {OFFICER_FOR} institutions."
            " `python -m tests.year` writes this page; what is assumed of the city stands at the"
            " head of `tests/year/places.py`, `living.py`, `selling.py`,"
            " `giving_back.py`, `paying.py`, `registering.py` and of the plans in"
            " `deploy/sandbox/sandbox/misbehaving`; what the words mean, in `summing_up.py`."
        ),
        "",
        "![What was caught, and what it cost](year.svg)",
        "",
        f"| | {' | '.join(names)} |",
        f"|---|{'---:|' * len(names)}",
    ]
    rows = [_kind_row(kind, outcomes) for kind in HOW_MANY]
    rows += [
        _row("**caught of all**", [f"**{one.caught} of {len(one.catches)}**" for one in outcomes]),
        _row("false cases in the year", [f"{one.false_cases:,}" for one in outcomes]),
        _row(
            "**false cases per officer and week**",
            [f"**{one.per_officer_week:.2f}**" for one in outcomes],
        ),
        _row(
            "cases of silent feeds, for the operator",
            [f"{sum(one.false_by.get(rule, 0) for rule in OPERATORS):,}" for one in outcomes],
        ),
    ]
    return "\n".join([*head, *rows, "", *_notes(outcomes, said), ""])


def _row(title: str, cells: Sequence[str]) -> str:
    return f"| {title} | {' | '.join(cells)} |"


def _kind_row(kind: Failure, outcomes: Sequence[Outcome]) -> str:
    cells = []
    for one in outcomes:
        of_kind = [catch for catch in one.catches if catch.kind is kind]
        leads = sorted(catch.lead_days for catch in of_kind if catch.lead_days is not None)
        lead = f"; {median(leads):g} days ({leads[0]} to {leads[-1]})" if leads else ""
        cells.append(f"{len(leads)} of {len(of_kind)}{lead}")
    return _row(_WORDS[kind], cells)


def _notes(outcomes: Sequence[Outcome], said: Mapping[str, Any]) -> list[str]:
    lines = [
        (
            "Of each kind: caught, and the days of lead before the money is gone,"
            " as median (least to most)."
        ),
        "",
        f"Fixed thresholds at their best: {said['best_fixed']}.",
        (
            "They were chosen with the answers in hand, from all of a grid, to catch most"
            " at no more false cases than the rules cost: no bureau could choose better."
        ),
        "",
    ]
    for one in outcomes:
        if one.name in SETS:
            lines += _missed(one)
    lines += ["## False cases by rule", "", f"| rule | {' | '.join(SETS)} |", "|---|---:|---:|"]
    by_name = {one.name: one for one in outcomes}
    rules = sorted({rule for name in SETS for rule in by_name[name].false_by})
    for rule in rules:
        cells = [str(by_name[name].false_by.get(rule, 0)) for name in SETS]
        lines.append(_row(f"`{rule}`", cells))
    lines += ["", "## The city's values, where they are not the presets", ""]
    for rule, values in SETS["city"].items():
        told = ", ".join(f"{name} {value:,}" for name, value in values.items())
        lines.append(f"- `{rule}`: {told}")
    lines += [
        "",
        (
            f"Generating took {said['generated_s']:.0f} s and judging {said['judged_s']:.0f} s of"
            f" processor time ({said['judgings']:,} judgings of one rule), on {said['machine']}."
        ),
    ]
    return lines


def _missed(outcome: Outcome) -> list[str]:
    lines = [f"## Missed: {outcome.name}", ""]
    missed = [one for one in outcome.catches if one.caught_on is None]
    for one in missed:
        tip = f"; a tip-off came on {one.tipped_on}" if one.tipped_on else ""
        lines.append(
            f"- {_WORDS[one.kind]}, institution {one.number} ({one.pupils} pupils),"
            f" {one.start} to {one.gone_on}{tip}"
        )
    return [*lines, *([] if missed else ["Nothing."]), ""]
