"""The sets of values that the year is judged by: the presets, and those proposed for a city.

The city's values were chosen on another year (seed 2025) than the one of the table (seed 2026).
Each says what it gives up.
"""

from collections.abc import Mapping
from typing import Final

from tests.year.watching import Values

_YUAN: Final = 100

CITY: Final[Values] = {
    "unusual_spend": {"profile_days": 200, "purpose_fen": 20_000 * _YUAN},
    "outflow_anomaly": {"spread_fen": 20_000 * _YUAN},
    "rapid_in_out": {"least_fen": 50_000 * _YUAN},
    "min_balance_breach": {"least_bps": 10_000},
    "coverage_shortfall": {"least_bps": 10_000},
    "release_prohibited_time": {"warning_lessons": 10},
    "refund_surge": {"backlog_working_days": 15},
    "registry_adverse": {"expiry_days": 7},
}

SETS: Final[Mapping[str, Values]] = {"presets": {}, "city": CITY}
