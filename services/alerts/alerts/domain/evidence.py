"""What a hit rests on: which of contradicting facts is believed, and which are shown.

A case shows at most `EVIDENCE_MAX` facts of one evaluation, the newest by number; amounts and
counts are of all of them.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from alerts.domain.facts import Fact
from alerts.domain.outcome import Outcome, Severity, Verdict

DAYS_REMEMBERED: Final = 4_096

EVIDENCE_MAX: Final = 500
"""An officer reads no more than that; it is also what one evaluation's row can carry."""


def believed(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Return of each `ref` the fact that was heard last."""
    heard: dict[str, Fact] = {}
    for fact in facts:
        known = heard.get(fact.ref)
        if known is None or (known.seen_at, known.fact_id) <= (fact.seen_at, fact.fact_id):
            heard[fact.ref] = fact
    return heard


def first_of_each(facts: Iterable[Fact]) -> list[Fact]:
    """Return of each `ref` the first fact, of facts that are in order."""
    first: dict[str, Fact] = {}
    for fact in facts:
        first.setdefault(fact.ref, fact)
    return list(first.values())


def rests_on(facts: Iterable[Fact]) -> tuple[int, ...]:
    """Return the ids of the newest of some facts, in order."""
    return tuple(sorted({one.fact_id for one in facts})[-EVIDENCE_MAX:])


def day_said(body: Mapping[str, Any], name: str) -> date | None:
    """Return a day that a fact's body holds, or None where it holds none that can be read."""
    said = body.get(name)
    return _day_of(said) if isinstance(said, str) else None


@lru_cache(DAYS_REMEMBERED)
def _day_of(said: str) -> date | None:
    """Return the day that a text names; the days of contracts are the same again and again."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def hit(
    severity: Severity,
    facts: Iterable[Fact],
    sentence: str,
    inputs: Mapping[str, int | str],
    *,
    scope: str = "open",
    reason: str = "",
) -> Outcome:
    """Return that a rule found something, with what it rests on."""
    return Outcome(
        Verdict.hit,
        severity=severity,
        scope=scope,
        reason=reason,
        inputs=inputs,
        fact_ids=rests_on(facts),
        sentence=sentence,
    )


def clear(scope: str) -> Outcome:
    """Return that a rule found nothing in one scope."""
    return Outcome(Verdict.no_hit, scope=scope)
