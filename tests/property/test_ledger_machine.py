"""A model of a few lines against the real ledger on PostgreSQL, step by random step.

The model knows contracts, what was paid in, which lessons were released, what was refunded and
which freezes stand; it predicts every claim's outcome. After each step the database must hold
the invariants, summed by SQL alone, and the auditor must find nothing.
Two processes' doors take turns, and what was asked is asked again under the same key.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from escrow.domain import commands as ask
from escrow.domain.commands import Command
from escrow.domain.outcomes import Outcome, Refused
from escrow.ledger.post import Submission
from escrow.ledger.requests import Answer, RequestKey
from escrow.ledger.verify import verify
from shared.ids import new_id
from shared.money import Fen
from shared.pg.database import Database
from tests.integration.escrow.books import Books, add_bank, poster_on
from tests.support.sums import INVARIANTS

NAMES = ("C1", "C2", "C3")
claims = st.tuples(st.sampled_from(NAMES), st.integers(1, 6))
STEPS = 25
EXAMPLES = max(5, settings().max_examples // 50)
"""An example is dozens of postings on a real database."""

pytestmark = pytest.mark.timeout(600)


@dataclass
class Contract:
    """What the model knows of a contract."""

    lessons: int
    paid: int
    funded: int = 0
    refunded: int = 0
    released: dict[int, int] = field(default_factory=dict)
    state: str = "open"

    def fee(self, number: int) -> int:
        """Return a lesson's price: the last one takes the remainder."""
        fee = self.paid // self.lessons
        return fee if number < self.lessons else self.paid - fee * (self.lessons - 1)

    @property
    def held(self) -> int:
        """Return what is left."""
        return self.funded - sum(self.released.values()) - self.refunded

    def claim(self, number: int, *, is_frozen: bool) -> str:
        """Release a lesson in the model and say what the ledger must answer."""
        over = self.state == "closed" or len(self.released) == self.lessons
        checks = (
            (not 1 <= number <= self.lessons, "lesson_out_of_range"),
            (number in self.released, "already_released"),
            (is_frozen, "institution_frozen"),
            (over, "contract_closed"),
            (not self.funded, "contract_not_funded"),
            (self.held < self.fee(number), "held_insufficient"),
        )
        for holds, word in checks:
            if holds:
                return word
        self.released[number] = self.fee(number)
        return "released"


class Stage:
    """The database that the machines of one run play on, each with an institution of its own."""

    def __init__(self, runner: asyncio.Runner, database_url: str) -> None:
        """Keep a loop for all, and two processes' pools."""
        self.runner = runner
        self.databases = [Database(database_url, application="tests") for _ in range(2)]
        self.posters = [poster_on(database) for database in self.databases]

    async def open(self) -> None:
        for database in self.databases:
            await database.open()
        await add_bank(self.databases[0])

    async def close(self) -> None:
        for database in self.databases:
            await database.close()


def word(outcome: Outcome) -> str:
    return outcome.code.value if isinstance(outcome, Refused) else type(outcome).__name__.lower()


def rendered(outcomes: Sequence[Outcome]) -> Answer:
    return Answer(200, repr([word(one) for one in outcomes]).encode())


class Ledger(RuleBasedStateMachine):
    """See the module."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.contracts: dict[str, Contract] = {}
        self.freezes: dict[UUID, str] = {}
        self.refunds: dict[str, UUID] = {}
        self.waiting = dict.fromkeys(NAMES, 0)
        self.asked: list[tuple[RequestKey, tuple[Command, ...], bytes]] = []
        self.number = 0

    @initialize()
    def open(self) -> None:
        self.my = Books(
            self.stage.posters[0], self.stage.databases[0], f"M{new_id().hex[-16:].upper()}"
        )
        self.run(self.my.open())

    def run(self, work: Any) -> Any:  # noqa: ANN401 - any coroutine and its result
        return self.stage.runner.run(work)

    def post(self, *commands: Command) -> list[Outcome]:
        """Post through the next door, under a key of its own; remember the answer."""
        self.number += 1
        key = RequestKey.of(self.my.institution_id, "POST", "/", str(self.number).encode(), b"")
        outcomes: list[Outcome] = []

        def render(found: Sequence[Outcome]) -> Answer:
            outcomes.extend(found)
            return rendered(found)

        poster = self.stage.posters[self.number % 2]
        answer = self.run(poster.answer(Submission(commands, key, render)))
        self.asked.append((key, commands, answer.body))
        return outcomes

    def fresh(self, prefix: str) -> str:
        return f"{prefix}-{self.number}-{len(self.asked)}"

    @property
    def is_frozen(self) -> bool:
        return "all" in self.freezes.values()

    # -- steps -----------------------------------------------------------------------------

    @rule(name=st.sampled_from(NAMES), lessons=st.integers(1, 5), paid=st.integers(5, 300))
    def register(self, name: str, lessons: int, paid: int) -> None:
        (outcome,) = self.post(self.my.contract(name, lessons, paid))
        if name in self.contracts:
            known = self.contracts[name]
            same = (known.lessons, known.paid) == (lessons, paid)
            assert word(outcome) == ("exists" if same else "id_reused")
        elif self.is_frozen or "charging" in self.freezes.values():
            assert word(outcome) == "may_not_charge"
        else:
            assert word(outcome) == "accepted"
            self.contracts[name] = Contract(lessons, paid, min(paid, self.waiting[name]))

    @rule(name=st.sampled_from((*NAMES, None)), amount=st.integers(1, 200))
    def deposit(self, name: str | None, amount: int) -> None:
        (outcome,) = self.post(self.my.credit(self.fresh("E"), amount, name))
        assert word(outcome) == "accepted"
        contract = self.contracts.get(name or "")
        if contract is not None and contract.state == "open":
            contract.funded += min(amount, contract.paid - contract.funded)
        elif name is not None and contract is None:
            self.waiting[name] += amount

    @rule(
        claims=st.lists(
            st.tuples(st.sampled_from(NAMES), st.integers(1, 6)), min_size=1, max_size=6
        )
    )
    def claim(self, claims: list[tuple[str, int]]) -> None:
        batch = [
            self.my.lesson(name, number, f"{self.fresh('r')}-{place}")
            for place, (name, number) in enumerate(claims)
        ]
        expected = [
            self.contracts[name].claim(number, is_frozen=self.is_frozen)
            if name in self.contracts
            else "contract_unknown"
            for name, number in claims
        ]
        assert [word(one) for one in self.post(*batch)] == expected

    @precondition(lambda self: any(one.released for one in self.contracts.values()))
    @rule(pick=st.integers(0, 50))
    def claim_again(self, pick: int) -> None:
        """Ask for a released lesson under another id, in vain."""
        all_released = [(name, n) for name, one in self.contracts.items() for n in one.released]
        name, number = all_released[pick % len(all_released)]
        (outcome,) = self.post(self.my.lesson(name, number, self.fresh("again")))
        assert word(outcome) == "already_released"

    @precondition(lambda self: any(one.released for one in self.contracts.values()))
    @rule(pick=st.integers(0, 50))
    def put_back(self, pick: int) -> None:
        all_released = [(name, n) for name, one in self.contracts.items() for n in one.released]
        name, number = all_released[pick % len(all_released)]
        contract = self.contracts[name]
        (outcome,) = self.post(
            ask.ReverseLesson(self.my.institution_id, self.fresh("v"), name, number, "wrong")
        )
        if contract.state == "closed":
            assert word(outcome) == "contract_closed"
        else:
            assert word(outcome) == "accepted"
            del contract.released[number]

    @rule(pick=st.integers(0, 50), door=st.integers(0, 1))
    def replay(self, pick: int, door: int) -> None:
        """Ask for what was asked before, through any door: the same answer, no effect."""
        if not self.asked:
            return
        key, commands, body = self.asked[pick % len(self.asked)]
        again = self.run(self.stage.posters[door].answer(Submission(commands, key, rendered)))
        assert (again.body, again.is_replayed) == (body, True)

    @rule(name=st.sampled_from(NAMES), is_agreed=st.booleans())
    def refund(self, name: str, is_agreed: bool) -> None:
        contract = self.contracts.get(name)
        if contract is None or contract.state != "open" or not contract.held:
            return
        if len(contract.released) == contract.lessons:
            return
        (outcome,) = self.post(
            ask.RequestRefund(self.my.institution_id, name, "guardian", None, "guardian")
        )
        assert word(outcome) == "accepted", outcome
        self.refunds[name] = getattr(outcome, "made_id")  # noqa: B009 - one kind of outcome has it
        contract.state = "refunding"
        if is_agreed:
            self.agree(name)

    @precondition(lambda self: self.refunds)
    @rule(name=st.sampled_from(NAMES))
    def agree(self, name: str) -> None:
        if name not in self.refunds:
            return
        (outcome,) = self.post(
            ask.AgreeRefund(self.my.institution_id, self.refunds.pop(name), "institution")
        )
        assert word(outcome) == "accepted"
        contract = self.contracts[name]
        if len(contract.released) == contract.lessons:
            contract.state = "open"  # completed by lessons claimed late: nothing went back
        else:
            contract.refunded, contract.state = contract.held, "closed"

    @rule(scope=st.sampled_from(("charging", "payout", "all")))
    def freeze(self, scope: str) -> None:
        (outcome,) = self.post(
            ask.PlaceFreeze(self.my.institution_id, scope, "tip", "bureau", "doc", "supervisor")
        )
        self.freezes[getattr(outcome, "made_id")] = scope  # noqa: B009

    @precondition(lambda self: self.freezes)
    @rule()
    def lift(self) -> None:
        made_id, _ = self.freezes.popitem()
        (outcome,) = self.post(
            ask.LiftFreeze(self.my.institution_id, made_id, "cleared", "doc", "supervisor")
        )
        assert word(outcome) == "accepted"

    @rule(amount=st.sampled_from((0, 50, 500)))
    def floor(self, amount: int) -> None:
        rules = (ask.FloorRule("fixed", Fen(amount)),)
        since = (self.my.now - timedelta(days=1)).date()
        self.post(ask.SetFloor(self.my.institution_id, rules, since, "doc", "supervisor"))

    @rule(state=st.sampled_from(("settled", "rejected", "accepted")), is_booked=st.booleans())
    def pay(self, state: str, is_booked: bool) -> None:
        """Let the bank be shown what is planned, say what became of it, and book it."""
        planned = self.run(self.planned())
        if planned is None:
            return
        instruction, amounts = planned
        me = self.my.institution_id
        (shown,) = self.post(ask.ServeInstruction(me, instruction))
        if isinstance(shown, Refused):
            assert self.is_frozen or "payout" in self.freezes.values()
            return
        self.post(ask.RecordResult(me, instruction, state, "B-1"))
        if is_booked and state == "settled":
            entries = [
                self.my.debit(f"{self.fresh('D')}-{n}", amount, (instruction, n))
                for n, amount in enumerate(amounts, start=1)
            ]
            assert {word(one) for one in self.post(*entries)} == {"accepted"}

    async def planned(self) -> tuple[UUID, list[int]] | None:
        query = text(
            "SELECT i.instruction_id, array_agg(l.amount_fen ORDER BY l.line_no) AS amounts"
            " FROM escrow.instruction AS i JOIN escrow.instruction_line AS l"
            " USING (institution_id, instruction_id)"
            " WHERE i.institution_id = :me AND i.state = 'planned'"
            " GROUP BY i.instruction_id ORDER BY i.instruction_id LIMIT 1"
        )
        async with self.stage.databases[0].connect() as connection:
            row = (await connection.execute(query, {"me": self.my.institution_id})).first()
        return (row.instruction_id, list(row.amounts)) if row else None

    # -- what always holds -----------------------------------------------------------------

    @invariant()
    def books_hold(self) -> None:
        if hasattr(self, "my"):
            self.run(self.look())

    async def look(self) -> None:
        async with self.stage.databases[0].connect() as connection:
            for name, query in INVARIANTS.items():
                assert (await connection.execute(text(query))).all() == [], name
            query = "SELECT contract_id, funded_fen, held_fen, refunded_fen, lessons_released"
            rows = await connection.execute(
                text(f"{query} FROM escrow.tuition WHERE institution_id = :me ORDER BY 1"),
                {"me": self.my.institution_id},
            )
            assert [tuple(row) for row in rows] == [
                (name, one.funded, one.held, one.refunded, len(one.released))
                for name, one in sorted(self.contracts.items())
            ]

    def teardown(self) -> None:
        """Let the auditor look at the whole of what was played."""
        if hasattr(self, "my"):
            me = [self.my.institution_id]
            report = self.run(verify(self.stage.databases[0], scope="whole", institution_ids=me))
            assert report.findings == ()


@pytest.fixture(scope="module")
def stage(database_url: str) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        found = Stage(runner, database_url)
        runner.run(found.open())
        yield found
        runner.run(found.close())


def test_the_ledger_is_what_the_model_says(stage: Stage) -> None:
    Ledger.stage = stage
    case = Ledger.TestCase()
    case.settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    case.runTest()
