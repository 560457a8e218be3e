"""Put the city on the books: institutions, custody accounts and floors."""

from datetime import date, timedelta

from sandbox.city.places import Place
from sandbox.city.town import Town, together

_OPENED_BEFORE = timedelta(days=30)
"""How long before the first Saturday the custody accounts were opened."""


async def found(town: Town, places: list[Place], saturday: date) -> None:
    """Register what the supervisor and the bank know before the first contract."""
    town.progress.begin("institutions and custody accounts", len(places))

    async def one(place: Place) -> None:
        await _register(town, place)
        await _open_account(town, place, saturday - _OPENED_BEFORE)
        if place.floor_rules:
            await _set_floor(town, place, saturday)
        scope = {"role": "institution", "institution_id": place.id}
        town.institutions[place.id] = await town.open_line(**scope, label=place.name)
        town.progress.advance(1)

    await together(one, places)
    town.tally.institutions = len(places)


async def _register(town: Town, place: Place) -> None:
    await town.supervisor.put(
        f"/v1/institutions/{place.id}",
        {
            "name": place.name,
            "district_code": place.district_code,
            "category": place.category,
            "delivery": "both",
            "policy": "national",
        },
    )


async def _open_account(town: Town, place: Place, opened_on: date) -> None:
    name = f"{place.name}（预收费托管专户）"
    await town.banks.open_account(place.bank_id, place.account_number, name, opened_on)
    await town.supervisor.put(
        f"/v1/institutions/{place.id}/custody-account",
        {
            "bank_id": place.bank_id,
            "account_number": place.account_number,
            "account_name": name,
            "opened_on": str(opened_on),
            "settlement_account_number": place.settlement_number,
            "settlement_account_name": place.name,
        },
    )


async def _set_floor(town: Town, place: Place, saturday: date) -> None:
    await town.supervisor.put(
        f"/v1/institutions/{place.id}/floor",
        {
            "rules": list(place.floor_rules),
            "effective_from": str(saturday),
            "document_no": f"示例监管〔{saturday:%Y}〕{place.district_code[-3:]}号",
        },
    )
