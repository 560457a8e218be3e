"""Pages for those who supervise: how the sources stand, what was refused or set aside and why.

They show what the JSON routes show, to the same roles; what is decided is decided there.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.responses import HTMLResponse

from registry_sync.edge import Registry, Shared
from registry_sync.mirror import fetched, holding, imported, sources, withheld
from registry_sync.mirror.naming import names_of
from registry_sync.mirror.withheld import Kept
from registry_sync.pages.rendering import Pages
from registry_sync.pages.wording import moment_text
from registry_sync.pulling.freshness import read_freshness
from registry_sync.supervision.asides import groups_of
from registry_sync.supervision.holdings import Reader, card_of, votes_of
from registry_sync.supervision.overview import fetch_line, import_card, source_card
from registry_sync.supervision.wording import ROLES, count_text, district_text
from shared.errors import NotKnown
from shared.web.basic import allow_readers
from shared.web.limits import After, encode_cursor
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGES: Final = Pages("registry_sync.supervision", more_style="supervise.css", kept="no-store")

FETCHES_MAX: Final = 20
"""Fetches of one page: what one scrolls through on a phone."""

WAITING_MAX: Final = 200
"""Holds that wait: one for each reason, of twenty sources."""

ENDED_MAX: Final = 10
"""Holds looked at for those that ended lately."""

_READERS: Final = (Role.supervisor, Role.auditor, Role.operator)
AnyReader = Annotated[Principal, Depends(allow_readers(*_READERS, realm="registry-sync"))]


@router.get("/supervise")
async def show_overview(
    registry: Shared, principal: AnyReader, after: After = None
) -> HTMLResponse:
    """Show how the sources stand, what waits for people, and what was fetched lately."""
    place = decode_id(after) if after else None
    found = await fetched.list_fetches(registry.database, after=place, limit=FETCHES_MAX)
    last = encode_cursor(str(found[-1].fetch_id)) if len(found) == FETCHES_MAX else None
    titles, now = _titles(registry), await sources.clock(registry.database)
    shown: dict[str, object] = {
        "reader": _named(principal),
        "is_first": place is None,
        "fetches": [fetch_line(one, titles, now) for one in found],
        "next": last,
    }
    if place is None:
        shown |= await _standing(registry, principal)
    return PAGES.rendered("overview.html", shown)


@router.get("/supervise/fetches/{fetch_id}")
async def show_fetch(
    registry: Shared, principal: AnyReader, fetch_id: Annotated[UUID, Path()]
) -> HTMLResponse:
    """Show one fetch, and the rows of it that were not believed."""
    found = await fetched.find_fetch(registry.database, fetch_id)
    if found is None:
        raise NotKnown
    number, rows = found.set_aside, await fetched.read_set_aside(registry.database, fetch_id)
    if found.result == "previewed":  # its rows stand in the preview until it is accepted
        number, rows = await imported.read_previewed(registry.database, fetch_id)
    names = await names_of(registry.database, {one.institution_id or "" for one in rows} - {""})
    holds = await withheld.list_holds(
        registry.database, after=None, limit=WAITING_MAX, fetch_id=fetch_id
    )
    reader = await _reader(registry, principal, holds)
    shown = {
        "reader": _named(principal),
        "one": fetch_line(found, reader.titles, reader.now),
        "finished_at": moment_text(found.finished_at),
        "records": count_text(found.records),
        "detail": found.detail,
        "sha256": found.sha256,
        "set_aside": count_text(number),
        "listed": count_text(len(rows)) if number > len(rows) else "",
        "groups": groups_of(rows, names),
        "holds": [card_of(one, reader) for one in holds],
    }
    return PAGES.rendered("fetch.html", shown)


@router.get("/supervise/holds/{hold_id}")
async def show_hold(
    registry: Shared, principal: AnyReader, hold_id: Annotated[UUID, Path()]
) -> HTMLResponse:
    """Show one hold, whole."""
    found = await withheld.find_hold(registry.database, hold_id)
    if found is None:
        raise NotKnown
    names = await names_of(registry.database, {one[0] for one in found.sample})
    reader = await _reader(registry, principal, [found])
    shown = {
        "reader": _named(principal),
        "one": card_of(found, reader),
        "detail": found.detail,
        "fetch_id": str(found.fetch_id),
        "version": count_text(found.version),
        "votes_told": votes_of(found),
        "sample": [
            (institution_id, names.get(institution_id, ""), licence_no, _district(code, reader))
            for institution_id, licence_no, code in found.sample
        ],
        "is_sample": sum(found.districts.values()) > len(found.sample),
    }
    return PAGES.rendered("hold.html", shown)


async def _standing(registry: Registry, principal: Principal) -> dict[str, object]:
    """Return how the sources stand, and what waits for people."""
    recent = await withheld.list_holds(registry.database, after=None, limit=ENDED_MAX)
    waiting = [
        hold
        for state in ("open", "approved")
        for hold in await withheld.list_holds(
            registry.database, after=None, limit=WAITING_MAX, state=state
        )
    ]
    reader = await _reader(registry, principal, waiting)
    ended = [hold for hold in recent if hold.state not in {"open", "approved"}]
    return {
        "now": moment_text(reader.now),
        "sources": [
            source_card(one, reader.now) for one in await read_freshness(registry, reader.now)
        ],
        "holds": [card_of(one, reader) for one in waiting],
        "ended": [card_of(one, reader) for one in ended],
        "imports": [
            import_card(one, reader.titles, reader.now)
            for one in await imported.list_waiting(registry.database)
        ],
    }


async def _reader(registry: Registry, principal: Principal, holds: Sequence[Kept]) -> Reader:
    now = await sources.clock(registry.database)
    ids = [one.hold_id for one in holds]
    async with registry.database.connect() as connection:
        within = await holding.within(connection, ids, principal.district_code)
    return Reader(principal, now, _titles(registry), within)


def _titles(registry: Registry) -> dict[str, str]:
    return {one.name: one.title or one.name for one in registry.sources}


def _named(principal: Principal) -> str:
    """Name who reads: the role, never the key."""
    return ROLES[principal.role.value]


def _district(code: str | None, reader: Reader) -> str:
    return district_text(code, reader.year)
