"""The rules of money, in the order of their numbers: R01 to R10, and R22."""

from typing import Final

from alerts.domain.rule import Rule
from alerts.domain.rules import (
    anomaly,
    balance,
    blocked,
    dormant,
    outflow,
    spending,
    structuring,
)

MONEY_RULES: Final[tuple[Rule, ...]] = (
    *outflow.RULES,
    *balance.RULES,
    *spending.RULES,
    *structuring.RULES,
    *anomaly.RULES,
    *dormant.RULES,
    *blocked.RULES,
)
