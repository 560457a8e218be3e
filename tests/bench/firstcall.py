"""The first call to a database in which nothing is: plans are made on empty tables."""

import asyncpg
import httpx

from shared.ids import new_id
from shared.web.keys import mint
from tests.bench.town import Class, Place, batch_request, institution_id, last_bell

_NOBODY = 888_888


async def first_call(owner_url: str, port: int) -> None:
    """Ask for a release of an institution that is not there, and be refused item by item."""
    key, prefix, digest = mint()
    named = institution_id(_NOBODY)
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(
            "INSERT INTO access.api_key (id, prefix, digest, role, institution_id, created_by)"
            " VALUES ($1, $2, $3, 'institution', $4, 'bench')",
            new_id(),
            prefix,
            digest,
            named,
        )
    finally:
        await connection.close()
    whole = batch_request(Class(Place(named, key), "N", 1), 1, last_bell())
    head, _, body = whole.partition(b"\r\n\r\n")
    headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post("/v1/releases", content=body, headers=headers)
    assert answer.json()["counts"]["refused"] == 1
