"""R01 to R10 and R22 once more, from a plain list of facts and by brute force.

Shares nothing with the rules but the types of facts and outcomes and the values of parameters:
every question is asked of all facts anew, as the catalogue words it. What a rule and this
disagree about is a fault in one of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from alerts.domain.facts import Fact
from tests.oracle.books import Books, Params, Scopes, day_of, ids, is_share, total, within

Said: TypeAlias = tuple[str, str, str | None, str, frozenset[int]]
"""Rule's key, scope, severity, verdict, numbers of the facts."""

_RED, _YELLOW = "critical", "warning"


def r01(books: Books, params: Params) -> set[Said]:
    days: dict[str, list[tuple[str, Fact]]] = {}
    for one in books.fresh(params):
        before = books.balance_before(one.at)
        amount = one.amount_fen
        if amount >= params["least_fen"] and is_share(amount, before, params["least_bps"]):
            is_red = amount >= params["grave_fen"] and is_share(amount, before, params["grave_bps"])
            days.setdefault(day_of(one.at).isoformat(), []).append(
                (_RED if is_red else _YELLOW, one)
            )
    return {
        (
            "large_outflow_single",
            day,
            _RED if any(level == _RED for level, _ in found) else _YELLOW,
            "hit",
            ids(*(one for _, one in found)),
        )
        for day, found in days.items()
    }


def _window_sums(key: str, books: Books, params: Params) -> set[Said]:
    best: Said | None = None
    length = timedelta(hours=params["window_hours"])
    for end in books.ends(params):
        left = within(books.unexplained(), end, params["window_hours"])
        opening = books.balance_at(end - length)
        if total(left) < params["least_fen"]:
            continue
        if not is_share(total(left), opening, params["least_bps"]):
            continue
        level = _RED if is_share(total(left), opening, params["grave_bps"]) else _YELLOW
        if best is None or (level == _RED and best[2] == _YELLOW):
            best = (key, "open", level, "hit", ids(*left))
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
    return {("min_balance_breach", "open", level, "hit", ids(*rests))}


def r05(books: Books, params: Params) -> set[Said]:
    refunds: dict[str, Fact] = {}
    for one in sorted(books.of("refund"), key=lambda fact: (fact.at, fact.fact_id)):
        refunds[one.ref] = one
    given_back = total(one for one in refunds.values() if one.tag not in ("requested", "contested"))
    held = total(books.of("funded")) - total(books.of("released")) + total(books.of("reversed"))
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
        return {("coverage_shortfall", "open", level, "hit", ids(*rests))}
    floors = books.floors()
    is_open = ("coverage_shortfall", "open") in books.open_scopes
    there = balance * params["clear_bps"] if is_open else balance * 10_000
    if floors and floors[-1][0] > held and there < held * params["least_bps"]:
        return {("coverage_shortfall", "open", _YELLOW, "hit", ids(*rests))}
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
        if total(first_seen) < params["least_fen"]:
            first_seen = []
        odd = [one for one in paid if not _is_usual_purpose(one.body.get("purpose"))]
        if total(odd) < params["purpose_fen"]:
            odd = []
        unusual = [one for one in paid if one in first_seen or one in odd]
        if unusual:
            level = _RED if total(unusual) >= params["grave_fen"] else _YELLOW
            said.add(("unusual_spend", payee or "unknown", level, "hit", ids(*unusual)))
        rest = [one for one in paid if one not in odd]
        if payee is None and total(rest) >= params["least_fen"]:
            said.add(("unusual_spend", "open", None, "indeterminate", ids(*rest)))
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
        found = within(near, end, params["window_hours"])
        if len(found) < params["least_count"] or len(found) <= len(best):
            continue
        if total(found) * 10_000 >= max(limit_of(one) for one in found):
            best = found
    if not best:
        return set()
    level = _RED if len(best) >= params["grave_count"] else _YELLOW
    return {("structuring", "open", level, "hit", ids(*best))}


def r08(books: Books, params: Params) -> set[Said]:
    for end in books.ends(params):
        came = within(books.credits, end, params["window_hours"])
        if not came or total(came) < params["least_fen"]:
            continue
        first = min(one.at for one in came)
        left = [one for one in books.unbacked if first <= one.at <= end]
        if not is_share(total(left), total(came), params["least_bps"]):
            continue
        floors = books.floors()
        if floors and books.balance_now < floors[-1][0]:
            rests = ids(*came, *left, floors[-1][1])
            return {("rapid_in_out", "open", _RED, "hit", rests)}
        return {("rapid_in_out", "open", _YELLOW, "hit", ids(*came, *left))}
    return set()


def _lower_middle(amounts: Iterable[int]) -> int:
    ordered = sorted(amounts)
    return ordered[(len(ordered) - 1) // 2]


def _outlies(books: Books, params: Params, day: date, left: list[Fact]) -> int:
    """Return how an outflow lies: 2 red, 1 yellow, 0 as usual, -1 when nobody can say."""
    if total(left) <= params["least_mads"] * params["spread_fen"]:
        return 0
    begins = min(day_of(one.at) for one in books.credits + books.debits)
    if (day - begins).days < params["history_days"]:
        return -1
    usual = []
    for back in range(1, params["profile_days"] + 1):
        other = day - timedelta(days=back)
        if other.weekday() == day.weekday() and other >= begins:
            usual.append(total(one for one in books.unexplained() if day_of(one.at) == other))
    middle = _lower_middle(usual)
    spread = max(params["spread_fen"], _lower_middle(abs(one - middle) for one in usual))
    beyond = total(left) - middle
    if beyond <= params["least_mads"] * spread:
        return 0
    return 2 if beyond > params["grave_mads"] * spread else 1


def r09(books: Books, params: Params) -> set[Said]:
    unexplained = books.unexplained()
    days = {day_of(one.at) for one in books.fresh(params) if one in unexplained}
    weeks: dict[str, list[tuple[int, list[Fact]]]] = {}
    for day in days:
        left = [one for one in unexplained if day_of(one.at) == day]
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
            said.add(("outflow_anomaly", week, level, "hit", ids(*hits)))
        elif unsure:
            said.add(("outflow_anomaly", week, None, "indeterminate", ids(*unsure)))
    return said


def r10(books: Books, params: Params) -> set[Said]:
    for end in books.ends(params):
        woken = end - timedelta(hours=params["wake_hours"])
        asleep = woken - timedelta(days=params["dormant_days"])
        left = within(books.unbacked, end, params["wake_hours"])
        if total(left) < params["least_fen"]:
            continue
        if any(asleep < one.at <= woken for one in books.debits):
            continue
        if not any(one.at <= asleep for one in books.credits + books.debits):
            continue
        lost = _lost_licence(books)
        if lost is None:
            return {("dormant_reactivation", "open", _YELLOW, "hit", ids(*left))}
        return {("dormant_reactivation", "open", _RED, "hit", ids(*left, lost))}
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
    return {("blocked_outflow_attempt", "open", level, "hit", ids(*rests))}


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
