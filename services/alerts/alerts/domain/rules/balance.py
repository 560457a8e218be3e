"""R04 and R05: what the account holds, against its floor and against the prepaid tuition.

R04. The balance is the bank's: what was credited less what was debited. Below the floor it is
yellow at first and red once that is confirmed: by a statement of the bank that ended below the
floor too, with nothing booked since that lifted the account over it; or by a day on which the
account never held what was then required. So an entry that comes minutes late is no red case.

R05. One fen less than the prepaid tuition is a red case: that money is the families'. Two things
are not. A lesson that was paid out and then put back leaves a gap which the institution owes and
its next payouts fill: as far as the gap is no larger, it is yellow. And an institution that pays
by the lesson holds exactly what is prepaid, all its life, and is healthy: the yellow line above
it stands only where the floor demands more than the prepaid tuition, that is, a reserve.

Hysteresis: while a case is open the yellow line stands higher, so that the line passes for
reached again only when it is at most `clear_bps` of what is there. Red lines have none: what is
missing is missing to the fen, and a case's severity never falls by itself.
"""

from datetime import timedelta
from typing import Final

from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity, Verdict
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.rules.windows import DESIGN, ids
from alerts.domain.view import FactView, Floor
from alerts.domain.wording import percent, share_of, when, yuan
from shared.money import BPS_WHOLE

_FLOOR_KEY: Final = "min_balance_breach"
_COVERAGE_KEY: Final = "coverage_shortfall"
_OPEN: Final = "open"
_FLOORS: Final = "Zhengzhou, Weihai; Zigong 20 %: 最低余额; the yellow line is ours"


def below_floor(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R04: return whether the account holds less than its floor, or little more."""
    floor = view.floor
    if floor is None or floor.required_fen <= 0:
        return (NO_HIT,)
    line_bps = params["least_bps"]
    if not _is_under(view, params, _FLOOR_KEY, floor.required_fen):
        return (NO_HIT,)
    confirmed_by: Fact | None = None
    is_confirmed = False
    if _is_less(view.balance_fen, params["grave_bps"], floor.required_fen):
        line_bps = params["grave_bps"]
        confirmed_by = _statement_below(view, floor.required_fen)
        is_confirmed = confirmed_by is not None or _was_always_below(view, params)
    severity = Severity.critical if is_confirmed else Severity.warning
    return (_breach(view, floor, severity, line_bps, confirmed_by),)


def _is_less(balance_fen: int, bps: int, demanded_fen: int) -> bool:
    return balance_fen * BPS_WHOLE < bps * demanded_fen


def _is_under(view: FactView, params: Params, key: str, demanded_fen: int) -> bool:
    """Tell whether the balance is under the yellow line, which an open case holds higher."""
    bps = params["clear_bps"] if (key, _OPEN) in view.open_scopes else BPS_WHOLE
    return view.balance_fen * bps < params["least_bps"] * demanded_fen


def _statement_below(view: FactView, required_fen: int) -> Fact | None:
    """Return the last statement, where it ended below the floor and nothing lifted it since."""
    last = view.latest(Kind.statement)
    if last is None or last.amount_fen >= required_fen:
        return None
    return last if view.peak_fen(last.at) < required_fen else None


def _was_always_below(view: FactView, params: Params) -> bool:
    """Tell whether at no time of the last hours the account held what was required then."""
    since = view.as_of - timedelta(hours=params["confirm_hours"])
    told = [one for one in view.floors if one.fact.seen_at <= since]
    if not told:
        return False
    later = [one for one in view.floors if one.fact.seen_at > since]
    lowest_fen = min(one.required_fen for one in (told[-1], *later))
    return max(view.balance_at_fen(since), view.peak_fen(since)) < lowest_fen


def _breach(
    view: FactView, floor: Floor, severity: Severity, line_bps: int, confirmed_by: Fact | None
) -> Outcome:
    required_fen = floor.required_fen
    missing_fen = required_fen - view.balance_fen
    missing = f"，差额 {yuan(missing_fen)}" if missing_fen > 0 else ""
    if severity is Severity.critical:
        word = "，已由银行对账单证实" if confirmed_by else "，已持续低于最低余额"
    else:
        word = "，待下一份对账单证实" if missing_fen > 0 else ""
    inputs: dict[str, int | str] = {
        "balance_fen": view.balance_fen,
        "required_fen": required_fen,
        "line_bps": line_bps,
    }
    if floor.present_fen is not None:
        inputs["present_fen"] = floor.present_fen
    if missing_fen > 0:
        inputs["missing_fen"] = missing_fen
    return Outcome(
        Verdict.hit,
        severity,
        _OPEN,
        inputs=inputs,
        fact_ids=ids(*_newest_entries(view), _first_told(view, required_fen), confirmed_by),
        sentence=(
            f"截至 {when(view.as_of)} 账户余额 {yuan(view.balance_fen)}，"
            f"{share_of(view.balance_fen, required_fen, f'最低余额 {yuan(required_fen)}')}"
            f"{missing}{word}，阈值 {percent(line_bps)}"
        ),
    )


def _newest_entries(view: FactView) -> tuple[Fact | None, Fact | None]:
    """Return the entries by which the balance became what it is."""
    sides = (view.credits.facts, view.debits.facts)
    newest = [facts[-1] if facts else None for facts in sides]
    return newest[0], newest[1]


def _first_told(view: FactView, required_fen: int) -> Fact:
    """Return the fact since which the floor is told as it is: each event tells it again."""
    first = view.floors[-1]
    for one in reversed(view.floors):
        if one.required_fen != required_fen:
            break
        first = one
    return first.fact


def short_of_cover(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R05: return whether the account holds less than the prepaid tuition, or a thin reserve."""
    held_fen = max(view.held_fen, 0)
    if _is_less(view.balance_fen, params["grave_bps"], held_fen):
        owed_fen = _owed_fen(view)
        is_owed = held_fen - view.balance_fen <= owed_fen
        severity = Severity.warning if is_owed else Severity.critical
        return (_shortfall(view, severity, params["grave_bps"], owed_fen),)
    if _demands_reserve(view, held_fen) and _is_under(view, params, _COVERAGE_KEY, held_fen):
        return (_shortfall(view, Severity.warning, params["least_bps"], 0),)
    return (NO_HIT,)


def _owed_fen(view: FactView) -> int:
    """Return what the institution was told to owe for lessons that were put back."""
    told = [one.body.get("owed_by_institution_fen") for one in view.of(Kind.reversed)]
    return sum(one for one in told if isinstance(one, int))


def _demands_reserve(view: FactView, held_fen: int) -> bool:
    return view.floor is not None and view.floor.required_fen > held_fen


def _shortfall(view: FactView, severity: Severity, line_bps: int, owed_fen: int) -> Outcome:
    held_fen = max(view.held_fen, 0)
    missing_fen = held_fen - view.balance_fen
    missing = f"，缺口 {yuan(missing_fen)}" if missing_fen > 0 else ""
    owed = "（不超过机构因冲正应补足的金额）" if severity is Severity.warning and owed_fen else ""
    inputs: dict[str, int | str] = {
        "balance_fen": view.balance_fen,
        "held_fen": held_fen,
        "line_bps": line_bps,
    }
    if owed_fen:
        inputs["owed_fen"] = owed_fen
    if missing_fen > 0:
        inputs["missing_fen"] = missing_fen
    moved = [view.latest(kind) for kind in (Kind.funded, Kind.released, Kind.reversed, Kind.refund)]
    return Outcome(
        Verdict.hit,
        severity,
        _OPEN,
        inputs=inputs,
        fact_ids=ids(*_newest_entries(view), *moved),
        sentence=(
            f"截至 {when(view.as_of)} 账户余额 {yuan(view.balance_fen)}，"
            f"{share_of(view.balance_fen, held_fen, f'未消课预收费 {yuan(held_fen)}')}"
            f"{missing}{owed}，阈值 {percent(line_bps)}"
        ),
    )


_CLEAR: Final = Parameter("clear_bps", 9_000, 5_000, BPS_WHOLE, "bps", "design: hysteresis")

RULES: Final = (
    Rule(
        "R04",
        _FLOOR_KEY,
        "低于最低余额",
        1,
        (
            Parameter("least_bps", 11_000, BPS_WHOLE, 2 * BPS_WHOLE, "bps", _FLOORS),
            Parameter("grave_bps", BPS_WHOLE, 5_000, BPS_WHOLE, "bps", _FLOORS),
            Parameter("confirm_hours", 24, 1, 168, "hours", DESIGN),
            _CLEAR,
        ),
        below_floor,
    ),
    Rule(
        "R05",
        _COVERAGE_KEY,
        "资金覆盖不足",
        1,
        (
            Parameter("least_bps", 11_000, BPS_WHOLE, 2 * BPS_WHOLE, "bps", DESIGN),
            Parameter("grave_bps", BPS_WHOLE, 9_900, BPS_WHOLE, "bps", "存量资金: policy A2"),
            _CLEAR,
        ),
        short_of_cover,
    ),
)
