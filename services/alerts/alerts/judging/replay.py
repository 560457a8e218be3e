"""Judging once more what was judged: the same facts, values and circumstances, as of then."""

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from alerts.domain.judging import Edition, Mode, edition_of, judge
from alerts.domain.outcome import Outcome, Severity, Verdict
from alerts.domain.rules.catalogue import RULES
from alerts.judging import views
from shared.pg.database import Database

_READ: Final = (
    "SELECT e.*, p.params FROM alerts.evaluation AS e LEFT JOIN alerts.parameters AS p"
    " ON p.rule = e.rule AND p.district_code = e.district_code AND p.version = e.version"
    " WHERE e.institution_id = $1 AND e.evaluation_id = $2"
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was written, and what the same judging says now."""

    written: Outcome
    again: Outcome | None
    """None where nothing of that scope is found any more."""
    is_same_rule: bool
    """Whether the rule is still the version that judged; another may say otherwise."""

    @property
    def agrees(self) -> bool:
        """Whether outcome, severity, facts, inputs and sentence are the same."""
        return self.written == self.again


async def replay(database: Database, institution_id: str, evaluation_id: UUID) -> Replayed | None:
    """Judge again what a stored evaluation judged; None where there is none."""
    async with database.ledger() as tx:
        row = await tx.fetchrow(_READ, institution_id, evaluation_id)
        if row is None:
            return None
        around = await views.read_surroundings(tx)
        (known,) = await views.read(tx, [institution_id], row["as_of"], around)
    edition = _edition(row)
    found = judge(known.view, edition, known.circumstances)
    again = next((one for one in found if one.scope == row["scope"]), None)
    return Replayed(_outcome(row), again, edition.rule.version == row["rule_version"])


def _edition(row: Any) -> Edition:  # noqa: ANN401 - a row of the driver's
    params = json.loads(row["params"]) if row["params"] else None
    district, version = row["district_code"], row["version"]
    return edition_of(RULES[row["rule"]], params, district, version, Mode(row["mode"]))


def _outcome(row: Any) -> Outcome:  # noqa: ANN401 - a row of the driver's
    return Outcome(
        Verdict(row["outcome"]),
        Severity(row["severity"]) if row["severity"] else None,
        row["scope"],
        row["reason"],
        json.loads(row["inputs"]),
        tuple(row["fact_ids"]),
        row["sentence"],
    )
