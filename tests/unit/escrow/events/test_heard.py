"""An event of the registry's feed, as it is understood: what must fit, and what may not."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from escrow.domain.commands import HearRegistry
from escrow.events.heard import command_of, is_known
from shared.feed.reader import FeedEvent
from tests.support import tables

INSTITUTION = "91320602MA1ABCDE16"
ID = UUID("0193b1c2-7d7e-7c4f-9f39-1f2b3c4d5e6f")
DIGEST = "0a" * 32
SAID = {
    "status": "revoked",
    "status_before": "normal",
    "effect": "freeze",
    "source": "national",
    "rank": 1,
    "licence_no": "133060270000011",
    "document_no": "R-1",
    "evidence_sha256": DIGEST,
    "since": "2026-12-01",
    "as_of": "2026-12-05T10:00:00+08:00",
    "stale": False,
    "white_listed": False,
    "black_listed": True,
    "name": "Sunny",
    "district_code": "320602",
    "valid_until": "2027-12-31",
    "brand_new": {"a": 1},
}


def an_event(said: dict[str, Any], **changes: object) -> FeedEvent:
    plain: dict[str, Any] = {
        "id": ID,
        "source": "urn:yike:registry-sync",
        "type": "licence.revoked",
        "subject": INSTITUTION,
        "time": datetime(2026, 12, 5, tzinfo=UTC),
        "sequence": 3,
        "data": said,
    }
    return FeedEvent.model_validate({**plain, **changes})


def test_an_event_becomes_a_command() -> None:
    assert command_of(an_event(SAID)) == HearRegistry(
        INSTITUTION,
        str(ID),
        3,
        "licence.revoked",
        "freeze",
        "national",
        "R-1",
        DIGEST,
        "revoked",
        "Sunny",
        "320602",
        white_listed=False,
        black_listed=True,
        is_stale=False,
    )


def test_what_is_left_out_is_not_said() -> None:
    plain = HearRegistry(INSTITUTION, str(ID), 3, "licence.revoked")
    assert command_of(an_event({})) == plain
    assert command_of(an_event(dict.fromkeys(SAID))) == plain


@tables.cases("""
# field            value
  source           5
  source           \x00
  document_no      []
  evidence_sha256  abc
  name             blank
  name             long
  district_code    3206
  district_code    320602
""")
def test_what_only_describes_is_left_out_where_it_does_not_fit(row: list[str]) -> None:
    name, given = row
    values: dict[str, Any] = {"5": 5, "[]": [], "blank": "  ", "long": "x" * 201}
    said = {**SAID, name: values.get(given, given.replace("\\x00", "\x00"))}
    command = command_of(an_event(said))
    assert getattr(command, name) == ("320602" if given == "320602" else None)
    assert (command.effect, command.status) == ("freeze", "revoked")


@tables.cases("""
# field          value
  effect         ruin
  effect         5
  status         Revoked!
  status         5
  white_listed   maybe
  black_listed   7
  stale          perhaps
""")
def test_what_decides_must_fit(row: list[str]) -> None:
    name, given = row
    said = {**SAID, name: int(given) if given.isdigit() else given}
    with pytest.raises(ValidationError):
        command_of(an_event(said))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "91320602MA1ABCDE17"},
        {"subject": "x"},
        {"sequence": 0},
        {"sequence": -1},
        {"sequence": 2**63},
    ],
)
def test_whom_it_speaks_of_and_its_number_must_fit(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        command_of(an_event(SAID, **changes))


@tables.cases("""
# given   understood
  yes     yes
  no      no
  true    yes
  false   no
""")
def test_lists_are_said_in_words_or_as_truth(row: list[str]) -> None:
    given, understood = row
    truth: dict[str, Any] = {"true": True, "false": False}
    said = {"white_listed": truth.get(given, given), "stale": truth.get(given, given)}
    command = command_of(an_event(said))
    assert (command.white_listed, command.is_stale) == (understood == "yes", understood == "yes")


@tables.cases("""
# type                  known
  licence.revoked       yes
  institution.missing   yes
  institution.vanished  no
  contract.accepted     no
""")
def test_types_of_the_wire_contract_are_known(row: list[str]) -> None:
    kind, known = row
    assert is_known(an_event({}, type=kind)) is (known == "yes")
