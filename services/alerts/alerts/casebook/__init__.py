"""Cases and everything written of them; the only writer of cases."""

from alerts.casebook.acting import act
from alerts.casebook.entering import (
    CONFIRMED_WITHIN,
    Withdrawal,
    open_or_join,
    prior_confirmed,
    propose_data_error,
)
from alerts.casebook.writing import clock, lock, read_calendar

__all__ = [
    "CONFIRMED_WITHIN",
    "Withdrawal",
    "act",
    "clock",
    "lock",
    "open_or_join",
    "prior_confirmed",
    "propose_data_error",
    "read_calendar",
]
