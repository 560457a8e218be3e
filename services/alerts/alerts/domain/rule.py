"""What a rule is: a key, its parameters with their limits, and one pure function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from alerts.domain.outcome import Outcome
from alerts.domain.view import FactView

Params: TypeAlias = Mapping[str, int]
"""Values of a rule's parameters by name: fen, basis points, days, counts."""

YUAN: Final = 100
"""Fen of a yuan, for thresholds that documents state in yuan."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One preset that a district may set otherwise, within limits."""

    name: str
    default: int
    low: int
    high: int
    unit: str
    """fen, bps, days, hours, count."""
    basis: str
    """The document or place the preset comes from; "design" where we proposed it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue."""

    number: str
    """R01 to R22."""
    key: str
    title: str
    """In Chinese, as supervisors read it."""
    version: int
    """Raised with every change of what the function does."""
    parameters: tuple[Parameter, ...]
    evaluate: Callable[[FactView, Params], tuple[Outcome, ...]]
    """Never empty: `(NO_HIT,)` where nothing was found; several where scopes differ."""

    @property
    def presets(self) -> dict[str, int]:
        """Return the values that hold where nobody set others."""
        return {one.name: one.default for one in self.parameters}


def faults_of(rule: Rule, params: Mapping[str, object]) -> list[str]:
    """Return what is wrong with a set of values, one sentence each; nothing where all is well."""
    known = {one.name: one for one in rule.parameters}
    faults = [f"{name} is no parameter of {rule.key}" for name in params if name not in known]
    for name, one in known.items():
        value = params.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            faults.append(f"{name} must be a whole number ({one.unit})")
        elif not one.low <= value <= one.high:
            faults.append(f"{name} must be from {one.low} to {one.high} ({one.unit})")
    return faults
