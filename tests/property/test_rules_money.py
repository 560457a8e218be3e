"""The rules of money agree with the oracle on any history, told in whatever order.

Amounts lie around the thresholds, instants on and beside the windows' edges; entries come late,
come twice with other amounts, and come without the counterparty. Thresholds are made small, so
that a few facts cross them; the comparison is of severity, verdict, scope and evidence.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from alerts.domain.backtest import needless
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import Outcome, Verdict
from alerts.domain.rule import faults_of
from alerts.domain.rules.money import MONEY_RULES
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from tests.oracle import money as oracle

AS_OF: Final = datetime(2026, 11, 20, 1, 12, tzinfo=UTC)
"""A Friday morning in Shanghai."""

SMALL: Final[Mapping[str, Mapping[str, int]]] = {
    "R01": {"least_fen": 50, "grave_fen": 500},
    "R02": {"least_fen": 100},
    "R03": {"least_fen": 300},
    "R06": {"least_fen": 20, "grave_fen": 200, "purpose_fen": 10},
    "R07": {"limit_fen": 50},
    "R08": {"least_fen": 10},
    "R09": {"spread_fen": 5},
    "R10": {"least_fen": 50},
}
PARAMS: Final = {
    rule.number: {**rule.presets, **SMALL.get(rule.number, {})} for rule in MONEY_RULES
}

MINUTES: Final = st.sampled_from(
    [
        *(0, 1, 30, 60 * 23, 60 * 24 - 1, 60 * 24, 60 * 24 + 1, 60 * 47, 60 * 48),
        *(60 * 24 * days for days in (3, 7, 8, 14, 21, 28, 29, 30, 31, 32, 59, 60, 61, 84)),
        *(60 * 24 * days + 60 for days in (7, 31, 58, 60, 62, 87, 88, 90, 91, 92)),
    ]
)
"""How long before: on the edges of the windows and beside them."""
LATE: Final = st.sampled_from([0, 0, 0, 5, 60 * 24, 60 * 24 * 3, 60 * 24 * 32, -30])
AMOUNTS: Final = st.one_of(
    st.sampled_from([1, 5, 9, 10, 30, 39, 40, 49, 50, 51, 99, 100, 300, 499, 500, 501, 1_000]),
    st.integers(1, 600),
)
PURPOSES: Final = st.sampled_from([None, "", "11月工资", "SALA", "往来款", "投资"])
PAYEES: Final = st.sampled_from([None, "a", "a", "b"])
FLOORS: Final = st.one_of(st.none(), st.none(), st.sampled_from([0, 90, 100, 110, 500, 1_000]))


@st.composite
def _instants(draw: st.DrawFn) -> dict[str, datetime]:
    at = AS_OF - timedelta(minutes=draw(MINUTES))
    return {"at": at, "seen_at": at + timedelta(minutes=draw(LATE))}


@st.composite
def _entries(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from([Kind.debit, Kind.debit, Kind.credit]))
    tag = ""
    body: dict[str, Any] = {}
    if kind is Kind.debit:
        tag = draw(st.sampled_from(["unbacked", "unbacked", "unbacked", "payout", "refund"]))
        body = {"purpose": draw(PURPOSES), "counterparty_ref": draw(PAYEES)}
    required = draw(FLOORS)
    if required is not None:
        body["floor"] = {"required_fen": required, "present_fen": draw(AMOUNTS)}
    ref = f"e{draw(st.integers(1, 12))}"
    return {"kind": kind, "amount_fen": draw(AMOUNTS), "ref": ref, "tag": tag, "body": body}


@st.composite
def _others(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(
            [
                *(Kind.floor, Kind.freeze, Kind.unfreeze, Kind.statement, Kind.funded),
                *(Kind.released, Kind.reversed, Kind.refund, Kind.registry, Kind.bank_warning),
            ]
        )
    )
    tags = {
        Kind.freeze: ["payout", "all", "charging"],
        Kind.refund: ["requested", "contested", "agreed", "paid"],
        Kind.registry: ["licence.revoked", "institution.restored", "institution.changed"],
        Kind.bank_warning: ["blocked_debit", "other"],
    }
    body: dict[str, Any] = {}
    if kind is Kind.reversed:
        body["owed_by_institution_fen"] = draw(st.sampled_from([0, 10, 50]))
    if kind is Kind.registry:
        body["status"] = draw(st.sampled_from(["normal", "revoked", "unknown"]))
    tag = draw(st.sampled_from(tags.get(kind, [""])))
    ref = f"o{draw(st.integers(1, 3))}"
    return {"kind": kind, "amount_fen": draw(AMOUNTS), "ref": ref, "tag": tag, "body": body}


@st.composite
def _payrolls(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw a payroll that comes about monthly, in about the same amount."""
    payee, purpose = draw(PAYEES), draw(PURPOSES)
    amount = draw(st.sampled_from([50, 100, 300]))
    minutes = draw(st.sampled_from([0, 30, 60 * 24 * 2]))
    drawn = []
    for place in range(draw(st.integers(3, 5))):
        at = AS_OF - timedelta(minutes=minutes)
        near = amount * draw(st.sampled_from([79, 80, 83, 100, 120, 121])) // 100
        body = {"purpose": purpose, "counterparty_ref": payee}
        drawn.append(
            {"kind": Kind.debit, "amount_fen": near, "ref": f"p{place}", "tag": "unbacked"}
            | {"body": body, "at": at, "seen_at": at}
        )
        minutes += 60 * 24 * draw(st.sampled_from([25, 26, 28, 30, 31, 33, 34]))
    return drawn


@st.composite
def _bursts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw debits in quick succession, most of them a little below the limit."""
    begins = draw(st.sampled_from([0, 30, 60 * 24 * 2, 60 * 24 * 9]))
    late = draw(LATE)
    drawn = []
    for place in range(draw(st.integers(2, 7))):
        at = AS_OF - timedelta(minutes=begins + place * draw(st.sampled_from([0, 60, 300])))
        drawn.append(
            {"kind": Kind.debit, "amount_fen": draw(st.sampled_from([39, 40, 49, 49, 50, 120]))}
            | {"ref": f"b{place}", "tag": "unbacked", "body": {"purpose": "租金"}}
            | {"at": at, "seen_at": at + timedelta(minutes=late)}
        )
    return drawn


@st.composite
def _custodies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw an account that began with so much, so much of it prepaid, and perhaps a floor."""
    at = AS_OF - timedelta(days=draw(st.sampled_from([29, 30, 31, 85, 100, 200])))
    amount = draw(st.sampled_from([100, 400, 1_000, 2_000, 20_000]))
    held = amount * draw(st.sampled_from([0, 50, 80, 90, 95, 100])) // 100
    required = amount * draw(st.sampled_from([0, 0, 80, 95, 100, 120])) // 100
    drawn: list[dict[str, Any]] = [
        {"kind": Kind.credit, "amount_fen": amount, "ref": "opening"},
        {"kind": Kind.funded, "amount_fen": held, "ref": "k"},
        {"kind": Kind.floor, "amount_fen": required, "ref": "f"},
    ]
    if draw(st.booleans()):
        drawn.append({"kind": Kind.freeze, "tag": "payout", "ref": "o1"})
    return [{**one, "at": at, "seen_at": at} for one in drawn]


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Draw facts in any order, with gaps in their numbers."""
    what = st.one_of(_entries(), _entries(), _others())
    drawn = draw(st.lists(st.tuples(what, _instants()), max_size=draw(st.sampled_from([3, 8, 25]))))
    said = [{**what, **instants} for what, instants in drawn]
    for scene in (_payrolls(), _bursts(), _custodies(), _custodies()):
        if draw(st.booleans()):
            said += draw(scene)
    order = draw(st.permutations(range(len(said))))
    return [Fact(fact_id=10 + 2 * number, **one) for number, one in zip(order, said, strict=True)]


def _said(key: str, outcome: Outcome) -> oracle.Said:
    severity = outcome.severity.value if outcome.severity else None
    return (key, outcome.scope, severity, outcome.verdict.value, frozenset(outcome.fact_ids))


def _judged(facts: list[Fact], open_scopes: oracle.Scopes) -> dict[str, set[oracle.Said]]:
    view = FactView(facts, AS_OF, Calendar(), open_scopes=open_scopes)
    judged = {}
    for rule in MONEY_RULES:
        outcomes = rule.evaluate(view, PARAMS[rule.number])
        assert outcomes, f"{rule.key} says nothing at all"
        found = [one for one in outcomes if one.verdict is not Verdict.no_hit]
        said = {_said(rule.key, one) for one in found}
        assert len(said) == len(found)
        judged[rule.number] = said
    return judged


OPEN: Final = st.sampled_from(
    [
        frozenset[tuple[str, str]](),
        frozenset({("min_balance_breach", "open")}),
        frozenset({("coverage_shortfall", "open")}),
    ]
)


@given(histories(), OPEN)
def test_rules_and_oracle_agree(facts: list[Fact], open_scopes: oracle.Scopes) -> None:
    """Each rule finds what brute force finds, and rests it on the same facts."""
    judged = _judged(facts, open_scopes)
    for number, said in judged.items():
        for _, _, severity, verdict, _ in said:
            event(f"{number} {severity or verdict}")
    assert judged == oracle.judge(facts, AS_OF, PARAMS, open_scopes)


@given(histories(), OPEN, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_given_changes_nothing(
    facts: list[Fact], open_scopes: oracle.Scopes, chance: Random
) -> None:
    """The rules see the facts, not the order in which a query happened to return them."""
    shuffled = facts[:]
    chance.shuffle(shuffled)
    assert _judged(shuffled, open_scopes) == _judged(facts, open_scopes)


@given(histories())
def test_what_was_not_known_then_changes_nothing(facts: list[Fact]) -> None:
    """A rule judges as it would have that day, whatever is known since."""
    known = [one for one in facts if one.at <= AS_OF and one.seen_at <= AS_OF]
    assert _judged(facts, frozenset()) == _judged(known, frozenset())


@given(histories())
def test_what_a_backtest_leaves_out_changes_nothing(facts: list[Fact]) -> None:
    """A rule that waits for a debit judges alike without the kinds it never asks for."""
    for rule in MONEY_RULES:
        left_out = needless(rule.key)
        fewer = [one for one in facts if one.kind not in left_out or "floor" in one.body]
        whole, less = (FactView(some, AS_OF, Calendar()) for some in (facts, fewer))
        values = PARAMS[rule.number]
        assert rule.evaluate(less, values) == rule.evaluate(whole, values)


@given(histories())
@settings(max_examples=30)
def test_every_finding_is_explained(facts: list[Fact]) -> None:
    """What is found names its facts in order, its figures, and one sentence."""
    view = FactView(facts, AS_OF, Calendar())
    for rule in MONEY_RULES:
        for one in rule.evaluate(view, PARAMS[rule.number]):
            if one.verdict is not Verdict.no_hit:
                assert list(one.fact_ids) == sorted(set(one.fact_ids))
                assert one.fact_ids
                assert one.inputs
                assert one.sentence
                assert "\n" not in one.sentence
                assert (one.severity is None) == (one.verdict is Verdict.indeterminate)


def test_the_small_thresholds_are_within_their_limits() -> None:
    """The comparison is of rules as a district could set them."""
    for rule in MONEY_RULES:
        assert faults_of(rule, PARAMS[rule.number]) == []
        assert faults_of(rule, rule.presets) == []


def test_there_is_an_oracle_for_each_rule_of_money() -> None:
    """No rule goes without its second opinion."""
    asked: Mapping[str, Callable[..., object]] = oracle.BY_NUMBER
    assert [rule.number for rule in MONEY_RULES] == list(asked)
