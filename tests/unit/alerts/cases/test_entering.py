"""What machines may do to a case: open it, add to it, doubt it; and what they leave alone."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from alerts.domain.cases import Case, Entry, Hit, Known, doubted, entered, merged
from alerts.domain.casewords import SETTLED, State
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
CALENDAR = Calendar()


def a_hit(*fact_ids: int, severity: Severity = Severity.warning, scope: str = "open") -> Hit:
    return Hit("91320602MA1ABCDE16", "320602", "tip", scope, severity, "一句话", fact_ids)


def opened(*fact_ids: int) -> Case:
    case = entered(a_hit(*fact_ids), Known(), UUID(int=1), NOW, CALENDAR).case
    assert case is not None
    return case


@pytest.mark.parametrize(
    ("facts", "entry"),
    [((4, 5), Entry.known), ((5,), Entry.known), ((), Entry.known), ((5, 6), Entry.opened)],
)
def test_after_a_closed_case_only_a_newer_fact_opens_another(
    facts: tuple[int, ...], entry: Entry
) -> None:
    known = Known(newest_fact=5, has_past=True)
    assert entered(a_hit(*facts), known, UUID(int=2), NOW, CALENDAR).entry is entry


def test_a_first_hit_opens_a_case_even_without_a_fact() -> None:
    assert entered(a_hit(), Known(), UUID(int=2), NOW, CALENDAR).entry is Entry.opened


def test_a_doubt_is_noted_once_and_taken_back_by_new_evidence() -> None:
    case = opened(1, 2)
    noted = doubted(case, (1, 2), "银行更正", NOW, CALENDAR)
    assert noted is not None
    assert (noted.case.body["proposed"], noted.case.state) == ("data_error", State.new)
    assert doubted(noted.case, (2,), "银行更正", NOW, CALENDAR) is None
    assert doubted(noted.case, (), "银行更正", NOW, CALENDAR) is None
    grown = entered(a_hit(3), Known(noted.case), UUID(int=2), NOW, CALENDAR).case
    assert grown is not None
    assert "proposed" not in grown.body
    assert grown.body["withdrawn"] == [1, 2]


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_a_settled_case_is_not_doubted(state: State) -> None:
    assert doubted(replace(opened(1), state=state), (1,), "银行更正", NOW, CALENDAR) is None


def test_hits_of_one_key_become_the_gravest_with_the_facts_of_all() -> None:
    hits = [a_hit(2), a_hit(1, severity=Severity.critical), a_hit(3), a_hit(9, scope="2026-11-23")]
    found = merged(hits)
    assert len(found) == 2
    one = found[hits[0].key]
    assert (one.severity, one.fact_ids) == (Severity.critical, (1, 2, 3))
