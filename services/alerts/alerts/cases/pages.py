"""Pages of cases that an officer opens from a message, with the key as password (HTTP Basic).

They show what the JSON routes show, to the same roles, and change nothing (decision 0305): what
may be done next stands there as a call.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query
from starlette.responses import HTMLResponse

from alerts.casebook import reading
from alerts.cases import listing, showing
from alerts.cases.deeds import deeds_of
from alerts.cases.listing import Place, Sought
from alerts.cases.shapes import CaseId
from alerts.cases.sheets import card_of, sheet_of
from alerts.domain.casewords import STATES_ZH, State
from alerts.domain.outcome import Severity
from alerts.domain.rules.catalogue import RULES
from alerts.domain.wording import when
from alerts.edge import Alerts, Shared
from alerts.pages.rendering import ROOT, Reader, page_router, pages_of
from alerts.pages.wording import ROLES, SEVERITIES, SIGNALS
from shared.errors import NotKnown
from shared.time import business_day
from shared.web.limits import After, InstitutionIdField, decode_cursor, encode_cursor
from shared.web.principals import Principal, Role, area_stem

router = page_router()

PAGES: Final = pages_of("alerts.cases")

FIRST_MAX: Final = 5
"""Cases that the overview names: what one screen shows."""

_ANY: Final = ""
"""What a form sends where nothing was chosen."""

Rule = Annotated[str, Query(pattern="^[a-z0-9_]{0,64}$")]


@dataclass(frozen=True, slots=True)
class Sifted:
    """Which cases a page lists, as its form and its links say."""

    state: Annotated[State | Literal[""], Query()] = _ANY
    severity: Annotated[Severity | Literal[""], Query()] = _ANY
    rule: Rule = _ANY
    institution_id: Annotated[InstitutionIdField | Literal[""], Query()] = _ANY
    overdue: Annotated[Literal["true", ""], Query()] = _ANY

    def sought(self, reader: Principal) -> Sought:
        """Return the cases as they are read, of the reader's districts alone."""
        return Sought(
            stem=area_stem(reader.district_code),
            state=self.state or None,
            severity=self.severity or None,
            rule=self.rule or None,
            institution_id=self.institution_id or None,
            is_overdue=bool(self.overdue),
        )

    def said(self) -> dict[str, str]:
        """Return what was chosen, as a link carries it on."""
        named = {name: str(getattr(self, name)) for name in Sifted.__dataclass_fields__}
        return {name: value for name, value in named.items() if value}


@router.get(ROOT)
async def show_overview(alerts: Shared, reader: Reader) -> HTMLResponse:
    """Show how many cases there are, which come first, and where everything else is."""
    sought = Sifted().sought(reader)
    cases, _ = await listing.list_urgent(alerts.database, sought, limit=FIRST_MAX)
    counted = await _counted(alerts, sought)
    now = counted["tally"].now
    shown = {
        **_named(reader),
        **counted,
        "now": when(now),
        "today": business_day(now).isoformat(),
        "district_code": reader.district_code or "",
        "cases": [card_of(showing.answer_of(one), now) for one in cases],
    }
    return PAGES.rendered("overview.html", shown)


@router.get(f"{ROOT}/cases")
async def show_cases(
    alerts: Shared, reader: Reader, sifted: Annotated[Sifted, Depends()], after: After = None
) -> HTMLResponse:
    """List cases, red ones first, then by deadline."""
    sought = sifted.sought(reader)
    place = Place(*decode_cursor(after, int, int, str)) if after else None
    cases, rest = await listing.list_urgent(alerts.database, sought, place)
    counted = await _counted(alerts, sought)
    now = counted["tally"].now
    chosen = sifted.said()
    cursor = encode_cursor(rest.last_rank, rest.last_due, rest.last_id) if rest else None
    shown = {
        **_named(reader),
        **counted,
        "now": when(now),
        "is_first": place is None,
        "chosen": chosen,
        "choices": _CHOICES,
        "cases": [card_of(showing.answer_of(one), now) for one in cases],
        "next": {**chosen, "after": cursor} if cursor else None,
    }
    return PAGES.rendered("cases.html", shown)


@router.get(f"{ROOT}/cases/{{case_id}}")
async def show_case(alerts: Shared, reader: Reader, case_id: CaseId) -> HTMLResponse:
    """Show one case, whole, and what may be done next."""
    told = await reading.find_case(alerts.database, case_id, area_stem(reader.district_code))
    if told is None:
        raise NotKnown
    case = showing.detail_of(told, with_text=reader.role is not Role.operator)
    now = told.shown.now
    shown = {
        **_named(reader),
        "one": sheet_of(case, now),
        "deeds": deeds_of(told.shown.case, reader.name, now),
        "may_act": reader.role is Role.supervisor,
    }
    return PAGES.rendered("case.html", shown)


async def _counted(alerts: Alerts, sought: Sought) -> dict[str, Any]:
    """Count what is listed, and what of it is overdue, as the list of overdue ones has it."""
    late = replace(sought, is_overdue=True)
    return {
        "tally": await listing.count_urgent(alerts.database, sought),
        "late": (await listing.count_urgent(alerts.database, late)).number,
    }


def _named(reader: Principal) -> dict[str, Any]:
    """Say who reads: role and district, never the key."""
    where = f"辖区 {reader.district_code}" if reader.district_code else "全国"
    return {"reader": f"{ROLES[reader.role.value]}（{where}）"}


_CHOICES: Final = {
    "state": [("", "在办"), *((one.value, word) for one, word in STATES_ZH.items())],
    "severity": [("", "全部"), *((one, word.text) for one, word in SEVERITIES.items())],
    "rule": [
        ("", "全部"),
        *((one.key, one.title) for one in RULES.values()),
        *SIGNALS.items(),
    ],
}
"""What a form offers: the values of the wire with the words that officers read."""
