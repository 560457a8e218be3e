"""Pages of clearance campaigns (清零专项): which there are, and how far each institution is.

They show what the JSON routes show, to the same roles, and change nothing (decision 0305).
"""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Path, Query
from sqlalchemy import RowMapping
from starlette.responses import HTMLResponse

from alerts.campaigns import store
from alerts.campaigns.store import Place
from alerts.domain.clearances import STATES_ZH, State
from alerts.domain.wording import when, yuan
from alerts.edge import Shared
from alerts.pages.rendering import ROOT, Reader, page_router, pages_of
from alerts.pages.wording import Word
from shared.errors import NotKnown
from shared.money import yuan as digits
from shared.web.limits import After, decode_cursor, encode_cursor
from shared.web.paging import decode_id
from shared.web.principals import area_stem

router = page_router()

PAGES: Final = pages_of("alerts.campaigns")

PAGE_MAX: Final = 50
"""Campaigns or institutions of one page: what one scrolls through on a phone."""

_CATEGORIES: Final = {"subject": "学科类", "non_subject": "非学科类", None: "各类机构"}
_TONES: Final = {
    State.clear: "good",
    State.on_track: "dim",
    State.at_risk: "warn",
    State.overdue: "bad",
}


@router.get(f"{ROOT}/campaigns")
async def show_campaigns(alerts: Shared, reader: Reader, after: After = None) -> HTMLResponse:
    """List campaigns that concern the reader's districts, the newest first."""
    rows = await store.list_campaigns(
        alerts.database,
        stem=area_stem(reader.district_code),
        area=None,
        after=decode_id(after) if after else None,
        limit=PAGE_MAX,
    )
    last = encode_cursor(str(rows[-1]["campaign_id"])) if len(rows) == PAGE_MAX else None
    shown = {"campaigns": [_campaign(row) for row in rows], "next": last}
    return PAGES.rendered("campaigns.html", shown)


@router.get(f"{ROOT}/campaigns/{{campaign_id}}")
async def show_campaign(
    alerts: Shared,
    reader: Reader,
    campaign_id: Annotated[UUID, Path()],
    state: Annotated[State | Literal[""], Query()] = "",
    after: After = None,
) -> HTMLResponse:
    """Show a campaign: what is left in all, and the institutions with the most left first."""
    found = await store.show(
        alerts.database,
        campaign_id,
        stem=area_stem(reader.district_code),
        state=state or None,
        place=Place(*decode_cursor(after, int, str)) if after else Place(),
        limit=PAGE_MAX,
    )
    if found is None:
        raise NotKnown
    rows, chosen = found.rows, {"state": str(state)} if state else {}
    last = rows[-1] if len(rows) == PAGE_MAX else None
    cursor = encode_cursor(last["remainder_fen"], last["institution_id"]) if last else None
    shown = {
        "one": _campaign(found.campaign),
        "lines": _lines(found.campaign, found.totals, found.today),
        "states": [(one.value, word, found.totals[one.value]) for one, word in STATES_ZH.items()],
        "chosen": chosen,
        "rows": [_clearance(row) for row in rows],
        "next": {**chosen, "after": cursor} if cursor else None,
    }
    return PAGES.rendered("campaign.html", shown)


def _campaign(row: RowMapping) -> dict[str, Any]:
    return {
        "id": str(row["campaign_id"]),
        "name": row["name"],
        "scope": f"辖区 {row['district_code']}，{_CATEGORIES[row['category']]}",
        "clear_by": row["clear_by"].isoformat(),
        "refund_by": row["refund_by"].isoformat(),
    }


def _lines(campaign: RowMapping, totals: RowMapping, today: date) -> list[tuple[str, str, str]]:
    pending = totals["institutions"] - totals["counted"]
    lines = [
        ("清零期限", campaign["clear_by"].isoformat(), _left(campaign["clear_by"], today)),
        ("退费期限", campaign["refund_by"].isoformat(), _left(campaign["refund_by"], today)),
        ("机构", f"{totals['institutions']} 家", f"{pending} 家还没有计算" if pending else ""),
        ("开始时", yuan(totals["start_fen"]), ""),
        ("此后缴费", yuan(totals["came_fen"]), ""),
        ("此后消课", yuan(totals["taught_fen"]), ""),
        ("此后退费", yuan(totals["refunded_fen"]), ""),
        ("现在还有", yuan(totals["held_fen"]), ""),
        ("预计剩余", yuan(totals["remainder_fen"]), "按近来的速度，到期消不完的"),
    ]
    counted = totals["as_of"]
    return [*lines, *([("计算时间", when(counted), "最早的一家")] if counted else [])]


def _left(day: date, today: date) -> str:
    days = (day - today).days
    return f"还有 {days} 天" if days >= 0 else f"已过 {-days} 天"


def _clearance(row: RowMapping) -> dict[str, Any]:
    state = State(row["state"])
    return {
        "institution_id": row["institution_id"],
        "name": row["name"] or row["institution_id"],
        "state": Word(_TONES[state], STATES_ZH[state]),
        "held": digits(row["held_fen"]),
        "taught": digits(row["taught_fen"]),
        "refunded": digits(row["refunded_fen"]),
        "remainder": digits(row["remainder_fen"]),
        "days_left": row["days_left"],
        "sentence": row["sentence"],
    }
