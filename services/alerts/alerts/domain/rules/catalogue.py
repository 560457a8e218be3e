"""The catalogue of the 22 rules, by key, from R01 to R22."""

from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from alerts.domain.rule import Rule
from alerts.domain.rules.conduct import CONDUCT_RULES
from alerts.domain.rules.money import MONEY_RULES

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {one.key: one for one in sorted((*MONEY_RULES, *CONDUCT_RULES), key=attrgetter("number"))}
)
"""Every rule there is, in the order of their numbers."""
