"""Cases and everything written of them; the only writer of cases."""

from alerts.casebook.entering import (
    CONFIRMED_WITHIN,
    Withdrawal,
    open_or_join,
    prior_confirmed,
    propose_data_error,
)
from alerts.casebook.writing import lock

__all__ = [
    "CONFIRMED_WITHIN",
    "Withdrawal",
    "lock",
    "open_or_join",
    "prior_confirmed",
    "propose_data_error",
]
