"""What an institution that misbehaves does on a day, in words that say nothing of who plays it.

An act says how much by share (of the balance, of the pupils), so that one plan fits institutions
of every size; whoever plays it knows the balance of that hour. `drains` marks the acts by which
families' money goes for good: once the last of them is done, it is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import ClassVar, Final

APART: Final = timedelta(minutes=20)
"""Between the beginnings of classes that are claimed of one teacher."""


class Failure(StrEnum):
    """The seven failures that can be planted (policy.md, f)."""

    runaway = "runaway"
    structuring = "structuring"
    fake_lessons = "fake_lessons"
    off_account = "off_account"
    refund_surge = "refund_surge"
    not_clearing = "not_clearing"
    dormant = "dormant"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a plan needs to know of an institution when it begins."""

    institution_id: str
    category: str
    """`subject` or `non_subject`."""
    pupils: int
    clear_by: date | None = None
    """The last day of the clearance campaign that it is under."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done on one day."""

    drains: ClassVar[bool] = False
    day: date


@dataclass(frozen=True, slots=True)
class Withdraw(Act):
    """Money leaves the supervised account by the bank's hand, with no instruction behind it."""

    drains: ClassVar[bool] = True
    at: time
    share_bps: int
    """Of the balance just before it."""
    counterparty: str
    purpose: str
    most_fen: int | None = None
    """The amount never passes this, whatever the share comes to."""


@dataclass(frozen=True, slots=True)
class SkipBills(Act):
    """From this day wages, rent and suppliers are no longer paid."""


@dataclass(frozen=True, slots=True)
class Sell(Act):
    """Contracts are signed: cheap ones, or some of which the fee never reaches the account."""

    contracts: int
    off_bps: int = 0
    """How far below the list price."""
    is_paid_in: bool = True

    @property
    def is_lost(self) -> bool:
        """Tell whether the fees of these contracts went elsewhere."""
        return not self.is_paid_in


@dataclass(frozen=True, slots=True)
class SellUnseen(Act):
    """Fees are taken in cash, and nothing of it is registered anywhere."""

    drains: ClassVar[bool] = True
    contracts: int


@dataclass(frozen=True, slots=True)
class Claim(Act):
    """Lessons are claimed that nobody gave."""

    drains: ClassVar[bool] = True
    begins: time
    minutes: int
    share_bps: int
    """Of the pupils enrolled: so many are claimed to have been there."""
    teachers: int
    """Over so many names they are spread."""
    classes: int = 1
    """Over so many classes, each begun `APART` after the one before."""


@dataclass(frozen=True, slots=True)
class PauseClasses(Act):
    """From this day no class is given any more, or only a share of them."""

    left_bps: int = 0


@dataclass(frozen=True, slots=True)
class StopSelling(Act):
    """From this day nobody is enrolled any more."""


@dataclass(frozen=True, slots=True)
class AskBack(Act):
    """Families ask for their money back."""

    share_bps: int
    """Of the families enrolled."""
    is_paid: bool
    """Whether it is agreed to and paid within days; if not, it is contested and waits."""


@dataclass(frozen=True, slots=True)
class Shut(Act):
    """The doors are closed: whatever was not given back by now is not going to be."""

    drains: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class TipOff(Act):
    """Somebody calls the hotline; no feed tells of it."""

    topic: str
    text: str


def is_loss(act: Act) -> bool:
    """Tell whether families' money goes for good by an act."""
    return act.drains or (isinstance(act, Sell) and act.is_lost)


def gone_on(acts: Sequence[Act]) -> date:
    """Return the day on which the planted loss is complete."""
    return max(one.day for one in acts if is_loss(one))
