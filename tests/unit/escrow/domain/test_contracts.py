"""Registering contracts: refusals in their order, caps over contracts, months, waiting money."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from escrow.domain.commands import Course, RegisterContract
from escrow.domain.outcomes import Accepted, Exists, Refused
from escrow.domain.policy import Policies
from escrow.domain.records import ContractState
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    INSTITUTION,
    NOW,
    agree,
    allocate,
    credit,
    register,
    release,
    request_refund,
)
from tests.support.builders import a_contract, a_floor, an_institution, at, books, national
from tests.support.memory import Memory, said

# Caps of these cases: 5 lessons, 4 fen, 3 months; one more lesson and less than a fen each.
STRICT = national(lessons_max=5, amount_max_fen={"non_subject": Fen(4)}, span_months_max=3)

# By descending precedence, each case bad in every later way that can be at the same time:
# nothing ends both before its start and three months after it.
REFUSALS = """
# id  inst  account  scope     lessons  paid  starts      ends        signed  outcome
  C2  yes   yes      -         4        4     2026-12-12  2027-02-20  past    accepted
  C1  no    no       charging  6        5     2027-03-01  2027-07-01  future  id_reused
  C2  no    no       charging  6        5     2027-03-01  2027-07-01  future  institution_unknown
  C2  yes   no       charging  6        5     2027-03-01  2027-07-01  future  account_missing
  C2  yes   yes      charging  6        5     2027-03-01  2027-07-01  future  may_not_charge
  C2  yes   yes      all       6        5     2027-03-01  2027-07-01  future  may_not_charge
  C2  yes   yes      payout    6        5     2027-03-01  2027-07-01  future  span_too_long
  C2  yes   yes      -         6        5     2027-03-01  2027-02-01  future  too_many_lessons
  C2  yes   yes      -         5        5     2027-03-01  2027-02-01  future  amount_over_cap
  C2  yes   yes      -         5        4     2027-03-01  2027-02-01  future  charged_too_early
  C2  yes   yes      -         5        4     2026-12-12  2026-12-11  future  dates_out_of_order
  C2  yes   yes      -         5        4     2026-12-12  2027-02-01  future  fee_below_one_fen
  C2  yes   yes      -         4        4     2026-12-12  2027-02-01  future  signed_in_future
  C2  yes   yes      -         4        4     2026-12-12  2026-12-12  now     accepted
"""

SIGNED = {"past": timedelta(days=-1), "now": timedelta(0), "future": timedelta(seconds=1)}


@tables.cases(REFUSALS)
def test_refusals_come_by_descending_precedence(row: list[str]) -> None:
    contract_id, known, account, scope, lessons, paid, starts, ends, signed, outcome = row
    memory = books(
        an_institution(
            name="Sunny" if known == "yes" else None,
            account_number="622" if account == "yes" else None,
            charging_freezes=scope == "charging",
            payout_freezes=scope == "payout",
            full_freezes=scope == "all",
        ),
        policies=Policies((STRICT,)),
    )
    memory.book.contracts[INSTITUTION, "C1"] = register("C1")
    command = register(
        contract_id,
        lessons=int(lessons),
        paid_fen=Fen(int(paid)),
        starts_on=date.fromisoformat(starts),
        ends_on=date.fromisoformat(ends),
        signed_at=NOW + SIGNED[signed],
    )
    assert said(memory.ask(command)) == outcome


def test_an_institution_that_is_not_in_the_books_may_not_register() -> None:
    outcome = books().ask(register(institution_id="91320602MA1ABCDE99"))
    assert said(outcome) == "institution_unknown"


def test_a_policy_that_did_not_hold_yet_allows_no_charge() -> None:
    memory = books(an_institution())
    assert said(memory.ask(register(signed_at=at("2020-12-31 23:59")))) == "may_not_charge"


@tables.cases("""
# starts      ends        outcome
  2026-12-12  2027-03-12  accepted
  2026-12-12  2027-03-13  span_too_long
  2026-11-30  2027-02-28  accepted
  2026-11-30  2027-03-01  span_too_long
  2026-12-12  2026-12-12  accepted
  2026-12-12  2026-12-11  dates_out_of_order
""")
def test_a_span_is_three_calendar_months(row: list[str]) -> None:
    starts, ends, outcome = row
    command = register(starts_on=date.fromisoformat(starts), ends_on=date.fromisoformat(ends))
    assert said(books(an_institution()).ask(command)) == outcome


# A charge is made at the signature; the clock of these cases stands a year later.
@tables.cases("""
# signed            starts      outcome
  2026-11-12 00:00  2026-12-12  accepted
  2026-11-11 23:59  2026-12-12  charged_too_early
  2026-02-28 00:00  2026-03-31  accepted
  2026-02-27 23:59  2026-03-31  charged_too_early
  2026-02-28 00:00  2026-03-28  accepted
  2026-02-28 00:00  2026-03-29  accepted
  2026-03-01 00:00  2026-03-31  accepted
  2026-12-01 12:00  2026-01-01  accepted
""")
def test_a_charge_is_early_more_than_a_month_before_the_course(row: list[str]) -> None:
    signed, starts, outcome = row
    first = date.fromisoformat(starts)
    command = register(signed_at=at(signed), starts_on=first, ends_on=first + timedelta(days=20))
    memory = books(an_institution(), now=at("2027-12-01 12:00"))
    assert said(memory.ask(command)) == outcome


@tables.cases("""
# lessons  released  outcome
  20       0         accepted
  21       1         accepted
  21       0         charged_too_early
  55       34        charged_too_early
  55       35        accepted
""")
def test_a_contract_with_twenty_left_allows_an_early_charge(row: list[str]) -> None:
    lessons, released, outcome = row
    memory = books(
        an_institution(),
        a_contract("C1", lessons=int(lessons), lessons_released=int(released)),
    )
    command = register("C2", lessons=5, starts_on=date(2027, 3, 1), ends_on=date(2027, 4, 1))
    assert said(memory.ask(command)) == outcome


def test_a_finished_contract_allows_no_early_charge() -> None:
    memory = books(an_institution(), a_contract("C1", state=ContractState.completed))
    command = register("C2", starts_on=date(2027, 3, 1), ends_on=date(2027, 4, 1))
    assert said(memory.ask(command)) == "charged_too_early"


# The student already has one contract of 40 lessons and 3,000 yuan.
@tables.cases("""
# other's state  left  lessons  paid    outcome
  open           21    20       200000  accepted
  open           21    21       200000  too_many_lessons
  open           21    20       200001  amount_over_cap
  open           20    60       500000  accepted
  open           20    61       500000  too_many_lessons
  open           20    60       500001  amount_over_cap
  accepted       40    21       100     too_many_lessons
  refunding      40    21       100     too_many_lessons
  completed      40    60       500000  accepted
  closed         40    60       500000  accepted
""")
def test_caps_sum_over_open_contracts_but_one_with_twenty_left(row: list[str]) -> None:
    state, left, lessons, paid, outcome = row
    other = a_contract(
        lessons=40,
        paid_fen=300_000,
        state=ContractState(state),
        lessons_released=40 - int(left),
        funded_fen=0,
    )
    command = register("C2", lessons=int(lessons), paid_fen=Fen(int(paid)))
    assert said(books(an_institution(), other).ask(command)) == outcome


@tables.cases("""
# student  course  outcome
  S1       piano   too_many_lessons
  S2       piano   accepted
  S1       violin  accepted
""")
def test_caps_are_those_of_one_student_and_course_name(row: list[str]) -> None:
    student, course, outcome = row
    memory = books(an_institution(), a_contract(lessons=40))
    command = register(
        "C2",
        lessons=30,
        student_ref=student,
        course=Course(course, "non_subject", "offline"),
    )
    assert said(memory.ask(command)) == outcome


def test_another_institutions_contracts_do_not_count() -> None:
    other = "91320602MA1ABCDE99"
    memory = books(
        an_institution(), an_institution(other), a_contract(lessons=40, institution_id=other)
    )
    assert said(memory.ask(register("C2", lessons=60))) == "accepted"


def test_splitting_a_package_defeats_nothing() -> None:
    memory = books(an_institution())
    parts = [register(f"C{number}", lessons=30, paid_fen=Fen(100)) for number in (1, 2, 3)]
    assert [said(one) for one in memory.post(parts)] == ["accepted", "accepted", "too_many_lessons"]


def test_a_batch_is_counted_with_what_the_student_had_before() -> None:
    memory = books(an_institution(), a_contract("C1", lessons=25))
    more = [register(f"C{number}", lessons=25, paid_fen=Fen(100)) for number in (2, 3)]
    assert [said(one) for one in memory.post(more)] == ["accepted", "too_many_lessons"]


def test_splitting_over_postings_defeats_nothing() -> None:
    memory = books(an_institution())
    outcomes = [memory.ask(register(f"C{n}", paid_fen=Fen(250_000))) for n in (1, 2, 3)]
    # ten lessons left let the next charge begin early, and are not counted
    assert [said(one) for one in outcomes] == ["accepted", "accepted", "accepted"]
    many = [memory.ask(register(f"D{n}", lessons=25, student_ref="S9")) for n in (1, 2, 3)]
    assert [said(one) for one in many] == ["accepted", "accepted", "too_many_lessons"]


def test_a_category_without_a_cap_has_none() -> None:
    course = Course("maths", "subject", "offline")
    command = register(paid_fen=Fen(900_000), course=course)
    assert said(books(an_institution()).ask(command)) == "accepted"


def test_the_rules_are_those_of_the_day_of_signature() -> None:
    later = national(2, effective_from=date(2026, 12, 1), lessons_max=30)
    policies = Policies((national(1), later))
    memory = books(an_institution(), policies=policies)
    before = register("C1", lessons=50, signed_at=at("2026-11-30 23:59"))
    since = register("C2", lessons=31, student_ref="S2", signed_at=at("2026-12-01 00:00"))
    assert said(memory.ask(before)) == "accepted"
    assert said(memory.ask(since)) == "too_many_lessons"
    assert memory.contract("C1").policy_version == 1


@pytest.mark.parametrize("is_stored", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("student_ref", "S2"),
        ("guardian_ref", "G2"),
        ("course", Course("piano", "non_subject", "offline", "T9")),
        ("lessons", 11),
        ("paid_fen", Fen(1_001)),
        ("list_fen", Fen(1_201)),
        ("gift_lessons", 1),
        ("gift_fen", Fen(1)),
        ("signed_at", NOW),
        ("starts_on", date(2026, 12, 13)),
        ("ends_on", date(2027, 2, 21)),
        ("slots", "Sat"),
        ("refund_terms", "none"),
    ],
)
def test_a_contract_id_with_other_content_is_refused_and_names_the_field(
    field: str, value: object, *, is_stored: bool
) -> None:
    memory = books(an_institution())
    again = replace(register(), **{field: value})  # type: ignore[arg-type]
    outcome = _twice(memory, register(), again, is_stored=is_stored)
    assert outcome == Refused(outcome.code, field=field)  # type: ignore[union-attr]
    assert said(outcome) == "id_reused"


@pytest.mark.parametrize("is_stored", [True, False])
def test_the_same_contract_again_exists(*, is_stored: bool) -> None:
    memory = books(an_institution())
    outcome = _twice(memory, register(), register(), is_stored=is_stored)
    assert outcome == Exists(contract_id="C1")
    assert len(memory.told("contract.accepted")) == 1


def _twice(
    memory: Memory, first: RegisterContract, second: RegisterContract, *, is_stored: bool
) -> object:
    if is_stored:
        memory.ask(first)
        return memory.ask(second)
    return memory.post([first, second])[1]


def test_a_registration_that_exists_is_answered_after_everything_changed() -> None:
    memory = books(an_institution())
    memory.ask(register())
    memory.book.standings[INSTITUTION].charging_freezes = 1
    assert said(memory.ask(register())) == "exists"


def test_a_contract_begins_without_money() -> None:
    memory = books(an_institution())
    assert memory.ask(register()) == Accepted(contract_id="C1")
    contract = memory.contract()
    assert contract == a_contract(funded_fen=0)
    assert contract.lessons_remaining == 10
    assert memory.moved() == []
    assert memory.standing.funded_running_fen == 0


def test_a_registration_is_told_in_full() -> None:
    memory = books(an_institution())
    memory.ask(register(gift_lessons=2, gift_fen=Fen(40), signed_at=at("2026-12-01 00:30")))
    assert memory.told("contract.accepted") == [
        {
            "contract_id": "C1",
            "student_ref": "S1",
            "course_category": "non_subject",
            "course_delivery": "offline",
            "lessons": 10,
            "paid_fen": 1_000,
            "list_fen": 1_200,
            "gift_lessons": 2,
            "gift_fen": 40,
            "signed_on": "2026-12-01",
            "starts_on": "2026-12-12",
            "ends_on": "2027-02-20",
            "policy": "national@1",
        }
    ]


@pytest.mark.parametrize("is_stored", [True, False])
def test_money_that_came_before_its_contract_funds_it(*, is_stored: bool) -> None:
    memory = books(an_institution())
    early = [
        credit(700, "C1", entry_id="E2", booked_at=NOW - timedelta(hours=1)),
        credit(600, "C1", entry_id="E1", booked_at=NOW - timedelta(hours=2)),
        credit(50, "C2", entry_id="E3"),
    ]
    if is_stored:
        memory.post(early)
        memory.ask(register())
    else:
        memory.post([*early, register()])
    assert memory.contract().funded_fen == memory.contract().held_fen == 1_000
    assert memory.contract().state is ContractState.open
    assert memory.standing.funded_running_fen == 1_000
    effects = {key[1]: (e.effect, e.unallocated_fen) for key, e in memory.book.entries.items()}
    assert effects == {
        "E1": ("contract_funded", 0),
        "E2": ("over_funded", 300),
        "E3": ("unallocated", 50),
    }
    assert memory.balance("unmatched_receipt") == 350


def test_a_contract_that_money_waited_for_is_released_at_once() -> None:
    memory = books(an_institution())
    asked = [credit(1_000, "C1"), register(), release()]
    assert [said(one) for one in memory.post(asked)] == ["accepted", "accepted", "released"]


def test_money_given_back_meanwhile_does_not_fund() -> None:
    memory = books(an_institution())
    memory.post([credit(1_000, "C1", entry_id="E1")])
    memory.ask(allocate("E1", None))
    memory.ask(register())
    assert memory.contract().funded_fen == 0


def test_money_given_to_another_contract_meanwhile_stays_there() -> None:
    memory = books(an_institution(), a_contract("C2", student_ref="S2", funded_fen=0))
    memory.post([credit(1_000, "C1", entry_id="E1"), allocate("E1", "C2"), register()])
    (entry,) = memory.book.entries.values()
    assert (entry.contract_id, memory.contract().funded_fen) == ("C2", 0)


def test_a_refunded_contract_no_longer_counts() -> None:
    memory = books(an_institution(), a_contract(lessons=40))
    refund = memory.ask(request_refund())
    assert isinstance(refund, Accepted)
    assert refund.made_id is not None
    assert said(memory.ask(register("C2", lessons=30))) == "too_many_lessons"
    memory.ask(agree(refund.made_id))
    assert said(memory.ask(register("C2", lessons=30))) == "accepted"


def test_a_registration_lets_retained_money_go_that_its_funding_covers() -> None:
    memory = books(an_institution(), a_contract(), a_floor("fixed", 1_500))
    memory.ask(release())
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(credit(600, "C2"))
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(register("C2"))
    assert memory.waiting == []
