"""One lesson, one release: refusals in their order, fees, repeats, and what is told."""

from datetime import timedelta

import pytest

from escrow.domain.draft import Book
from escrow.domain.outcomes import Exists, Payout, Refused, Released
from escrow.domain.policy import Policies
from escrow.domain.records import ContractState, Taught
from shared.money import Fen
from tests.support import tables
from tests.support.asking import INSTITUTION, NOW, release, releases, request_refund, reverse
from tests.support.builders import a_book, a_contract, a_slot, an_institution, at, books, national
from tests.support.memory import Memory, numbered_ids, said

COLUMNS = "item contract lesson before ends slot scope marked state funded held outcome"

# By descending precedence: each case is refused for its own reason and differs from a good
# one in every later condition as well (states exclude one another), so that two checks in
# the wrong order are found.
REFUSALS = """
# id  of  no  before    ends    slot  scope   marked  state      funded  held  outcome
  r1  C1  3   -         past    ok    -       -       open       1000    300   released
  r0  C9  11  released  future  bad   all     frozen  closed     0       0     id_reused
  r1  C9  11  released  future  bad   all     frozen  closed     0       0     contract_unknown
  r1  C1  11  released  future  bad   all     frozen  closed     0       0     lesson_out_of_range
  r1  C1  0   released  future  bad   all     frozen  closed     0       0     lesson_out_of_range
  r1  C1  10  released  future  bad   all     frozen  closed     0       0     already_released
  r1  C1  10  reversed  future  bad   all     frozen  closed     0       0     not_yet_taught
  r1  C1  1   -         future  bad   all     frozen  closed     0       0     not_yet_taught
  r1  C1  1   -         past    bad   all     frozen  closed     0       0     forbidden_slot
  r1  C1  1   -         past    ok    all     frozen  closed     0       0     institution_frozen
  r1  C1  1   -         past    ok    payout  frozen  closed     0       0     contract_frozen
  r1  C1  1   -         past    ok    -       frozen  refunding  0       0     contract_frozen
  r1  C1  1   -         past    ok    all     -       refunding  0       0     institution_frozen
  r1  C1  1   -         past    ok    -       -       refunding  0       0     refund_in_progress
  r1  C1  1   -         past    ok    -       -       closed     0       0     contract_closed
  r1  C1  1   -         past    ok    -       -       completed  0       0     contract_closed
  r1  C1  1   -         past    ok    -       -       accepted   0       0     contract_not_funded
  r1  C1  3   -         past    ok    -       -       open       1000    99    held_insufficient
  r1  C1  3   -         past    ok    -       -       open       1000    100   released
  r1  C1  3   reversed  past    ok    payout  -       open       1000    300   released
  r1  C1  3   -         now     ok    -       -       open       1000    300   released
"""

ENDS = {"past": timedelta(hours=-1), "now": timedelta(0), "future": timedelta(seconds=1)}


def _book(row: dict[str, str]) -> Book:
    standing = an_institution(
        payout_freezes=row["scope"] == "payout", full_freezes=row["scope"] == "all"
    )
    contract = a_contract(
        is_frozen=row["marked"] == "frozen",
        state=ContractState(row["state"]),
        funded_fen=int(row["funded"]),
        held_fen=Fen(int(row["held"])),
        refund_requested_at=NOW - timedelta(hours=2),
    )
    is_forbidden = row["slot"] == "bad"
    slots = (a_slot("00:00", "23:59"),) if is_forbidden else ()
    book = a_book(standing, contract, policies=Policies((national(forbidden_slots=slots),)))
    if row["before"]:
        taught = _taught(int(row["lesson"]), is_reversed=row["before"] == "reversed")
        book.lessons[INSTITUTION, "C1", taught.lesson_no] = taught
    seen = _taught(1)
    book.releases[INSTITUTION, "r0"] = seen
    return book


def _taught(lesson_no: int, *, is_reversed: bool = False) -> Taught:
    made, undone = numbered_ids()(), numbered_ids()()
    return Taught(
        INSTITUTION, "C1", lesson_no, 1, "r0", made, 1, Fen(100), NOW - timedelta(days=9),
        reversed_by=undone if is_reversed else None,
    )  # fmt: skip


@tables.cases(REFUSALS)
def test_refusals_come_by_descending_precedence(row: list[str]) -> None:
    case = dict(zip(COLUMNS.split(), row, strict=True))
    command = release(
        case["contract"],
        int(case["lesson"]),
        item_id=case["item"],
        ended_at=NOW + ENDS[case["ends"]],
    )
    assert said(Memory(_book(case)).ask(command)) == case["outcome"]


@tables.cases("""
# taught  ended   outcome
  past    -       released
  future  -       not_yet_taught
  future  past    released
  past    future  not_yet_taught
""")
def test_a_lesson_is_taught_when_it_ended_or_else_when_it_began(row: list[str]) -> None:
    taught, ended, outcome = row
    command = release(taught_at=NOW + ENDS[taught], ended_at=NOW + ENDS[ended] if ended else None)
    assert said(books().ask(command)) == outcome


def test_a_lesson_may_be_taught_long_before_registration_and_deposit() -> None:
    long_ago = NOW - timedelta(days=400)
    assert said(books().ask(release(taught_at=long_ago, ended_at=long_ago))) == "released"


def test_a_contract_of_another_institution_is_unknown() -> None:
    other = "91320602MA1ABCDE99"
    memory = books(an_institution(), an_institution(other), a_contract("C1", institution_id=other))
    assert said(memory.ask(release("C1"))) == "contract_unknown"


def test_an_institution_that_is_not_in_the_books_has_no_contract() -> None:
    memory = books()
    outcome = memory.ask(release(institution_id="91320602MA1ABCDE99"))
    assert said(outcome) == "contract_unknown"
    assert memory.feed == []


@tables.cases("""
# ended   outcome
  before  released
  same    refund_in_progress
  after   refund_in_progress
""")
def test_a_lesson_that_ended_before_the_refund_request_may_still_be_claimed(row: list[str]) -> None:
    ended, outcome = row
    asked_at = NOW - timedelta(hours=1)
    offset = {"before": -1, "same": 0, "after": 1}[ended]
    memory = books(
        an_institution(),
        a_contract(state=ContractState.refunding, refund_requested_at=asked_at),
    )
    command = release(
        taught_at=NOW - timedelta(hours=3), ended_at=asked_at + timedelta(seconds=offset)
    )
    assert said(memory.ask(command)) == outcome


def test_a_refunding_contract_without_a_time_of_request_takes_no_claim() -> None:
    memory = books(an_institution(), a_contract(state=ContractState.refunding))
    assert said(memory.ask(release())) == "refund_in_progress"


def test_a_claim_without_an_end_counts_from_its_beginning_for_a_refund() -> None:
    memory = books()
    memory.ask(request_refund())
    early = release("C1", 1, taught_at=NOW - timedelta(seconds=1), ended_at=None)
    late = release("C1", 2, taught_at=NOW, ended_at=None)
    assert [said(one) for one in memory.post([early, late])] == ["released", "refund_in_progress"]


def test_a_release_says_what_it_moved_and_what_is_left() -> None:
    memory = books()
    outcome = memory.ask(release("C1", 4))
    (instruction,) = memory.instructions
    assert outcome == Released(
        memory.journal[0].movement_id, Fen(100), Fen(900), 1, 9,
        Payout("instructed", instruction.instruction_id),
    )  # fmt: skip
    assert memory.moved() == [
        ("release", "tuition_held", "institution_payable", 100),
        ("payout", "institution_payable", "payment_clearing", 100),
    ]
    movement = memory.journal[0]
    assert (movement.contract_id, movement.lesson_no) == ("C1", 4)
    assert movement.occurred_at == NOW - timedelta(hours=2)
    assert (movement.sequence, movement.institution_id) == (1, INSTITUTION)


def test_a_release_counts_out_of_the_contract() -> None:
    memory = books()
    memory.post(releases("C1", 1, 2))
    contract = memory.contract()
    assert (contract.held_fen, contract.released_fen, contract.lessons_released) == (800, 200, 2)
    assert contract.state is ContractState.open
    assert memory.told("contract.closed") == []


def test_the_remainder_is_the_fee_of_the_last_lesson() -> None:
    memory = books(an_institution(), a_contract(lessons=3, paid_fen=1_000))
    outcomes = memory.post(releases("C1", 3, 1, 2))
    assert [one.amount_fen for one in outcomes if isinstance(one, Released)] == [334, 333, 333]


def test_the_last_lesson_completes_the_contract() -> None:
    memory = books(an_institution(), a_contract(lessons=2), a_contract("C2"))
    memory.post(releases("C1", 1, 2))
    assert memory.contract().state is ContractState.completed
    assert memory.standing.funded_running_fen == 1_000
    assert memory.told("contract.closed") == [{"contract_id": "C1", "state": "completed"}]


def test_two_lessons_of_one_contract_in_one_batch_are_both_released() -> None:
    memory = books()
    assert [said(one) for one in memory.post(releases("C1", 1, 2))] == ["released", "released"]
    assert memory.contract().lessons_released == 2


def test_the_same_item_twice_in_one_batch_exists() -> None:
    memory = books()
    first, second = memory.post([release(), release()])
    assert isinstance(first, Released)
    assert second == Exists(first.movement_id, Fen(100))
    assert memory.contract().lessons_released == 1


def test_the_same_lesson_twice_in_one_batch_is_released_once() -> None:
    memory = books()
    first, second = memory.post([release(), release(item_id="r-other")])
    assert isinstance(first, Released)
    assert isinstance(second, Refused)
    assert said(second) == "already_released"
    assert second.movement_id == first.movement_id


@pytest.mark.parametrize("is_stored", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contract_id", "C2"),
        ("lesson_no", 2),
        ("taught_at", NOW - timedelta(hours=5)),
        ("ended_at", None),
        ("teacher_ref", "T1"),
        ("room_ref", "R1"),
        ("evidence_ref", "V1"),
    ],
)
def test_an_item_id_with_other_content_is_refused_and_names_the_field(
    field: str, value: object, *, is_stored: bool
) -> None:
    memory = books()
    again = release(**{field: value})
    if is_stored:
        first, second = memory.ask(release()), memory.ask(again)
    else:
        first, second = memory.post([release(), again])
    assert isinstance(first, Released)
    assert isinstance(second, Refused)
    assert (said(second), second.field, second.movement_id) == (
        "id_reused",
        field,
        first.movement_id,
    )


def test_a_refused_item_is_not_remembered() -> None:
    memory = books()
    assert said(memory.ask(release("C9", item_id="r1"))) == "contract_unknown"
    assert said(memory.ask(release("C1", item_id="r1"))) == "released"


def test_a_refusal_does_not_spoil_its_neighbours() -> None:
    memory = books()
    asked = [release("C1", 1), release("C9", 1), release("C1", 99), release("C1", 2)]
    assert [said(one) for one in memory.post(asked)] == [
        "released",
        "contract_unknown",
        "lesson_out_of_range",
        "released",
    ]


def test_a_lesson_put_back_is_released_again_as_its_second_attempt() -> None:
    memory = books()
    memory.ask(release(item_id="r1"))
    memory.ask(reverse())
    again = memory.ask(release(item_id="r2"))
    assert isinstance(again, Released)
    taught = memory.book.lessons[INSTITUTION, "C1", 1]
    assert (taught.attempt, taught.item_id, taught.movement_id) == (2, "r2", again.movement_id)
    assert said(memory.ask(release(item_id="r3"))) == "already_released"
    assert said(memory.ask(release(item_id="r1"))) == "exists"


def test_an_item_put_back_in_its_own_batch_exists_all_the_same() -> None:
    memory = books()
    first, _, again = memory.post([release(), reverse(), release()])
    assert isinstance(first, Released)
    assert again == Exists(first.movement_id, Fen(100))


def test_a_lesson_is_kept_as_it_was_claimed() -> None:
    memory = books()
    command = release(teacher_ref="T1", room_ref="R1", evidence_ref="V1")
    outcome = memory.ask(command)
    assert isinstance(outcome, Released)
    assert memory.book.lessons[INSTITUTION, "C1", 1] == Taught(
        INSTITUTION, "C1", 1, 1, command.item_id, outcome.movement_id, 1, Fen(100),
        command.taught_at, command.ended_at, "T1", "R1", "V1",
    )  # fmt: skip


def test_one_event_lists_what_a_batch_released() -> None:
    memory = books()
    memory.post(
        [release("C1", 1, teacher_ref="T1", room_ref="R1"), release("C1", 2, ended_at=None)]
    )
    plain = {
        "contract_id": "C1",
        "amount_fen": 100,
        "taught_at": "2026-12-05T10:00:00+08:00",
        "student_ref": "S1",
    }
    first = {"lesson_no": 1, "ended_at": "2026-12-05T11:00:00+08:00"}
    second = {"lesson_no": 2, "ended_at": None, "teacher_ref": None, "room_ref": None}
    assert memory.told("lessons.released") == [
        {"lessons": [
            {**plain, **first, "teacher_ref": "T1", "room_ref": "R1"},
            {**plain, **second},
        ]}
    ]  # fmt: skip


def test_one_event_lists_what_a_batch_refused() -> None:
    memory = books()
    memory.post([release("C9", 1, item_id="r1"), release("C1", 99, item_id="r2")])
    assert memory.told("claim.refused") == [
        {"claims": [
            {"id": "r1", "contract_id": "C9", "lesson_no": 1, "code": "contract_unknown"},
            {"id": "r2", "contract_id": "C1", "lesson_no": 99, "code": "lesson_out_of_range"},
        ]}
    ]  # fmt: skip
    assert memory.told("lessons.released") == []


def test_what_is_retained_is_told_with_its_reason() -> None:
    memory = books(an_institution(payout_freezes=1), a_contract())
    outcome = memory.ask(release("C1", 2))
    assert isinstance(outcome, Released)
    assert outcome.payout == Payout("retained", None, "payout_frozen")
    waits = {"contract_id": "C1", "lesson_no": 2, "amount_fen": 100, "reason": "payout_frozen"}
    assert memory.told("payout.retained") == [{"payouts": [waits]}]


def test_a_forbidden_slot_is_that_of_the_contracts_own_policy() -> None:
    later = national(2, forbidden_slots=(a_slot("00:00", "23:59"),))
    policies = Policies((national(1), later))
    memory = books(
        an_institution(),
        a_contract("C1"),
        a_contract("C2", policy_version=2),
        policies=policies,
    )
    outcomes = memory.post([release("C1"), release("C2")])
    assert [said(one) for one in outcomes] == ["released", "forbidden_slot"]


@tables.cases("""
# category     delivery  taught            ended             outcome
  non_subject  offline   2026-12-04 19:00  2026-12-04 20:30  released
  non_subject  offline   2026-12-04 19:00  2026-12-04 20:31  forbidden_slot
  non_subject  offline   2026-12-04 21:00  -                 forbidden_slot
  non_subject  online    2026-12-04 21:00  -                 released
  subject      offline   2026-12-04 21:00  -                 released
""")
def test_a_slot_binds_a_category_a_delivery_and_hours(row: list[str]) -> None:
    category, delivery, taught, ended, outcome = row
    slot = a_slot("20:30", "23:59", category="non_subject", delivery="offline")
    memory = books(
        an_institution(),
        a_contract(category=category, delivery=delivery),
        policies=Policies((national(forbidden_slots=(slot,)),)),
    )
    command = release(taught_at=at(taught), ended_at=at(ended) if ended else None)
    assert said(memory.ask(command)) == outcome
