"""How far one institution is with one clearance campaign (清零), for lists and reports.

The figures are the view's, before and now; whether an institution will make it, R11 and R12 say:
nothing is judged here a second time. Always: start + came - taught - refunded = held.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import Kind
from alerts.domain.outcome import Outcome, Verdict
from alerts.domain.progress import project
from alerts.domain.rule import Params
from alerts.domain.rules.clearance import (
    CLEARANCE_OVERDUE,
    CLEARANCE_PROJECTION,
    WINDOW,
    find_overdue,
    project_clearance,
)
from alerts.domain.view import FactView


class State(StrEnum):
    """Where an institution stands with a campaign."""

    clear = "clear"
    on_track = "on_track"
    at_risk = "at_risk"
    overdue = "overdue"


STATES_ZH: Final[Mapping[State, str]] = {
    State.clear: "已清零",
    State.on_track: "进度正常",
    State.at_risk: "预计无法清零",
    State.overdue: "逾期",
}


@dataclass(frozen=True, slots=True)
class Clearance:
    """The figures of one institution under one campaign."""

    start_fen: int
    """Held when the campaign began, as was known then."""
    came_fen: int
    """Fees that came since, or became known since."""
    taught_fen: int
    """Taught since, less what was put back."""
    refunded_fen: int
    held_fen: int
    days_left: int
    """On which teaching is permitted, from today to the last day."""
    rate_fen: int
    required_fen: int
    remainder_fen: int
    state: State
    sentence: str
    """What R11 or R12 says; empty where both find nothing."""


def clearance_of(
    before: FactView, now: FactView, campaign: Campaign, presets: Mapping[str, Params]
) -> Clearance:
    """Return how far an institution is; `presets` are the values in force, by the rule's key.

    Both views are of the one institution: as of the campaign's beginning, and of now.
    """
    taught = _taught_fen(now) - _taught_fen(before)
    refunded = now.refunded_fen - before.refunded_fen
    projecting = presets[CLEARANCE_PROJECTION.key]
    seen = project(now, campaign.clear_by, projecting[WINDOW.name])
    state, sentence = _judged(now, campaign, presets)
    return Clearance(
        start_fen=before.held_fen,
        came_fen=now.held_fen - before.held_fen + taught + refunded,
        taught_fen=taught,
        refunded_fen=refunded,
        held_fen=now.held_fen,
        days_left=seen.left,
        rate_fen=seen.rate_fen,
        required_fen=seen.required_fen,
        remainder_fen=seen.remainder_fen,
        state=state,
        sentence=sentence,
    )


def _taught_fen(view: FactView) -> int:
    taught = sum(one.amount_fen for one in view.of(Kind.released))
    return taught - sum(one.amount_fen for one in view.of(Kind.reversed))


def _judged(view: FactView, campaign: Campaign, presets: Mapping[str, Params]) -> tuple[State, str]:
    if view.held_fen <= 0:
        return State.clear, ""
    scope = str(campaign.campaign_id)
    overdue = _hit(find_overdue(view, presets[CLEARANCE_OVERDUE.key]), scope)
    if overdue:
        return State.overdue, overdue.sentence
    short = _hit(project_clearance(view, presets[CLEARANCE_PROJECTION.key]), scope)
    return (State.at_risk, short.sentence) if short else (State.on_track, "")


def _hit(outcomes: tuple[Outcome, ...], scope: str) -> Outcome | None:
    found = (one for one in outcomes if one.verdict is Verdict.hit and one.scope == scope)
    return next(found, None)
