"""Floor, freezes and the three flags: may charge, may be paid, may refund.

Refunds stay open in every state. A floor holds back payouts, never a release and never
a refund; it may lie above today's balance, which retains payouts until it is covered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import FloorRule
from escrow.domain.records import Floor, Standing
from shared.money import ZERO, Fen, share


@dataclass(frozen=True, slots=True)
class Flag:
    """Whether something is allowed, and if not, why."""

    allowed: bool
    reasons: tuple[str, ...] = ()


def may_charge(standing: Standing) -> Flag:
    """Tell whether the institution may take new contracts, as the books and the registry go."""
    reasons = _account(standing)
    if standing.charging_freezes:
        reasons.append("charging_frozen")
    if standing.full_freezes:
        reasons.append("institution_frozen")
    reasons += standing.objections
    return Flag(not reasons, tuple(reasons))


def may_be_paid(standing: Standing) -> Flag:
    """Tell whether payouts to the institution go out (room above the floor apart)."""
    reasons = _account(standing)
    if standing.payout_freezes:
        reasons.append("payout_frozen")
    if standing.full_freezes:
        reasons.append("institution_frozen")
    return Flag(not reasons, tuple(reasons))


def may_refund(_standing: Standing) -> Flag:
    """Tell that refunds are open: they are in every state."""
    return Flag(allowed=True)


def floor_in_force(floors: Iterable[Floor], day: date) -> Floor | None:
    """Return the floor that holds on a day: the latest begun, and of those the latest set.

    Of those set in one posting, and so at one instant, it is the last given: ids grow.
    """
    begun = [floor for floor in floors if floor.effective_from <= day]
    return max(
        begun, key=lambda one: (one.effective_from, one.placed_at, one.floor_id), default=None
    )


def required_fen(standing: Standing, floor: Floor | None) -> Fen:
    """Return the balance that must stay, in fen: the highest of the floor's rules."""
    if floor is None:
        return ZERO
    return max((_rule_fen(standing, rule) for rule in floor.rules), default=ZERO)


def present_fen(standing: Standing) -> Fen:
    """Return what counts towards the floor, in fen, before any further payout."""
    balances = standing.balances
    return Fen(
        balances[AccountKind.tuition_held]
        + balances[AccountKind.institution_payable]
        + balances[AccountKind.reserve]
    )


def _rule_fen(standing: Standing, rule: FloorRule) -> Fen:
    held = standing.balances[AccountKind.tuition_held]
    match rule.kind:
        case "fixed":
            return rule.amount_fen
        case "percent_collected":
            return share(standing.funded_running_fen, rule.bps)
        case "cycle_total":
            return standing.funded_running_fen
        case "percent_held":
            return Fen(held + share(held, rule.bps))
    message = f"unknown floor rule {rule.kind}"
    raise ValueError(message)


def _account(standing: Standing) -> list[str]:
    return [] if standing.account_number else ["account_missing"]


Scope: TypeAlias = Literal["charging", "payout", "all"]


def count_freeze(standing: Standing, scope: str, step: int) -> None:
    """Count a freeze placed (+1) or lifted (-1) on the institution's row."""
    match scope:
        case "charging":
            standing.charging_freezes += step
        case "payout":
            standing.payout_freezes += step
        case _:
            standing.full_freezes += step
