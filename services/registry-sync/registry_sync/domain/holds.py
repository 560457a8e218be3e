"""What waits for people: who may decide, and what their word comes to."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

APPROVALS: Final = 2
"""Persons who must agree before what was withheld acts."""

EXPIRES_AFTER: Final = timedelta(hours=24)
"""A hold nobody decided is made anew from what the source says then."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's word."""

    voter: str
    verdict: str


def decided(votes: list[Vote]) -> str:
    """Return the state that the votes come to: one refusal ends it, two approvals open it."""
    if any(one.verdict == "reject" for one in votes):
        return "rejected"
    approved = {one.voter for one in votes if one.verdict == "approve"}
    return "approved" if len(approved) >= APPROVALS else "open"
