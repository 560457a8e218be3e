"""Confirming a protective freeze: once, by an officer, and only while it is in force."""

from uuid import UUID

from escrow.domain.outcomes import Accepted, Exists
from escrow.domain.records import Confirmation
from tests.support import tables
from tests.support.asking import INSTITUTION, NOW, confirm, freeze, hear, lift
from tests.support.builders import an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"


def _protective(memory: Memory) -> UUID:
    memory.ask(hear())
    return next(iter(memory.book.freezes))[1]


def test_an_officer_confirms_a_protective_freeze_once() -> None:
    memory = books()
    placed = _protective(memory)
    assert memory.ask(confirm(placed)) == Accepted(made_id=placed, state="confirmed")
    assert memory.confirmations == [
        Confirmation(INSTITUTION, placed, "seen", "F-3", NOW, "supervisor")
    ]
    kept = memory.book.freezes[INSTITUTION, placed]
    assert (kept.confirmed_at, kept.confirmed_by) == (NOW, "supervisor")
    assert (kept.registry_event_id, kept.lifted_at) == ("reg-1", None)
    assert memory.told("freeze.confirmed") == [
        {
            "freeze_id": str(placed),
            "scope": "charging",
            "registry_event_id": "reg-1",
            "reason": "seen",
            "document_no": "F-3",
        }
    ]
    again = memory.ask(confirm(placed, reason="again", acted_by="another"))
    assert again == Exists(made_id=placed, state="confirmed")
    assert len(memory.confirmations) == len(memory.told("freeze.confirmed")) == 1
    assert memory.standing.charging_freezes == 1


def test_a_freeze_is_confirmed_once_in_one_batch() -> None:
    memory = books()
    placed = _protective(memory)
    outcomes = memory.post([confirm(placed), confirm(placed)])
    assert [said(one) for one in outcomes] == ["accepted", "exists"]
    assert len(memory.confirmations) == 1


# By descending precedence: each case is bad in every later way as well.
@tables.cases("""
# freeze        outcome
  unknown       freeze_unknown
  elsewhere     freeze_unknown
  of a person   freeze_not_protective
  lifted        freeze_lifted
  confirmed     exists
  plain         accepted
""")
def test_only_a_protective_freeze_in_force_is_confirmed(row: list[str]) -> None:
    kind, outcome = row
    memory = books(an_institution(), an_institution(OTHER))
    placed = _protective(memory)
    changes: dict[str, object] = {}
    if kind == "unknown":
        placed = UUID(int=5)
    if kind == "elsewhere":
        changes = {"institution_id": OTHER}
    if kind == "of a person":
        made = memory.ask(freeze())
        assert isinstance(made, Accepted)
        assert made.made_id is not None
        placed = made.made_id
        memory.ask(lift(placed))
    if kind in {"lifted", "confirmed"}:
        memory.ask(confirm(placed))
    if kind == "lifted":
        memory.ask(lift(placed))
    assert said(memory.ask(confirm(placed, **changes))) == outcome


def test_nobody_confirms_for_an_institution_that_is_not_in_the_books() -> None:
    memory = books()
    placed = _protective(memory)
    del memory.book.standings[INSTITUTION]
    assert said(memory.ask(confirm(placed))) == "freeze_unknown"


def test_a_confirmed_freeze_is_lifted_like_any_other() -> None:
    memory = books()
    placed = _protective(memory)
    memory.post([confirm(placed), lift(placed)])
    kept = memory.book.freezes[INSTITUTION, placed]
    assert (kept.lifted_at, kept.lifted_by, kept.confirmed_by) == (NOW, "supervisor", "supervisor")
    assert memory.standing.charging_freezes == 0
