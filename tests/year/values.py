"""The sets of values that the year is judged by: the presets, and those proposed for a city.

The city's values were chosen on parts of this very year and of another (seed 2025), and not from
anything that the planted failures do: each takes away what is ordinary in the city. How they do
on a year that nobody has looked at is for another seed to say.
"""

from collections.abc import Mapping
from typing import Final

from tests.year.watching import Values

_YUAN: Final = 100

CITY: Final[Values] = {
    "large_outflow_single": {"least_fen": 100_000 * _YUAN, "least_bps": 2_500},
    "unusual_spend": {
        "profile_days": 200,
        "least_fen": 50_000 * _YUAN,
        "purpose_fen": 50_000 * _YUAN,
    },
    "outflow_anomaly": {"spread_fen": 50_000 * _YUAN},
    "rapid_in_out": {"least_fen": 100_000 * _YUAN},
    "min_balance_breach": {"least_bps": 10_000},
    "coverage_shortfall": {"least_bps": 10_000},
    "refund_surge": {"backlog_working_days": 15},
    "registry_adverse": {"expiry_days": 3},
}

SETS: Final[Mapping[str, Values]] = {"presets": {}, "city": CITY}
