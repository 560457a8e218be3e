"""The public page: a search, and one page for each institution, in Chinese.

Rendered here, without scripts: what a phone of ten years ago and a screen reader can show.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from registry_sync.lookup.asking import LINE_MAX, wanted_of
from registry_sync.lookup.desk import PAGES, AtDesk
from registry_sync.lookup.sheet import badge_of, sheet_of
from registry_sync.mirror.reading import Seen, read_current
from registry_sync.mirror.searching import search
from registry_sync.pages.places import place_name
from shared.errors import Malformed, NotKnown
from shared.web.limits import After, InstitutionIdField, decode_cursor, encode_cursor

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

FOUND_MAX: Final = 20
"""Institutions of one page: what one scrolls through on a phone."""

_TOO_SHORT: Final = "请至少写两个字，或写全18位信用代码。"


@router.get("/")
async def show_search(
    request: Request,
    desk: AtDesk,
    q: Annotated[str | None, Query(max_length=LINE_MAX)] = None,
    after: After = None,
) -> HTMLResponse:
    """Show the search, and what was found."""
    desk.admit(request)
    asked = (q or "").strip()
    shown: dict[str, object] = {"asked": asked, "wrong": "", "found": [], "next": None}
    shown |= {"is_first": after is None, "is_stale": False, "complaint_line": desk.complaint_line}
    if not asked:
        return PAGES.rendered("search.html", shown)
    try:
        wanted = wanted_of(asked)
    except Malformed as fault:
        return PAGES.rendered("search.html", {**shown, "wrong": _TOO_SHORT}, status=fault.status)
    place = decode_cursor(after, str)[0] if after else None
    found, last = await search(desk.database, wanted, after=place, limit=FOUND_MAX)
    shown["next"] = encode_cursor(last) if last else None
    shown["is_stale"] = any(one.is_stale for one in found)
    return PAGES.rendered("search.html", {**shown, "found": [_line(one) for one in found]})


@router.get("/institutions/{institution_id}")
async def show_institution(
    request: Request, desk: AtDesk, institution_id: Annotated[InstitutionIdField, Path()]
) -> HTMLResponse:
    """Show one institution."""
    desk.admit(request)
    seen = await read_current(desk.database, institution_id)
    if seen is None:
        raise NotKnown
    account = await desk.accounts.find(institution_id)
    one = sheet_of(seen, account, desk.titles.get(seen.view.source))
    return PAGES.rendered("institution.html", {"one": one, "complaint_line": desk.complaint_line})


def _line(seen: Seen) -> dict[str, object]:
    view = seen.view
    return {
        "institution_id": view.institution_id,
        "name": view.name or view.institution_id,
        "place": place_name(view.district_code, seen.valid.year) or "",
        "badge": badge_of(view),
    }
