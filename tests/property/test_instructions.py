"""No path pays twice: a bank that loses answers, refuses, pays, and sends back.

The bank pays each line that reached it at most once and tells of it late, twice or out of
order; the dispatcher crashes between its steps. Whatever happens, of one release at most one
payment is out or still possible.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from escrow.domain import invariants
from escrow.domain.commands import Command
from escrow.domain.instructions import Instruction, Line
from escrow.domain.outcomes import Accepted, Exists
from tests.support import asking
from tests.support.builders import a_contract, an_institution, books

LineKey = tuple[UUID, int]

STEPS = 30
LESSONS = st.integers(1, 4)
ANY = st.integers(0, 7)


@dataclass
class Bank:
    """What reached the bank, what it did, and what it has yet to tell."""

    has: dict[UUID, dict[int, Line]] = field(default_factory=dict)
    paid: set[LineKey] = field(default_factory=set)
    refused: set[LineKey] = field(default_factory=set)
    returned: set[LineKey] = field(default_factory=set)
    untold: list[Command] = field(default_factory=list)

    def receive(self, instruction: Instruction) -> None:
        """Take an instruction; the same again changes nothing."""
        self.has.setdefault(instruction.instruction_id, dict(instruction.lines))

    def undecided(self) -> list[LineKey]:
        """Return the lines that may still be paid."""
        keys = [(made_id, number) for made_id, lines in self.has.items() for number in lines]
        return [key for key in keys if key not in self.paid | self.refused]

    def line(self, key: LineKey) -> Line:
        """Return a line that reached the bank."""
        return self.has[key[0]][key[1]]


class Payments(RuleBasedStateMachine):
    """Releases, freezes and reversals here; claims, sends and losses between; a bank there."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = books(an_institution(), a_contract(lessons=4, paid_fen=400))
        self.bank = Bank()
        self.items = 0

    def _fresh(self) -> str:
        self.items += 1
        return f"i{self.items}"

    # -- what is asked here ---------------------------------------------------------------

    @rule(lesson=LESSONS)
    def release(self, lesson: int) -> None:
        self.memory.ask(asking.release("C1", lesson, item_id=self._fresh()))

    @rule(lesson=LESSONS)
    def reverse(self, lesson: int) -> None:
        self.memory.ask(asking.reverse("C1", lesson, item_id=self._fresh()))

    @rule()
    def freeze_for_a_while(self) -> None:
        frozen = self.memory.ask(asking.freeze())
        assert isinstance(frozen, Accepted)
        assert frozen.made_id is not None
        self.memory.ask(asking.lift(frozen.made_id))

    @rule()
    def freeze_or_lift(self) -> None:
        standing = [key[1] for key, one in self.memory.book.freezes.items() if not one.lifted_at]
        self.memory.ask(asking.lift(standing[0]) if standing else asking.freeze())

    @rule()
    def let_the_clock_plan(self) -> None:
        self.memory.ask(asking.plan_payouts())

    # -- the way to the bank ----------------------------------------------------------------

    def _pick(self, which: int) -> Instruction | None:
        found = self.memory.instructions
        return found[-1 - which % len(found)] if found else None

    @rule(which=ANY)
    def show(self, which: int) -> None:
        instruction = self._pick(which)
        if instruction is None:
            return
        outcome = self.memory.ask(asking.serve(instruction.instruction_id))
        if isinstance(outcome, Accepted | Exists) and outcome.state == "planned":
            self.bank.receive(instruction)

    @rule(which=ANY, arrives=st.booleans(), ends=st.sampled_from(["told", "lost", "crashed"]))
    def send_or_ask(self, which: int, arrives: bool, ends: str) -> None:
        instruction = self._pick(which)
        if instruction is None:
            return
        self.memory.book.now += timedelta(hours=1)
        made_id = instruction.instruction_id
        until = self.memory.book.now + timedelta(minutes=30)
        claimed = self.memory.ask(asking.claim(made_id, until))
        if not isinstance(claimed, Accepted):
            return
        if claimed.state == "planned":
            if arrives:
                self.bank.receive(instruction)
            came_to = "sent" if arrives and ends == "told" else "unknown"
        else:
            came_to = "sent" if made_id in self.bank.has else "planned"
        if ends != "crashed":
            self.memory.ask(asking.sending(made_id, came_to))

    # -- the bank ---------------------------------------------------------------------------

    @precondition(lambda self: self.bank.undecided())
    @rule(which=ANY, tells=st.booleans())
    def pay(self, which: int, tells: bool) -> None:
        keys = self.bank.undecided()
        key = keys[which % len(keys)]
        self.bank.paid.add(key)
        amount = self.bank.line(key).amount_fen
        self.bank.untold.append(asking.debit(amount, *key))
        if tells and len(self.bank.has[key[0]]) == 1:
            self.bank.untold.append(asking.result(key[0], "settled"))

    @precondition(lambda self: self.bank.undecided())
    @rule(which=ANY)
    def refuse(self, which: int) -> None:
        keys = self.bank.undecided()
        made_id = keys[which % len(keys)][0]
        own = {(made_id, number) for number in self.bank.has[made_id]}
        left = own & set(keys)
        self.bank.refused |= left
        words = {number: "rejected" for one, number in left if one == made_id}
        said = {number: "returned" for one, number in own & self.bank.returned}
        self.bank.untold.append(asking.result(made_id, "settled", {**said, **words}))

    @precondition(lambda self: self.bank.paid - self.bank.returned)
    @rule(which=ANY)
    def send_back(self, which: int) -> None:
        keys = sorted(self.bank.paid - self.bank.returned)
        key = keys[which % len(keys)]
        self.bank.returned.add(key)
        self.bank.untold.append(asking.came_back(self.bank.line(key).amount_fen, *key))

    @precondition(lambda self: self.bank.untold)
    @rule(which=ANY, again=st.booleans())
    def tell(self, which: int, again: bool) -> None:
        word = self.bank.untold[which % len(self.bank.untold)]
        if not again:
            self.bank.untold.remove(word)
        self.memory.ask(word)

    # -- what must hold ---------------------------------------------------------------------

    @invariant()
    def the_books_are_sound(self) -> None:
        assert invariants.broken(self.memory.book) == []

    @invariant()
    def nothing_that_reached_the_bank_is_withdrawn(self) -> None:
        withdrawn = {
            one.instruction_id for one in self.memory.instructions if one.state == "withdrawn"
        }
        assert not withdrawn & set(self.bank.has)

    @invariant()
    def of_one_release_one_payment_is_out_or_possible(self) -> None:
        out = (self.bank.paid - self.bank.returned) | set(self.bank.undecided())
        times = Counter(self.bank.line(key).release_id for key in out)
        assert [release for release, count in times.items() if count > 1] == []

    def teardown(self) -> None:
        """Let the bank tell everything: then the books know where every fen is."""
        self.memory.post(self.bank.untold)
        lost = sum(self.bank.line(key).amount_fen for key in self.bank.paid - self.bank.returned)
        assert self.memory.balance("custody_cash") == 400 - lost


TestPayments = Payments.TestCase
TestPayments.settings = settings(stateful_step_count=STEPS)
