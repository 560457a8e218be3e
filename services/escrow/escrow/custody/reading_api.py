"""What those who may see an institution read: how it stands, its balances, its statement.

An institution's readers are itself, the supervisors and auditors of its district, the bank
that holds its account, and the operator.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from escrow.custody import sheets, store
from escrow.custody.shapes import (
    BalancesShown,
    InstitutionShown,
    MovementPage,
    MovementShown,
    PrepaidPage,
    PrepaidShown,
)
from escrow.custody.showing import shown_institution, shown_movement, shown_prepaid
from escrow.edge import Shared, escrow_of, may_act_on
from escrow.ledger.read import (
    StandingSeen,
    balances_at,
    last_number,
    list_movements,
    read_floors,
    read_standing,
)
from escrow.ledger.read_contracts import prepaid_at, prepaid_now
from shared.errors import NotKnown
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    InstitutionIdField,
    Limit,
    Since,
    Until,
    decode_cursor,
    encode_cursor,
)
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["institutions"])

Reader = Annotated[
    Principal,
    Depends(
        allow(Role.institution, Role.supervisor, Role.auditor, Role.bank, Role.operator),
    ),
]
InstitutionPath = Annotated[InstitutionIdField, Path()]
AsOf = Annotated[
    Until | None, Query(description="A moment, or the end of a day; now where it is left out.")
]

_TICK: Final = timedelta(microseconds=1)

_SHEET: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {
            "Link": {
                "description": 'As CSV: `<?after=...>; rel="next"` where there is more.',
                "schema": {"type": "string"},
            }
        },
    }
}


@router.get("/v1/institutions/{institution_id}", responses=problem_responses(404))
async def read_institution(
    request: Request, escrow: Shared, institution_id: InstitutionPath, principal: Reader
) -> InstitutionShown:
    """Read how an institution stands, and what it may do."""
    seen = await _seen(request, principal, institution_id)
    async with escrow.database.connect() as connection:
        floors = await read_floors(connection, institution_id) if seen.standing.floors else []
        freezes = await store.active_freezes(connection, institution_id)
        word = await store.read_word(connection, institution_id)
    return shown_institution(seen, floors, freezes, word, escrow.poster.policies)


@router.get("/v1/institutions/{institution_id}/balances", responses=problem_responses(404))
async def read_balances(
    request: Request,
    escrow: Shared,
    institution_id: InstitutionPath,
    principal: Reader,
    as_of: AsOf = None,
) -> BalancesShown:
    """Read the balances now, or as the movements up to a moment make them."""
    seen = await _seen(request, principal, institution_id)
    balances = seen.standing.balances
    if as_of is not None:
        async with escrow.database.connect() as connection:
            number = await last_number(connection, institution_id, as_of)
            balances = await balances_at(connection, institution_id, number)
    return BalancesShown(
        institution_id=institution_id,
        as_of=as_of or seen.now,
        accounts={str(kind): fen for kind, fen in balances.items()},
    )


@router.get(
    "/v1/institutions/{institution_id}/movements",
    response_model=MovementPage,
    responses={**_SHEET, **problem_responses(404)},
)
async def read_movements(  # noqa: PLR0913, PLR0917 - one parameter a word of the query
    request: Request,
    escrow: Shared,
    institution_id: InstitutionPath,
    principal: Reader,
    since: Annotated[
        Since | None, Query(alias="from", description="Posted from then on; a moment or a day.")
    ] = None,
    until: Annotated[
        Until | None, Query(alias="to", description="Posted up to then; a moment or a day.")
    ] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Any:  # noqa: ANN401 - a page, or the same as CSV
    """Read the statement in the order of the journal; as CSV where `Accept` prefers it."""
    seen = await _seen(request, principal, institution_id)
    (place,) = decode_cursor(after, int) if after is not None else (0,)
    async with escrow.database.connect() as connection:
        last = seen.standing.movements
        if until is not None:
            last = await last_number(connection, institution_id, until)
        if since is not None:
            place = max(place, await _before(connection, institution_id, since))
        rows = await list_movements(connection, institution_id, after=place, last=last, limit=limit)
    found = [shown_movement(row) for row in rows]
    more = encode_cursor(found[-1].sequence) if len(found) == limit else None
    if sheets.is_wanted(request.headers.get("accept", "")):
        return _sheet(found, more)
    return MovementPage(items=found, next=more)


async def _before(connection: AsyncConnection, institution_id: str, since: datetime) -> int:
    """Return the number of the last movement before a moment."""
    return await last_number(connection, institution_id, since - _TICK)


def _sheet(found: list[MovementShown], more: str | None) -> Response:
    rows = [one.model_dump(mode="json") for one in found]
    content = sheets.rendered(rows, list(MovementShown.model_fields))
    headers = {"Link": f'<?after={more}>; rel="next"'} if more else None
    return Response(content, headers=headers, media_type=sheets.MEDIA_TYPE)


@router.get("/v1/institutions/{institution_id}/prepaid-ledger", responses=problem_responses(404))
async def read_prepaid_ledger(  # noqa: PLR0913, PLR0917 - one parameter a word of the query
    request: Request,
    escrow: Shared,
    institution_id: InstitutionPath,
    principal: Reader,
    as_of: AsOf = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> PrepaidPage:
    """Read the prepaid ledger (台账): per contract, in lessons and in fen."""
    seen = await _seen(request, principal, institution_id)
    (place,) = decode_cursor(after, str) if after is not None else ("",)
    async with escrow.database.connect() as connection:
        if as_of is None:
            found = await prepaid_now(connection, institution_id, after=place, limit=limit)
        else:
            number = await last_number(connection, institution_id, as_of)
            found = await prepaid_at(
                connection, institution_id, at=as_of, number=number, after=place, limit=limit
            )
    more = encode_cursor(found[-1].contract_id) if len(found) == limit else None
    items: list[PrepaidShown] = [shown_prepaid(one) for one in found]
    return PrepaidPage(
        institution_id=institution_id, as_of=as_of or seen.now, items=items, next=more
    )


async def _seen(request: Request, principal: Principal, institution_id: str) -> StandingSeen:
    """Return an institution's standing to one who may see it.

    Raises:
        NotAllowed: outside the key's scope.
        NotKnown: no such institution is registered.

    """
    async with escrow_of(request).database.connect() as connection:
        seen = await read_standing(connection, institution_id)
    bank_id = seen.standing.bank_id if seen else None
    await may_act_on(request, principal, institution_id, bank_id=bank_id)
    if seen is None:
        raise NotKnown
    return seen
