"""Clearance campaigns (清零): by a day every prepaid fee is taught or given back.

The founding example is Zhengzhou's of 2021: what could not be cleared by 31 December had to be
given back by 25 October.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

LASTS_DAYS_MAX: Final = 366
"""A campaign's end lies at most a year ahead: beyond, no pace of today foretells anything."""

OPEN_MAX: Final = 5
"""Open campaigns of one district: more than the exporter shows, and than anybody can follow."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign of a district, for a category of institutions or for all."""

    campaign_id: UUID
    name: str
    district_code: str
    """GB/T 2260: every district whose code begins like this without its trailing pairs of 00."""
    category: str | None
    """`subject` or `non_subject`; None for both."""
    clear_by: date
    refund_by: date
    made_at: datetime

    def concerns(self, district_code: str, category: str) -> bool:
        """Tell whether an institution of a district and category is under it."""
        return district_code.startswith(_stem(self.district_code)) and (
            self.category in {None, category}
        )


def _stem(code: str) -> str:
    while code.endswith("00"):
        code = code[:-2]
    return code


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a day of a campaign that is to begin: the field, a code, a sentence."""

    field: str
    code: str
    sentence: str


def faults_of(clear_by: date, refund_by: date, today: date) -> list[Fault]:
    """Return what is wrong with the dates of a campaign that begins today."""
    found = []
    if refund_by <= today:
        found.append(Fault("refund_by", "not_in_future", "Must be a day after today."))
    if clear_by <= today:
        found.append(Fault("clear_by", "not_in_future", "Must be a day after today."))
    if refund_by > clear_by:
        sentence = "Must be `clear_by` or before it: what is not taught by then was given back."
        found.append(Fault("refund_by", "dates_cross", sentence))
    if (clear_by - today).days > LASTS_DAYS_MAX:
        sentence = f"Must be at most {LASTS_DAYS_MAX} days ahead."
        found.append(Fault("clear_by", "too_far", sentence))
    return found
