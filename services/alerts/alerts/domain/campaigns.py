"""Clearance campaigns (清零): by a day every prepaid fee is taught or given back.

The founding example is Zhengzhou's of 2021: what could not be cleared by 31 December had to be
given back by 25 October.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


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
