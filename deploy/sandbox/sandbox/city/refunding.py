"""Guardians and institutions who end a contract: refunds asked for, agreed, and one left open."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from sandbox.city.enrolment import Class, Contract
from sandbox.city.morning import Enrolled, those
from sandbox.city.town import Town

REFUNDS = 6
"""Refunds asked for on one Saturday."""

LEFT_OPEN = 1
"""Refunds nobody agrees to that day."""

_CAUSES = (
    ("guardian", "孩子时间冲突"),
    ("institution", "教师离职，课程停开"),
    ("neutral", "搬家"),
)


@dataclass(slots=True)
class Claim:
    """A refund under way."""

    refund_id: str
    institution_id: str
    contract: Contract


async def ask(
    town: Town, classes: list[Class], payerless: list[Enrolled], day: date
) -> list[Claim]:
    """Ask for refunds of contracts that were taught, by whoever causes them.

    The last is of a contract whose payer the bank did not name.
    """
    begun = [row for row in those(classes, "running") if row[1].next_lesson > 1]
    chosen = Random(f"refunds:{day}").sample(begun, min(REFUNDS, len(begun)))
    chosen += [row for row in payerless[:1] if row not in chosen]
    town.progress.begin("refunds asked for", len(chosen))
    return [await _ask(town, row, day, number) for number, row in enumerate(chosen)]


async def agree(town: Town, asked: list[Claim], day: date) -> None:
    """Agree to all refunds but one: the institution, or the supervisor for it."""
    agreed = asked[LEFT_OPEN:]
    town.progress.begin("refunds agreed", len(agreed))
    for number, claim in enumerate(agreed):
        line = town.supervisor if number % 3 == 0 else town.institutions[claim.institution_id]
        answer = await line.post(
            f"/v1/refunds/{claim.refund_id}/agree",
            {},
            f"agree-{claim.contract.id}-{day}",
            institution_id=claim.institution_id,
        )
        claim.contract.state = "over"
        await _settle(town, claim, answer)
        town.progress.advance(1)


async def _ask(town: Town, row: Enrolled, day: date, number: int) -> Claim:
    group, contract = row
    cause, reason = _CAUSES[number % len(_CAUSES)]
    line = town.institutions[group.institution_id]
    if cause == "guardian":
        line = await town.open_line(
            role="guardian",
            institution_id=group.institution_id,
            guardian_ref=contract.guardian_ref,
            label="guardian",
        )
    body = {
        "institution_id": group.institution_id,
        "contract_id": contract.id,
        "cause": cause,
        "reason": reason,
    }
    answer = await line.post("/v1/refunds", body, f"refund-{contract.id}-{day}")
    contract.state = "refunding"
    town.tally.refunds["asked"] += 1
    town.progress.advance(1)
    return Claim(answer["id"], group.institution_id, contract)


async def _settle(town: Town, claim: Claim, answer: dict[str, Any]) -> None:
    """Count an agreed refund; where the bank named no payer, the supervisor does."""
    town.tally.refunds["agreed"] += 1
    town.tally.refunded_fen += int(answer.get("amount_fen") or 0)
    if answer.get("state") == "payer_unknown":
        body = {
            "account_number": f"62148800{claim.contract.id[2:10]}00000",
            "account_name": f"示例家长{claim.contract.guardian_ref[-5:]}",
        }
        await town.supervisor.put(
            f"/v1/refunds/{claim.refund_id}/payer-account",
            body,
            institution_id=claim.institution_id,
        )
        town.tally.refunds["payer named by the supervisor"] += 1
