"""A statement against the books: every entry of either side is in exactly one list."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from escrow.domain.commands import StatementEntry
from escrow.domain.reconciliation import (
    Checks,
    Ending,
    KnownEntry,
    Transit,
    arithmetic_gap_fen,
    check,
    compare,
    signed_fen,
)
from shared.money import Fen
from tests.support.asking import NOW
from tests.support.tables import cases

TODAY = NOW.date()


def listed(text: str) -> StatementEntry:
    """Read `E1+500@T1`: id, direction, amount and, where given, the end-to-end id."""
    entry_id, direction, amount, transfer = parts(text)
    return StatementEntry(entry_id, direction, amount, NOW, TODAY, transfer)


def ours(text: str) -> KnownEntry:
    """Read the same of our own; an entry that is not due in brackets."""
    is_due = not text.startswith("(")
    entry_id, direction, amount, transfer = parts(text.strip("()"))
    return KnownEntry(entry_id, direction, amount, NOW, TODAY, transfer, is_due)


def parts(text: str) -> tuple[str, str, Fen, str | None]:
    named, _, transfer = text.partition("@")
    sign = "+" if "+" in named else "-"
    entry_id, amount = named.split(sign)
    direction = "credit" if sign == "+" else "debit"
    return entry_id, direction, Fen(int(amount)), transfer or None


def transit(transfer: str) -> Transit:
    return Transit(transfer, UUID(int=1), "payout", "sent", Fen(100), NOW)


# statement          books               matched  different  here   bank
COMPARED = """
  -                  -                   -        -          -      -
  E1+500             E1+500              E1       -          -      -
  E1+500             E1+499              -        E1         -      -
  E1+500             E1-500              -        E1         -      -
  E1+500             -                   -        -          E1     -
  -                  E1+500              -        -          -      E1
  -                  (E1+500)            -        -          -      -
  E1+500             (E1+500)            E1       -          -      -
  E1+500             E2+500              -        -          E1     E2
  X-70@T1            E1-70@T1            X        -          -      -
  X-70@T1            E1-71@T1            -        X          -      -
  X-70@T1            E1+70@T1            -        -          X      E1
  X-70@T1            E1-70@T2            -        -          X      E1
  X-70@T1            E1-70               -        -          X      E1
  X-70               E1-70@T1            -        -          X      E1
  X-70@T1,Y-70@T1    E1-70@T1            X        -          Y      -
  X-70@T1,E1-70@T1   E1-70@T1            E1       -          X      -
  X-7@T1,Y+7@T1      E1+7@T1,E2-7@T1     X,Y      -          -      -
  A+1,B+2,C+3        A+1,B+9,D+4         A        B          C      D
"""


@cases(COMPARED)
def test_every_entry_finds_its_list(row: list[str]) -> None:
    said, known, *lists = ([one for one in cell.split(",") if one] for cell in row)
    found = compare([listed(one) for one in said], [ours(one) for one in known], ())
    assert [pair.said.entry_id for pair in found.matched] == lists[0]
    assert [pair.said.entry_id for pair in found.different_amount] == lists[1]
    assert [one.entry_id for one in found.missing_here] == lists[2]
    assert [one.entry_id for one in found.missing_at_bank] == lists[3]
    assert found.in_transit == []


def test_a_pair_says_by_what_it_is_one() -> None:
    said = [listed("E1+5"), listed("X-7@T1")]
    found = compare(said, [ours("E1+5"), ours("E2-7@T1")], ())
    assert [(one.known.entry_id, one.matched_by) for one in found.matched] == [
        ("E1", "id"),
        ("E2", "end_to_end_id"),
    ]


def test_a_transfer_that_the_statement_lists_is_not_on_its_way() -> None:
    on_the_way = [transit("T1"), transit("T2")]
    found = compare([listed("E1-100@T1")], [], on_the_way)
    assert [one.end_to_end_id for one in found.in_transit] == ["T2"]


def test_a_transfer_whose_money_came_back_is_still_on_its_way_out() -> None:
    found = compare([listed("E1+100@T1")], [], [transit("T1")])
    assert [one.end_to_end_id for one in found.in_transit] == ["T1"]


SIDES = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), st.integers(1, 3), st.sampled_from(["", "T1", "T2"])),
    max_size=6,
    unique_by=lambda one: one[0],
)


@given(SIDES, SIDES)
def test_nothing_is_lost_and_nothing_counted_twice(
    theirs: list[tuple[str, int, str]], own: list[tuple[str, int, str]]
) -> None:
    said = [listed(f"{name}-{amount}@{transfer}") for name, amount, transfer in theirs]
    known = [ours(f"{name}-{amount}@{transfer}") for name, amount, transfer in own]
    found = compare(said, known, ())
    pairs = [*found.matched, *found.different_amount]
    assert len(pairs) + len(found.missing_here) == len(said)
    assert len(pairs) + len(found.missing_at_bank) == len(known)
    assert {pair.said.entry_id for pair in pairs} | {
        one.entry_id for one in found.missing_here
    } == {one.entry_id for one in said}
    assert {pair.known.entry_id for pair in pairs} | {
        one.entry_id for one in found.missing_at_bank
    } == {one.entry_id for one in known}


# opening  closing  entries          gap
SUMS = """
  0        0        -                0
  0        500      E1+500           0
  100      530      E1+500,E2-70     0
  100      531      E1+500,E2-70     1
  100      100      E1+500           -500
"""


@cases(SUMS)
def test_a_statement_adds_up_or_says_by_how_much_it_does_not(row: list[str]) -> None:
    opening, closing, entries, gap = row
    said = [listed(one) for one in entries.split(",") if one]
    assert arithmetic_gap_fen((int(opening), int(closing)), said) == int(gap)


def test_credits_add_and_debits_take_away() -> None:
    assert (signed_fen(listed("E1+5")), signed_fen(listed("E1-5"))) == (5, -5)


def test_the_first_statement_has_nothing_to_follow() -> None:
    assert check((0, 5), [listed("E1+5")], NOW, None) == Checks(0, None, None, None)


# pause_us   follows_on
PAUSES = """
  1          yes
  0          yes
  1000000    yes
  1000001    no
  86400000000  no
"""


@cases(PAUSES)
def test_a_statement_follows_on_where_the_one_before_ended(row: list[str]) -> None:
    before = Ending("S1", NOW - timedelta(microseconds=int(row[0])), 70)
    checked = check((100, 100), [], NOW, before)
    assert checked == Checks(0, 30, "S1", row[1] == "yes")


def test_the_checks_in_the_words_of_the_wire() -> None:
    assert Checks(1, 2, "S1", follows_on=True).as_body() == {
        "arithmetic_gap_fen": 1,
        "opening_gap_fen": 2,
        "previous_statement_id": "S1",
        "follows_on": True,
    }
