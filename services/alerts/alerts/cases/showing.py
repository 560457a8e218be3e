"""From a case to what a reader is shown of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.casebook.reading import Shown, Told
from alerts.cases.shapes import (
    CaseAnswer,
    CaseDetailAnswer,
    ChainAnswer,
    EventAnswer,
    EvidenceAnswer,
)
from alerts.domain.cases import Case
from alerts.domain.casesteps import legal_steps
from alerts.domain.chain import Event


def answer_of(shown: Shown) -> CaseAnswer:
    """Return what a list shows of a case."""
    return CaseAnswer(**_said(shown.case, shown.name, shown.now))


def stepped(case: Case) -> CaseAnswer:
    """Return a case as it stands right after a step."""
    return CaseAnswer(**_said(case, None, case.changed_at))


def detail_of(told: Told, *, with_text: bool) -> CaseDetailAnswer:
    """Return everything of one case; what people wrote only to those who decide or audit."""
    case = told.shown.case
    withdrawn = frozenset(case.body.get("withdrawn", ()))
    return CaseDetailAnswer(
        **_said(case, told.shown.name, told.shown.now),
        interview=case.body.get("interview"),
        measures=list(case.body.get("measures", ())),
        evidence=[_evidence(one, withdrawn, with_text=with_text) for one in told.evidence],
        evidence_count=told.evidence_count,
        history=[_event(one) for one in told.history],
        chain=ChainAnswer(
            is_intact=told.broken_at is None,
            steps=told.steps,
            broken_at=told.broken_at,
            last_hash=case.last_hash,
        ),
    )


def _said(case: Case, name: str | None, now: datetime) -> dict[str, Any]:
    return {
        "id": str(case.case_id),
        "institution_id": case.institution_id,
        "institution_name": name,
        "district_code": case.district_code,
        "rule": case.rule,
        "scope": case.scope,
        "severity": case.severity.value,
        "state": case.state.value,
        "finding": case.finding.value if case.finding else None,
        "version": case.version,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "closed_at": case.closed_at,
        "milestone": case.milestone.value if case.milestone else None,
        "due_at": case.due_at,
        "is_overdue": case.due_at is not None and case.due_at < now,
        "owner": case.owner,
        "sentence": case.sentence,
        "amount_fen": case.amount_fen,
        "waiting_for": case.body.get("waiting_for"),
        "closing_proposed": case.body.get("closing"),
        "proposed_class": case.body.get("proposed"),
        "next_steps": list(legal_steps(case)),
    }


def _evidence(
    row: Mapping[str, Any], withdrawn: frozenset[int], *, with_text: bool
) -> EvidenceAnswer:
    evaluation_id = row["evaluation_id"]
    return EvidenceAnswer(
        fact_id=row["fact_id"],
        kind=row["kind"],
        at=row["at"],
        amount_fen=row["amount_fen"],
        ref=row["ref"],
        tag=row["tag"],
        text=row["text"] if with_text else None,
        evaluation_id=str(evaluation_id) if evaluation_id is not None else None,
        added_at=row["added_at"],
        is_withdrawn=row["fact_id"] in withdrawn,
    )


def _event(event: Event) -> EventAnswer:
    return EventAnswer(
        step_no=event.step_no,
        at=event.at,
        actor=event.actor,
        role=event.role,
        step=event.step,
        state_before=event.state_before,
        state_after=event.state_after,
        reason=event.reason,
        payload=dict(event.payload),
        hash=event.hash,
    )
