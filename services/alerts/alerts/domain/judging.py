"""One way from a view to outcomes, for live, shadow, backtest and replay alike.

A rule that fails is an outcome, not an end: the others go on, and somebody is told.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from alerts.domain.outcome import Outcome, Severity, Verdict
from alerts.domain.rule import Params, Rule
from alerts.domain.view import FactView

EVERYWHERE: Final = ""
"""The district of values that hold where no nearer one has its own."""

PRESET: Final = 0
"""The version of the presets that the rule itself brings."""


class Mode(StrEnum):
    """Whether hits open cases, or are only kept to compare."""

    live = "live"
    shadow = "shadow"


@dataclass(frozen=True, slots=True)
class Edition:
    """A rule with the values that hold for a district: what exactly judges."""

    rule: Rule
    params: Params
    params_hash: str
    district_code: str = EVERYWHERE
    """The district that set the values, not the institution's."""
    version: int = PRESET
    mode: Mode = Mode.live


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else bears on a judging, besides the facts."""

    silenced: frozenset[str] = frozenset()
    """Rules that an officer suppressed for the institution."""
    has_confirmed_case: bool = False
    """Whether a case of the institution was confirmed before: then hits weigh one step more."""


NONE: Final = Circumstances()


def edition_of(
    rule: Rule,
    params: Mapping[str, int] | None = None,
    district_code: str = EVERYWHERE,
    version: int = PRESET,
    mode: Mode = Mode.live,
) -> Edition:
    """Return a rule with its presets, or with values that a district set."""
    held = {**rule.presets, **(params or {})}
    return Edition(rule, held, hash_of(rule, held), district_code, version, mode)


def hash_of(rule: Rule, params: Params) -> str:
    """Return what tells one set of values of one version of a rule from every other."""
    named = json.dumps([rule.key, rule.version, dict(params)], sort_keys=True)
    return sha256(named.encode()).hexdigest()[:16]


def judge(
    view: FactView, edition: Edition, circumstances: Circumstances = NONE
) -> tuple[Outcome, ...]:
    """Judge one institution by one rule: never nothing, and never an exception."""
    try:
        found = edition.rule.evaluate(view, edition.params)
    except Exception as fault:  # noqa: BLE001 - a broken rule must not silence the others
        return (Outcome(Verdict.error, reason=type(fault).__name__),)
    if len(found) == 1 and found[0].verdict is Verdict.no_hit:
        return found
    return tuple(_settled(one, edition, circumstances) for one in found)


def _settled(outcome: Outcome, edition: Edition, circumstances: Circumstances) -> Outcome:
    """Weigh a hit by the institution's past, mute it where an officer said so, name the values."""
    if outcome.verdict is not Verdict.hit:
        return outcome
    severity = outcome.severity
    assert severity is not None, "a hit says how grave it is"
    if circumstances.has_confirmed_case and severity is Severity.warning:
        severity = Severity.critical
    is_silenced = edition.rule.key in circumstances.silenced and severity is not Severity.critical
    return replace(
        outcome,
        severity=severity,
        verdict=Verdict.suppressed if is_silenced else Verdict.hit,
        sentence=f"{outcome.sentence}（{_values(edition)}）",
    )


def _values(edition: Edition) -> str:
    where = f"辖区 {edition.district_code}" if edition.district_code else "全国"
    version = f"参数 v{edition.version}" if edition.version else "预设参数"
    return f"{version}，{where}"
