"""What the registry says, and what follows from it: freezes, objections, and never a lifting."""

from dataclasses import replace

import pytest

from escrow.domain.commands import RegisterInstitution
from escrow.domain.outcomes import Accepted, Exists
from escrow.domain.records import Freeze, Standing, Word
from escrow.domain.registry import TYPES, Effect
from shared.time import rfc3339
from tests.support import tables
from tests.support.asking import (
    INSTITUTION,
    NOW,
    agree,
    freeze,
    hear,
    lift,
    register,
    release,
    releases,
    request_refund,
)
from tests.support.builders import a_contract, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"

KINDS = {
    "listed": "institution.listed",
    "changed": "institution.changed",
    "revoked": "licence.revoked",
    "suspended": "licence.suspended",
    "expired": "licence.expired",
    "unwhite": "list.white.removed",
    "black": "list.black.added",
    "unblack": "list.black.removed",
    "restored": "institution.restored",
    "missing": "institution.missing",
}
REASONS = {
    "black": "black_listed",
    "revoked": "licence_revoked",
    "suspended": "licence_suspended",
    "expired": "licence_expired",
    "deregistered": "institution_deregistered",
    "transformed": "institution_transformed",
    "winding_down": "institution_winding_down",
    "unwhite": "not_white_listed",
    "objects": "registry_objects",
}
EFFECTS = {"stop": "no_collection", "restore": "restore_proposed"}
LISTED = {"yes": True, "no": False, "": None}


def a_word(**changes: object) -> Word:
    """Return what the registry said at first: nothing in particular."""
    plain = Word(
        INSTITUTION, 1, "reg-0", "institution.changed", "unknown", "review",
        white_listed=None, black_listed=None, is_stale=False, objections=(), heard_at=NOW,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def heard(memory: Memory, kind: str, **changes: object) -> str:
    """Hear one event and return what came of it."""
    outcome = memory.ask(hear(kind, **changes))
    assert isinstance(outcome, Accepted | Exists)
    return outcome.state or ""


def last_told(memory: Memory) -> dict[str, object]:
    """Return the last description on the feed."""
    return memory.told("institution.changed")[-1]


def placed(memory: Memory) -> list[Freeze]:
    return list(memory.book.freezes.values())


def test_the_types_are_those_of_the_wire_contract() -> None:
    assert set(TYPES) == set(KINDS.values())
    assert len(TYPES) == len(KINDS)


# What stands against new contracts before and after one event.
@tables.cases("""
# type       effect   status        white  black  before           came of    after
  revoked    freeze   revoked       -      -      -                frozen    revoked
  revoked    freeze   -             -      -      -                frozen    revoked
  black      freeze   normal        -      -      -                frozen    black
  black      freeze   revoked       no     yes    -                frozen    black,revoked,unwhite
  changed    freeze   normal        -      -      -                frozen    objects
  suspended  stop     -             -      -      -                objected  suspended
  expired    stop     -             -      -      -                objected  expired
  changed    stop     deregistered  -      -      -                objected  deregistered
  changed    stop     transformed   -      -      -                objected  transformed
  changed    stop     winding_down  -      -      -                objected  winding_down
  unwhite    stop     normal        -      -      -                objected  unwhite
  unwhite    stop     normal        yes    -      -                objected  objects
  changed    stop     unknown       -      -      -                objected  objects
  changed    stop     normal        yes    no     -                objected  objects
  black      stop     normal        -      -      revoked          objected  black
  revoked    review   revoked       -      -      -                noted     -
  revoked    review   revoked       -      -      expired          objected  expired
  restored   review   normal        -      -      expired          objected  expired
  revoked    none     revoked       -      -      -                noted     -
  listed     none     normal        no     yes    -                noted     -
  restored   restore  normal        -      -      revoked          noted     -
  restored   restore  -             -      -      revoked          noted     -
  restored   none     normal        -      -      objects          noted     -
  changed    none     normal        -      -      revoked          noted     -
  changed    none     revoked       -      -      revoked          objected  revoked
  changed    none     unknown       -      -      revoked          objected  revoked
  changed    none     suspended     -      -      revoked          objected  revoked
  restored   restore  normal        no     -      revoked,unwhite  objected  unwhite
  restored   restore  normal        -      yes    black            objected  black
  restored   restore  normal        yes    no     unwhite,black    noted     -
  unblack    none     revoked       -      -      black,revoked    objected  revoked
  changed    none     revoked       yes    -      revoked,unwhite  objected  revoked
""")
def test_an_event_freezes_objects_or_clears(row: list[str]) -> None:
    kind, effect, status, white, black, before, came, after = row
    memory = books()
    if before:
        known = tuple(REASONS[one] for one in before.split(","))
        memory.book.words[INSTITUTION] = a_word(objections=known)
    state = heard(
        memory,
        KINDS[kind],
        sequence=9,
        effect=EFFECTS.get(effect, effect),
        status=status or None,
        white_listed=LISTED[white],
        black_listed=LISTED[black],
    )
    assert state == came
    expected = tuple(REASONS[one] for one in after.split(",")) if after else ()
    assert memory.standing.objections == expected
    assert memory.book.words[INSTITUTION].objections == expected
    assert len(placed(memory)) == (2 if came == "frozen" else 0)
    assert last_told(memory)["may_charge"] is (not expected)
    contract = memory.ask(register("C2", student_ref="S2"))
    assert said(contract) == ("may_not_charge" if expected else "accepted")


# What is known of the lists and the status, before and after an event that says nothing of them.
@tables.cases("""
# type       before                after
  changed    -         -    -      unknown    -    -
  changed    expired   yes  no     expired    yes  no
  suspended  expired   -    -      suspended  -    -
  expired    -         -    -      expired    -    -
  revoked    normal    no   yes    revoked    no   yes
  restored   revoked   -    -      normal     -    -
  unwhite    normal    yes  -      normal     no   -
  black      normal    -    no     normal     -    yes
  unblack    normal    -    yes    normal     -    no
""")
def test_what_an_event_leaves_out_it_says_by_its_type_or_not_at_all(row: list[str]) -> None:
    kind, status, white, black, *after = row
    memory = books()
    if status:
        memory.book.words[INSTITUTION] = a_word(
            status=status, white_listed=LISTED[white], black_listed=LISTED[black]
        )
    heard(memory, KINDS[kind], sequence=2, effect="review")
    word = memory.book.words[INSTITUTION]
    assert [word.status, word.white_listed, word.black_listed] == [
        after[0],
        LISTED[after[1]],
        LISTED[after[2]],
    ]
    assert memory.standing.status == after[0]


def test_a_freeze_is_two_freezes_that_carry_the_event() -> None:
    memory = books()
    assert heard(memory, "licence.revoked") == "frozen"
    charging, payout = placed(memory)
    assert charging == Freeze(
        INSTITUTION, charging.freeze_id, "charging",
        "The registry says that the licence was revoked.", "national", "R-1", NOW, "registry",
        "reg-1",
    )  # fmt: skip
    assert payout == replace(charging, freeze_id=payout.freeze_id, scope="payout")
    assert (memory.standing.charging_freezes, memory.standing.payout_freezes) == (1, 1)
    assert [event.type for event in memory.feed] == [
        "freeze.placed",
        "freeze.placed",
        "institution.changed",
    ]
    assert {one["registry_event_id"] for one in memory.told("freeze.placed")} == {"reg-1"}


@tables.cases("""
# type     source    document  evidence  authority  document_no             reason
  revoked  national  R-9       abc       national   R-9                     revoked
  revoked  -         -         digest    registry   sha256:0123456789abcdef  revoked
  black    city      -         -         city       reg-1                   black list
  changed  city      -         -         city       reg-1                   asks
""")
def test_a_freeze_says_whose_it_is_and_by_what_document(row: list[str]) -> None:
    kind, source, document, evidence, authority, document_no, *reason = row
    memory = books()
    digest = "0123456789abcdef" * 4
    heard(
        memory,
        KINDS[kind],
        source=source or None,
        document_no=document or None,
        evidence_sha256=digest if evidence == "digest" else evidence or None,
    )
    for one in placed(memory):
        assert (one.authority, one.document_no) == (authority, document_no)
        assert " ".join(reason) in one.reason


def test_what_was_said_is_told() -> None:
    memory = books()
    heard(memory, "list.black.added", sequence=7, white_listed=True, status="normal")
    assert last_told(memory) == {
        "name": "Sunny",
        "district_code": "320602",
        "category": "non_subject",
        "delivery": "offline",
        "policy": "national",
        "may_charge": False,
        "may_be_paid": False,
        "registry": {
            "event_id": "reg-1",
            "sequence": 7,
            "type": "list.black.added",
            "status": "normal",
            "effect": "freeze",
            "white_listed": True,
            "black_listed": True,
            "stale": False,
            "objections": ["black_listed"],
            "heard_at": rfc3339(NOW),
        },
    }


@pytest.mark.parametrize("sequence", [1, 4, 5])
def test_an_event_of_before_changes_nothing(sequence: int) -> None:
    memory = books()
    assert heard(memory, "institution.changed", sequence=5, effect="none") == "noted"
    before = len(memory.feed)
    outcome = memory.ask(hear("licence.revoked", event_id="reg-2", sequence=sequence))
    assert outcome == Exists(state="repeated")
    assert len(memory.feed) == before
    assert placed(memory) == []
    assert memory.book.words[INSTITUTION].event_id == "reg-1"


def test_an_event_twice_in_one_batch_freezes_once() -> None:
    memory = books()
    outcomes = memory.post([hear(), hear(), hear(sequence=2)])
    assert outcomes == [
        Accepted(state="frozen"),
        Exists(state="repeated"),
        Accepted(state="objected"),
    ]
    assert len(placed(memory)) == 2


def test_what_a_person_lifted_does_not_come_back_by_the_same_event() -> None:
    memory = books()
    heard(memory, "licence.revoked")
    for one in placed(memory):
        memory.ask(lift(one.freeze_id))
    assert heard(memory, "licence.revoked", sequence=2) == "objected"
    assert all(one.lifted_at for one in placed(memory))
    assert heard(memory, "licence.revoked", sequence=3, event_id="reg-2") == "frozen"
    assert len(placed(memory)) == 4


def test_another_institutions_event_of_the_same_id_freezes_as_well() -> None:
    memory = books(an_institution(), an_institution(OTHER))
    heard(memory, "licence.revoked")
    assert heard(memory, "licence.revoked", institution_id=OTHER) == "frozen"
    assert len(placed(memory)) == 4


def test_a_freeze_that_a_person_placed_is_not_the_registrys() -> None:
    memory = books()
    memory.ask(freeze("charging"))
    assert heard(memory, "licence.revoked") == "frozen"
    assert len(placed(memory)) == 3


@pytest.mark.parametrize("effect", list(Effect))
def test_missing_does_nothing_whatever_it_asks(effect: Effect) -> None:
    memory = books()
    assert heard(memory, "institution.missing", effect=effect.value) == "missing"
    assert memory.feed == []
    assert memory.book.words == {}
    assert placed(memory) == []


@pytest.mark.parametrize("effect", list(Effect))
def test_a_stale_source_changes_nothing_by_itself(effect: Effect) -> None:
    memory = books()
    known = ("licence_expired",)
    memory.book.words[INSTITUTION] = a_word(objections=known)
    state = heard(
        memory, "licence.revoked", sequence=2, effect=effect.value, status="normal", is_stale=True
    )
    assert state == "stale"
    assert memory.standing.objections == known
    assert placed(memory) == []
    word = memory.book.words[INSTITUTION]
    assert (word.status, word.is_stale, word.effect) == ("normal", True, effect)
    assert (word.institution_id, word.sequence, word.event_id) == (INSTITUTION, 2, "reg-1")
    assert (word.type, word.heard_at) == ("licence.revoked", NOW)


def test_restoring_lifts_nothing() -> None:
    memory = books()
    memory.ask(release())
    heard(memory, "licence.revoked")
    state = heard(
        memory, "institution.restored", sequence=2, event_id="reg-2", effect="restore_proposed"
    )
    assert state == "noted"
    assert [one.lifted_at for one in placed(memory)] == [None, None]
    assert memory.waiting == [("C1", 1, 100)]
    assert said(memory.ask(register("C2", student_ref="S2"))) == "may_not_charge"


def test_a_freeze_withdraws_and_retains_payouts_and_lets_refunds_go() -> None:
    memory = books(an_institution(), a_contract(), a_contract("C2", student_ref="S2"))
    memory.post(releases("C1", 1, 2))
    heard(memory, "licence.revoked")
    assert [one.state for one in memory.instructions] == ["withdrawn"]
    memory.ask(release("C1", 3))
    assert memory.waiting == [("C1", 1, 100), ("C1", 2, 100), ("C1", 3, 100)]
    asked = memory.ask(request_refund("C2"))
    assert isinstance(asked, Accepted)
    assert asked.made_id is not None
    memory.ask(agree(asked.made_id))
    assert [one.kind for one in memory.instructions if one.state == "planned"] == ["refund"]
    for one in placed(memory):
        memory.ask(lift(one.freeze_id))
    assert memory.waiting == []
    assert [one.kind for one in memory.instructions if one.state == "planned"] == [
        "refund",
        "payout",
    ]


@tables.cases("""
# type      name       district  said as    in
  listed    Sunny Ltd  320603    Sunny Ltd  320603
  changed   Sunny Ltd  -         Sunny Ltd  320602
  changed   -          320603    Sunny      320603
  changed   -          -         Sunny      320602
  restored  Sunny Ltd  320603    Sunny Ltd  320603
  revoked   Sunny Ltd  320603    Sunny Ltd  320603
  unwhite   -          320603    Sunny      320603
""")
def test_the_registry_writes_name_and_district_and_never_the_policy(row: list[str]) -> None:
    kind, name, district, said_as, inside = row
    memory = books()
    heard(memory, KINDS[kind], effect="none", name=name or None, district_code=district or None)
    standing = memory.standing
    assert (standing.name, standing.district_code) == (said_as, inside)
    assert memory.last is not None
    described = RegisterInstitution(
        INSTITUTION, said_as, inside, "non_subject", "offline", "national"
    )
    is_changed = (said_as, inside) != ("Sunny", "320602")
    assert memory.last.changes.registered == ([described] if is_changed else [])
    told = last_told(memory)
    assert (told["name"], told["district_code"], told["policy"]) == (said_as, inside, "national")


@pytest.mark.parametrize("is_there", [True, False])
def test_what_is_said_of_an_institution_not_registered_waits_for_it(*, is_there: bool) -> None:
    memory = books(*([Standing(INSTITUTION)] if is_there else [an_institution(OTHER)]))
    state = heard(memory, "licence.revoked", name="Sunny Ltd")
    assert state == "remembered"
    assert memory.feed == []
    assert placed(memory) == []
    assert memory.book.words[INSTITUTION].objections == ("licence_revoked",)
    if not is_there:
        return
    memory.ask(
        RegisterInstitution(INSTITUTION, "Sunny", "320602", "non_subject", "offline", "national")
    )
    told = last_told(memory)
    assert told["may_charge"] is False
    registry = told["registry"]
    assert isinstance(registry, dict)
    assert registry["event_id"] == "reg-1"
    assert memory.standing.status == "revoked"
    assert "licence_revoked" in memory.standing.objections
