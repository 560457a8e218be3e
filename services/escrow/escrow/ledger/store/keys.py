"""Which rows a batch of commands needs, gathered before anything is read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from escrow.domain import commands as asked
from escrow.domain.commands import Command
from escrow.domain.policy import Policies
from escrow.domain.registry import Effect
from shared.ids import parse_end_to_end_id


@dataclass(slots=True)
class Keys:
    """The keys of the rows to lock and read."""

    institutions: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    """Institutions to make a row for: those whose registration will not be refused."""
    contracts: set[tuple[str, str]] = field(default_factory=set)
    lessons: set[tuple[str, str, int]] = field(default_factory=set)
    items: set[tuple[str, str]] = field(default_factory=set)
    reversals: set[tuple[str, str]] = field(default_factory=set)
    registered: set[tuple[str, str]] = field(default_factory=set)
    students: set[tuple[str, str, str]] = field(default_factory=set)
    entries: set[tuple[str, str, str]] = field(default_factory=set)
    instructions: set[tuple[str, UUID]] = field(default_factory=set)
    refunds: set[tuple[str, UUID]] = field(default_factory=set)
    freezes: set[tuple[str, UUID]] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)
    """Institutions whose planned payouts may have to be withdrawn."""
    statements: set[tuple[str, str, datetime]] = field(default_factory=set)
    """Statements, as (account number, statement id, where it begins)."""
    heard: set[str] = field(default_factory=set)
    """Institutions that the registry speaks of, whether they are registered here or not."""
    registry_events: set[tuple[str, str]] = field(default_factory=set)
    """The registry's events that ask for a freeze, as (institution, event id)."""
    filed: set[tuple[str, str]] = field(default_factory=set)
    """Custody accounts about to be filed, as (bank, account number)."""

    @classmethod
    def of(cls, commands: Iterable[Command], policies: Policies) -> "Keys":
        """Gather the keys of a batch; what a registration names decides whether it opens a row."""
        keys = cls()
        for command in commands:
            keys.institutions.add(command.institution_id)
            gather = _GATHER.get(type(command))
            if gather is not None:
                gather(keys, command)
            elif isinstance(command, asked.RegisterInstitution) and policies.is_known(
                command.policy
            ):
                keys.opened.add(command.institution_id)
        return keys


def _release(keys: Keys, command: asked.ReleaseLesson) -> None:
    keys.contracts.add((command.institution_id, command.contract_id))
    keys.lessons.add((command.institution_id, command.contract_id, command.lesson_no))
    keys.items.add((command.institution_id, command.item_id))


def _reverse(keys: Keys, command: asked.ReverseLesson) -> None:
    keys.contracts.add((command.institution_id, command.contract_id))
    keys.lessons.add((command.institution_id, command.contract_id, command.lesson_no))
    keys.reversals.add((command.institution_id, command.item_id))
    keys.unseen.add(command.institution_id)


def _register(keys: Keys, command: asked.RegisterContract) -> None:
    keys.registered.add((command.institution_id, command.contract_id))
    keys.students.add((command.institution_id, command.student_ref, command.course.name))


def _entry(keys: Keys, command: asked.TakeEntry) -> None:
    keys.entries.add((command.institution_id, command.account_number, command.entry_id))
    if command.reference:
        keys.contracts.add((command.institution_id, command.reference))
    named = parse_end_to_end_id(command.end_to_end_id) if command.end_to_end_id else None
    if named is not None:
        keys.instructions.add((command.institution_id, named[0]))


def _allocate(keys: Keys, command: asked.AllocateReceipt) -> None:
    keys.entries.add((command.institution_id, command.account_number, command.entry_id))
    if command.contract_id is not None:
        keys.contracts.add((command.institution_id, command.contract_id))


def _refund(keys: Keys, command: asked.RequestRefund) -> None:
    keys.contracts.add((command.institution_id, command.contract_id))


def _refund_step(
    keys: Keys, command: asked.AgreeRefund | asked.ContestRefund | asked.NamePayer
) -> None:
    keys.refunds.add((command.institution_id, command.refund_id))


def _freeze_step(keys: Keys, command: asked.LiftFreeze | asked.ConfirmFreeze) -> None:
    keys.freezes.add((command.institution_id, command.freeze_id))


def _instruction(
    keys: Keys,
    command: asked.ServeInstruction
    | asked.ClaimInstruction
    | asked.RecordSending
    | asked.RecordResult,
) -> None:
    keys.instructions.add((command.institution_id, command.instruction_id))


def _unseen(keys: Keys, command: asked.PlaceFreeze | asked.PlanPayouts) -> None:
    keys.unseen.add(command.institution_id)


def _hear(keys: Keys, command: asked.HearRegistry) -> None:
    keys.heard.add(command.institution_id)
    if command.effect == Effect.freeze:
        keys.unseen.add(command.institution_id)
        keys.registry_events.add((command.institution_id, command.event_id))


def _statement(keys: Keys, command: asked.ReceiveStatement) -> None:
    keys.statements.add((command.account_number, command.statement_id, command.from_at))
    keys.entries |= {
        (command.institution_id, command.account_number, one.entry_id) for one in command.entries
    }


def _file(keys: Keys, command: asked.OpenAccount) -> None:
    keys.filed.add((command.bank_id, command.account_number))


_GATHER: Final[dict[type, Callable[[Keys, Any], None]]] = {
    asked.ReleaseLesson: _release,
    asked.ReverseLesson: _reverse,
    asked.RegisterContract: _register,
    asked.TakeEntry: _entry,
    asked.AllocateReceipt: _allocate,
    asked.RequestRefund: _refund,
    asked.AgreeRefund: _refund_step,
    asked.ContestRefund: _refund_step,
    asked.NamePayer: _refund_step,
    asked.LiftFreeze: _freeze_step,
    asked.ConfirmFreeze: _freeze_step,
    asked.HearRegistry: _hear,
    asked.ServeInstruction: _instruction,
    asked.ClaimInstruction: _instruction,
    asked.RecordSending: _instruction,
    asked.RecordResult: _instruction,
    asked.PlaceFreeze: _unseen,
    asked.PlanPayouts: _unseen,
    asked.OpenAccount: _file,
    asked.ReceiveStatement: _statement,
}
"""Commands without an entry need their institution alone; a registration may open one."""
