"""The rules of money, in the order of their numbers: R01 to R10, and R22."""

from typing import Final

from alerts.domain.rule import Rule
from alerts.domain.rules import outflow

MONEY_RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((*outflow.RULES,), key=lambda rule: rule.number)
)
