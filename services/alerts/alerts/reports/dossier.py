"""The dossier of one institution: 一张表 (facts), 一清单 (open items), 一研判 (assessment).

As of any instant: facts as the view then had them, cases as their history then left them, and
what officers had made of it. Rules judge by the values in force today: their sentences say which.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from alerts.domain.judging import Mode
from alerts.domain.outcome import Severity, Verdict
from alerts.domain.reports import Figure, Month, balances_of, figures_of, months_of, waiting_of
from alerts.domain.view import FactView
from alerts.judging import views
from alerts.judging.looking import look
from alerts.judging.presets import Presets
from alerts.reports.casework import MILESTONES_ZH, SEVERITIES_ZH, rule_title
from shared.errors import Conflict, NotKnown
from shared.pg.database import Database, LedgerConnection
from shared.time import rfc3339

ITEMS_MAX: Final = 500
"""Open items shown of one institution; all are counted."""

VERSIONS_MAX: Final = 1_000
"""Assessments of one institution: three a year for three centuries."""

_NOW: Final = "SELECT now() + make_interval(secs => c.offset_s) FROM access.clock AS c"
_PLACE: Final = (
    "SELECT i.institution_id, i.name, i.district_code, i.judged_at FROM alerts.institution AS i"
    " WHERE i.institution_id = $1 AND starts_with(coalesce(i.district_code, ''), $2)"
)
_CASES: Final = (
    "SELECT c.case_id, c.rule, c.severity, c.sentence, c.amount_fen, c.opened_at, c.due_at,"
    " c.milestone, e.state_after AS state"
    ' FROM alerts."case" AS c CROSS JOIN LATERAL (SELECT v.state_after FROM alerts.case_event AS v'
    " WHERE v.institution_id = c.institution_id AND v.case_id = c.case_id AND v.at <= $2"
    " ORDER BY v.step_no DESC LIMIT 1) AS e"
    " WHERE c.institution_id = $1 AND c.opened_at <= $2"
    " AND e.state_after NOT IN ('closed', 'recheck', 'archived')"
    " ORDER BY c.opened_at, c.case_id LIMIT $3"
)
_ASSESSED: Final = (
    "SELECT a.version, a.made_at, a.made_by, a.risk, a.text FROM alerts.assessment AS a"
    " WHERE a.institution_id = $1 AND a.made_at <= $2 ORDER BY a.version DESC LIMIT 1"
)
_LOCK: Final = (
    "SELECT institution_id FROM alerts.institution WHERE institution_id = $1 FOR NO KEY UPDATE"
)
_ASSESS: Final = (
    "INSERT INTO alerts.assessment (institution_id, version, made_at, made_by, risk, text, figures)"
    " SELECT $1, coalesce(max(a.version), 0) + 1, $2, $3, $4, $5, $6::jsonb"
    " FROM alerts.assessment AS a WHERE a.institution_id = $1 RETURNING version"
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything of one institution, as of an instant."""

    institution_id: str
    name: str | None
    as_of: datetime
    figures: Sequence[Figure]
    months: Sequence[Month]
    balances: Sequence[tuple[date, int]]
    floor_fen: int | None
    items: Sequence[Mapping[str, Any]]
    risk: str
    found: Sequence[Mapping[str, Any]]
    unsure: Sequence[Mapping[str, Any]]
    assessment: Mapping[str, Any] | None
    """An officer's, the newest then."""


async def read(
    database: Database, institution_id: str, stem: str, as_of: datetime | None
) -> Dossier:
    """Return the dossier of an institution in the reader's area.

    Raises:
        NotKnown: there is no such institution, or it lies elsewhere.

    """
    async with database.ledger() as tx:
        return await _read(tx, institution_id, stem, as_of)


async def _read(
    tx: LedgerConnection, institution_id: str, stem: str, as_of: datetime | None
) -> Dossier:
    now: datetime = await tx.fetchval(_NOW)
    at = min(as_of, now) if as_of else now
    place = await tx.fetchrow(_PLACE, institution_id, stem)
    if place is None:
        raise NotKnown
    around = await views.read_surroundings(tx)
    known = await views.read(tx, [institution_id], at, around)
    came = look(known, await Presets.read(tx))
    view = known[0].view
    cases = await tx.fetch(_CASES, institution_id, at, ITEMS_MAX)
    assessed = await tx.fetchrow(_ASSESSED, institution_id, at)
    live = [one for one in came.found if one.edition.mode is Mode.live]
    return Dossier(
        institution_id=institution_id,
        name=place["name"],
        as_of=at,
        figures=figures_of(view),
        months=months_of(view),
        balances=balances_of(view),
        floor_fen=view.floor.required_fen if view.floor else None,
        items=_items(view, cases, is_now=at == now),
        risk=came.risks[institution_id],
        found=_found(live),
        unsure=[
            {"rule": rule, "rule_text": rule_title(rule), "reason": one.outcome.reason}
            for one in live
            if one.outcome.verdict in {Verdict.indeterminate, Verdict.error}
            for rule in [one.edition.rule.key]
        ],
        assessment=dict(assessed) if assessed else None,
    )


def _items(view: FactView, cases: Sequence[Any], *, is_now: bool) -> list[dict[str, Any]]:
    """Return cases and what else waits; of the past a case's deadline is not known any more."""
    listed = [
        {
            "kind": "case",
            "title": f"{SEVERITIES_ZH[row['severity']]} · {rule_title(row['rule'])}",
            "since": row["opened_at"],
            "due_at": row["due_at"] if is_now else None,
            "awaits": MILESTONES_ZH.get(row["milestone"] or "", "") if is_now else "",
            "amount_fen": row["amount_fen"],
            "ref": str(row["case_id"]),
            "sentence": row["sentence"],
        }
        for row in cases
    ]
    waiting = [
        {
            "kind": one.kind,
            "title": one.title,
            "since": one.since,
            "due_at": one.due_at,
            "awaits": "",
            "amount_fen": one.amount_fen,
            "ref": one.ref,
            "sentence": one.sentence,
        }
        for one in waiting_of(view)
    ]
    return [*listed, *waiting[: ITEMS_MAX - len(listed)]]


def _found(live: Sequence[Any]) -> list[dict[str, Any]]:
    hits = [one for one in live if one.outcome.verdict is Verdict.hit]
    hits.sort(key=lambda one: -(one.outcome.severity or Severity.info).weight)
    return [
        {
            "rule": one.edition.rule.key,
            "rule_text": one.edition.rule.title,
            "severity": (one.outcome.severity or Severity.info).value,
            "sentence": one.outcome.sentence,
        }
        for one in hits
    ]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an officer makes of an institution."""

    risk: str
    text: str
    made_by: str


async def assess(
    database: Database, institution_id: str, stem: str, opinion: Opinion
) -> Mapping[str, Any]:
    """Write an assessment under the next version, with the figures it was made on.

    Raises:
        NotKnown: there is no such institution in the officer's area.
        Conflict: `too_many_assessments`.

    """
    async with database.ledger() as tx:
        await tx.fetch(_LOCK, institution_id)
        seen = await _read(tx, institution_id, stem, None)
        figures = {one.key: one.value for one in seen.figures}
        before = seen.assessment["version"] if seen.assessment else 0
        if before >= VERSIONS_MAX:
            message = f"The institution has {VERSIONS_MAX} assessments: no more are taken."
            raise Conflict(message, code="too_many_assessments")
        version = await tx.fetchval(
            _ASSESS,
            institution_id,
            seen.as_of,
            opinion.made_by,
            opinion.risk,
            opinion.text,
            json.dumps({**figures, "as_of": rfc3339(seen.as_of)}, ensure_ascii=False),
        )
    return {
        "version": version,
        "made_at": seen.as_of,
        "made_by": opinion.made_by,
        "risk": opinion.risk,
        "text": opinion.text,
    }
