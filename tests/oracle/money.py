"""R01 to R10 and R22 once more, from a plain list of facts and by brute force.

Shares nothing with the rules but the types of facts and outcomes and the values of parameters:
no view, no bisection, no running sums. Every question is asked of all facts anew, as the
catalogue words it. What a rule and this disagree about is a fault in one of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from alerts.domain.facts import Fact

Said: TypeAlias = tuple[str, str, str | None, str, frozenset[int]]
"""Rule's key, scope, severity, verdict, numbers of the facts."""
Params: TypeAlias = Mapping[str, int]
Scopes: TypeAlias = frozenset[tuple[str, str]]

_HERE: Final = ZoneInfo("Asia/Shanghai")
_INSTRUCTED: Final = ("payout", "refund", "return")
_RED, _YELLOW = "critical", "warning"


class Books:
    """Everything that was known as of an instant, as lists to be searched from end to end."""

    def __init__(self, facts: Sequence[Fact], as_of: datetime, open_scopes: Scopes) -> None:
        self.as_of = as_of
        self.open_scopes = open_scopes
        self.known = [one for one in facts if not (one.at > as_of or one.seen_at > as_of)]
        self.credits = self._entries("credit")
        self.debits = self._entries("debit")
        self.unbacked = [one for one in self.debits if one.tag not in _INSTRUCTED]

    def _entries(self, kind: str) -> list[Fact]:
        """Return the entries of a kind that nothing heard later contradicts."""
        of_kind = self.of(kind)
        return [
            one
            for one in of_kind
            if not any(
                other.ref == one.ref and (other.seen_at, other.fact_id) > (one.seen_at, one.fact_id)
                for other in of_kind
            )
        ]

    def of(self, kind: str) -> list[Fact]:
        return [one for one in self.known if one.kind.value == kind]

    def balance_at(self, instant: datetime) -> int:
        """Return what the account held, with what was booked at the instant."""
        came = _sum(one for one in self.credits if one.at <= instant)
        return came - _sum(one for one in self.debits if one.at <= instant)

    def balance_before(self, instant: datetime) -> int:
        came = _sum(one for one in self.credits if one.at < instant)
        return came - _sum(one for one in self.debits if one.at < instant)

    @property
    def balance_now(self) -> int:
        return _sum(self.credits) - _sum(self.debits)

    def floors(self) -> list[tuple[int, Fact]]:
        """Return what was required, by when it was heard."""
        told = []
        for one in sorted(self.known, key=lambda fact: (fact.seen_at, fact.fact_id)):
            said = one.body.get("floor")
            if said is not None:
                told.append((said["required_fen"], one))
            elif one.kind.value == "floor":
                told.append((one.amount_fen, one))
        return told

    def is_fresh(self, one: Fact, params: Params) -> bool:
        day = timedelta(hours=params["fresh_hours"])
        is_new = self.as_of - one.at < day or self.as_of - one.seen_at < day
        return is_new and (
            self.as_of - one.at < timedelta(days=params["late_days"]) or self.as_of - one.at < day
        )

    def fresh(self, params: Params) -> list[Fact]:
        return [one for one in self.unbacked if self.is_fresh(one, params)]

    def ends(self, params: Params) -> list[datetime]:
        """Return when rolling windows end, the latest first."""
        booked = {one.at for one in self.fresh(params)} | {self.as_of}
        return sorted(booked, reverse=True)

    def is_monthly(self, one: Fact) -> bool:
        """Tell whether three like it lie before it, a month apart each."""
        earlier = [old for old in self.unbacked if old is not one and _is_alike(old, one)]
        firsts = [old for old in earlier if _is_month(old, one)]
        seconds = [old for old in earlier if any(_is_month(old, later) for later in firsts)]
        return any(_is_month(old, later) for old in earlier for later in seconds)

    def unexplained(self) -> list[Fact]:
        return [one for one in self.unbacked if not self.is_monthly(one)]


def _day(instant: datetime) -> date:
    return instant.astimezone(_HERE).date()


def _is_month(old: Fact, later: Fact) -> bool:
    return (_day(later.at) - _day(old.at)).days in range(26, 34)


def _is_alike(old: Fact, one: Fact) -> bool:
    if 5 * abs(old.amount_fen - one.amount_fen) > old.amount_fen:
        return False
    payees = (old.body.get("counterparty_ref"), one.body.get("counterparty_ref"))
    if None not in payees:
        return payees[0] == payees[1]
    return bool(one.body.get("purpose")) and old.body.get("purpose") == one.body.get("purpose")


def _sum(facts: Iterable[Fact]) -> int:
    return sum(one.amount_fen for one in facts)


def _ids(*facts: Fact) -> frozenset[int]:
    return frozenset(one.fact_id for one in facts)


def _is_share(part: int, whole: int, bps: int) -> bool:
    return 10_000 * part >= bps * whole


def _within(facts: Iterable[Fact], end: datetime, hours: int) -> list[Fact]:
    return [one for one in facts if end - timedelta(hours=hours) < one.at <= end]


def r01(books: Books, params: Params) -> set[Said]:
    days: dict[str, list[tuple[str, Fact]]] = {}
    for one in books.fresh(params):
        before = books.balance_before(one.at)
        amount = one.amount_fen
        if amount >= params["least_fen"] and _is_share(amount, before, params["least_bps"]):
            is_red = amount >= params["grave_fen"] and _is_share(
                amount, before, params["grave_bps"]
            )
            days.setdefault(_day(one.at).isoformat(), []).append((_RED if is_red else _YELLOW, one))
    return {
        (
            "large_outflow_single",
            day,
            _RED if any(level == _RED for level, _ in found) else _YELLOW,
            "hit",
            _ids(*(one for _, one in found)),
        )
        for day, found in days.items()
    }


def _window_sums(key: str, books: Books, params: Params) -> set[Said]:
    best: Said | None = None
    length = timedelta(hours=params["window_hours"])
    for end in books.ends(params):
        left = _within(books.unexplained(), end, params["window_hours"])
        opening = books.balance_at(end - length)
        if _sum(left) < params["least_fen"]:
            continue
        if not _is_share(_sum(left), opening, params["least_bps"]):
            continue
        level = _RED if _is_share(_sum(left), opening, params["grave_bps"]) else _YELLOW
        if best is None or (level == _RED and best[2] == _YELLOW):
            best = (key, "open", level, "hit", _ids(*left))
    return {best} if best else set()


def r02(books: Books, params: Params) -> set[Said]:
    return _window_sums("large_outflow_24h", books, params)


def r03(books: Books, params: Params) -> set[Said]:
    return _window_sums("large_outflow_7d", books, params)


def _last_entries(books: Books) -> list[Fact]:
    sides = [books.credits, books.debits]
    return [max(side, key=lambda one: (one.at, one.fact_id)) for side in sides if side]


def _balances_since(books: Books, instant: datetime) -> list[int]:
    """Return what the account held after each booking since an instant, and holds now."""
    booked = [one.at for one in books.credits + books.debits if one.at > instant]
    held = [books.balance_at(end) for end in booked]
    return [*held, books.balance_now]


def r04(books: Books, params: Params) -> set[Said]:
    floors = books.floors()
    required = floors[-1][0] if floors else 0
    balance = books.balance_now
    is_open = ("min_balance_breach", "open") in books.open_scopes
    there = balance * params["clear_bps"] if is_open else balance * 10_000
    if required <= 0 or there >= required * params["least_bps"]:
        return set()
    rests = _last_entries(books)
    first = len(floors) - 1
    while first > 0 and floors[first - 1][0] == required:
        first -= 1
    rests.append(floors[first][1])
    level = _YELLOW
    if balance * 10_000 < required * params["grave_bps"]:
        statements = sorted(books.of("statement"), key=lambda one: (one.at, one.fact_id))
        last = statements[-1] if statements else None
        if (
            last is not None
            and last.amount_fen < required
            and all(held < required for held in _balances_since(books, last.at))
        ):
            rests.append(last)
            level = _RED
        day_ago = books.as_of - timedelta(hours=params["confirm_hours"])
        before = [amount for amount, fact in floors if fact.seen_at <= day_ago]
        since = [amount for amount, fact in floors if fact.seen_at > day_ago]
        held = [books.balance_at(day_ago), *_balances_since(books, day_ago)]
        if before and max(held) < min([before[-1], *since]):
            level = _RED
    return {("min_balance_breach", "open", level, "hit", _ids(*rests))}


def r05(books: Books, params: Params) -> set[Said]:
    refunds: dict[str, Fact] = {}
    for one in sorted(books.of("refund"), key=lambda fact: (fact.at, fact.fact_id)):
        refunds[one.ref] = one
    given_back = _sum(one for one in refunds.values() if one.tag not in ("requested", "contested"))
    held = _sum(books.of("funded")) - _sum(books.of("released")) + _sum(books.of("reversed"))
    held = max(held - given_back, 0)
    balance = books.balance_now
    rests = _last_entries(books)
    for kind in ("funded", "released", "reversed", "refund"):
        told = books.of(kind)
        if told:
            rests.append(max(told, key=lambda one: (one.at, one.fact_id)))
    if balance * 10_000 < held * params["grave_bps"]:
        owed = sum(one.body.get("owed_by_institution_fen", 0) for one in books.of("reversed"))
        level = _RED if held - balance > owed else _YELLOW
        return {("coverage_shortfall", "open", level, "hit", _ids(*rests))}
    floors = books.floors()
    is_open = ("coverage_shortfall", "open") in books.open_scopes
    there = balance * params["clear_bps"] if is_open else balance * 10_000
    if floors and floors[-1][0] > held and there < held * params["least_bps"]:
        return {("coverage_shortfall", "open", _YELLOW, "hit", _ids(*rests))}
    return set()


_WORDS: Final = ("工资", "薪酬", "租金", "房租", "税", "退费", "退款", "教材")


def _is_usual_purpose(purpose: str | None) -> bool:
    if purpose is None:
        return False
    return purpose.strip().upper() in ("SALA", "PAYR", "RENT", "TAXS") or any(
        word in purpose for word in _WORDS
    )


def r06(books: Books, params: Params) -> set[Said]:
    unexplained = books.unexplained()
    asked = [one for one in books.fresh(params) if one in unexplained]
    said: set[Said] = set()
    for payee in {one.body.get("counterparty_ref") for one in asked}:
        paid = [one for one in asked if one.body.get("counterparty_ref") == payee]
        first_seen = [
            one
            for one in paid
            if payee is not None
            and not any(
                old.body.get("counterparty_ref") == payee
                and old.at < one.at
                and one.at - old.at >= timedelta(days=params["known_days"])
                and one.at - old.at <= timedelta(days=params["profile_days"])
                for old in books.debits
            )
        ]
        if _sum(first_seen) < params["least_fen"]:
            first_seen = []
        odd = [one for one in paid if not _is_usual_purpose(one.body.get("purpose"))]
        if _sum(odd) < params["purpose_fen"]:
            odd = []
        unusual = [one for one in paid if one in first_seen or one in odd]
        if unusual:
            level = _RED if _sum(unusual) >= params["grave_fen"] else _YELLOW
            said.add(("unusual_spend", payee or "unknown", level, "hit", _ids(*unusual)))
        rest = [one for one in paid if one not in odd]
        if payee is None and _sum(rest) >= params["least_fen"]:
            said.add(("unusual_spend", "open", None, "indeterminate", _ids(*rest)))
    return said


def r07(books: Books, params: Params) -> set[Said]:
    def limit_of(one: Fact) -> int:
        before = books.balance_before(one.at)
        return max(10_000 * params["limit_fen"], params["limit_bps"] * before)

    near = [
        one
        for one in books.unbacked
        if one.amount_fen * 10_000 < limit_of(one)
        and one.amount_fen * 10_000 * 10_000 >= params["near_bps"] * limit_of(one)
    ]
    best: list[Fact] = []
    for end in books.ends(params):
        found = _within(near, end, params["window_hours"])
        if len(found) < params["least_count"] or len(found) <= len(best):
            continue
        if _sum(found) * 10_000 >= max(limit_of(one) for one in found):
            best = found
    if not best:
        return set()
    level = _RED if len(best) >= params["grave_count"] else _YELLOW
    return {("structuring", "open", level, "hit", _ids(*best))}


def r08(books: Books, params: Params) -> set[Said]:
    for end in books.ends(params):
        came = _within(books.credits, end, params["window_hours"])
        if not came or _sum(came) < params["least_fen"]:
            continue
        first = min(one.at for one in came)
        left = [one for one in books.unbacked if first <= one.at <= end]
        if not _is_share(_sum(left), _sum(came), params["least_bps"]):
            continue
        floors = books.floors()
        if floors and books.balance_now < floors[-1][0]:
            rests = _ids(*came, *left, floors[-1][1])
            return {("rapid_in_out", "open", _RED, "hit", rests)}
        return {("rapid_in_out", "open", _YELLOW, "hit", _ids(*came, *left))}
    return set()


def _lower_middle(amounts: Iterable[int]) -> int:
    ordered = sorted(amounts)
    return ordered[(len(ordered) - 1) // 2]


def _outlies(books: Books, params: Params, day: date, left: list[Fact]) -> int:
    """Return how an outflow lies: 2 red, 1 yellow, 0 as usual, -1 when nobody can say."""
    if _sum(left) <= params["least_mads"] * params["spread_fen"]:
        return 0
    begins = min(_day(one.at) for one in books.credits + books.debits)
    if (day - begins).days < params["history_days"]:
        return -1
    usual = []
    for back in range(1, params["profile_days"] + 1):
        other = day - timedelta(days=back)
        if other.weekday() == day.weekday() and other >= begins:
            usual.append(_sum(one for one in books.unexplained() if _day(one.at) == other))
    middle = _lower_middle(usual)
    spread = max(params["spread_fen"], _lower_middle(abs(one - middle) for one in usual))
    beyond = _sum(left) - middle
    if beyond <= params["least_mads"] * spread:
        return 0
    return 2 if beyond > params["grave_mads"] * spread else 1


def r09(books: Books, params: Params) -> set[Said]:
    unexplained = books.unexplained()
    days = {_day(one.at) for one in books.fresh(params) if one in unexplained}
    weeks: dict[str, list[tuple[int, list[Fact]]]] = {}
    for day in days:
        left = [one for one in unexplained if _day(one.at) == day]
        weeks.setdefault(day.strftime("%G-W%V"), []).append(
            (_outlies(books, params, day, left), left)
        )
    said: set[Said] = set()
    for week, found in weeks.items():
        worst = max(level for level, _ in found)
        hits = [one for level, left in found if level > 0 for one in left]
        unsure = [one for level, left in found if level < 0 for one in left]
        if worst > 0:
            level = _RED if worst == 2 else _YELLOW
            said.add(("outflow_anomaly", week, level, "hit", _ids(*hits)))
        elif unsure:
            said.add(("outflow_anomaly", week, None, "indeterminate", _ids(*unsure)))
    return said


def r10(books: Books, params: Params) -> set[Said]:
    for end in books.ends(params):
        woken = end - timedelta(hours=params["wake_hours"])
        asleep = woken - timedelta(days=params["dormant_days"])
        left = _within(books.unbacked, end, params["wake_hours"])
        if _sum(left) < params["least_fen"]:
            continue
        if any(asleep < one.at <= woken for one in books.debits):
            continue
        if not any(one.at <= asleep for one in books.credits + books.debits):
            continue
        lost = _lost_licence(books)
        if lost is None:
            return {("dormant_reactivation", "open", _YELLOW, "hit", _ids(*left))}
        return {("dormant_reactivation", "open", _RED, "hit", _ids(*left, lost))}
    return set()


def _lost_licence(books: Books) -> Fact | None:
    lost: Fact | None = None
    for one in sorted(books.of("registry"), key=lambda fact: (fact.at, fact.fact_id)):
        status = one.body.get("status", "unknown")
        if one.tag in ("licence.revoked", "licence.suspended", "licence.expired"):
            lost = one
        elif one.tag == "institution.restored" or status == "normal":
            lost = None
        elif status != "unknown":
            lost = one
    return lost


def r22(books: Books, params: Params) -> set[Said]:
    attempts = [
        one
        for one in books.of("bank_warning")
        if one.tag == "blocked_debit" and books.is_fresh(one, params)
    ]
    rests = list(attempts)
    for debit in books.fresh(params):
        stood = [
            freeze
            for freeze in books.of("freeze")
            if freeze.tag in ("payout", "all")
            and freeze.at <= debit.at
            and not any(
                lift.ref == freeze.ref and lift.at <= debit.at for lift in books.of("unfreeze")
            )
        ]
        if stood:
            attempts.append(debit)
            rests += [debit, *stood]
    if not attempts:
        return set()
    level = _RED if len(attempts) >= params["grave_count"] else _YELLOW
    return {("blocked_outflow_attempt", "open", level, "hit", _ids(*rests))}


BY_NUMBER: Final[Mapping[str, Callable[[Books, Params], set[Said]]]] = {
    "R01": r01,
    "R02": r02,
    "R03": r03,
    "R04": r04,
    "R05": r05,
    "R06": r06,
    "R07": r07,
    "R08": r08,
    "R09": r09,
    "R10": r10,
    "R22": r22,
}


def judge(
    facts: Sequence[Fact],
    as_of: datetime,
    params: Mapping[str, Params],
    open_scopes: Scopes = frozenset(),
) -> dict[str, set[Said]]:
    """Return what each rule must say of the facts, by its number; nothing where it finds none."""
    books = Books(facts, as_of, open_scopes)
    return {number: rule(books, params[number]) for number, rule in BY_NUMBER.items()}
