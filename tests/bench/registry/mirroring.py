"""One piece of mirroring as a process of its own, so that its memory is its own.

    python -m tests.bench.registry.mirroring sync URL KEY
    python -m tests.bench.registry.mirroring preview FILE

The database is named by REGISTRY_DATABASE_URL; printed is one line of JSON.
"""

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from registry_sync.mirror.sources import enrol
from registry_sync.settings import SourceSettings
from registry_sync.sync.run import Syncing
from registry_sync.sync.sheets import Officer, Uploaded, preview
from shared.pg.database import Database

RANKS = {"national": 1, "sheet": 3}


def main(arguments: list[str]) -> int:
    """Do one thing and print what it took."""
    kind, *rest = arguments
    began = time.monotonic()
    if kind == "sync":
        found = asyncio.run(_sync(*rest))
    else:
        file = Path(rest[0])
        found = asyncio.run(_preview(Uploaded(file.name, file.read_bytes(), Officer("bench"))))
    found["seconds"] = round(time.monotonic() - began, 2)
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


async def _database() -> Database:
    url = os.environ["REGISTRY_DATABASE_URL"]
    database = await Database(url, application="bench").open()
    await enrol(database, RANKS)
    return database


async def _sync(url: str, key: str) -> dict[str, Any]:
    source = SourceSettings(
        name="national", kind="platform", rank=1, mapping="national", url=url, public_key=key
    )
    database = await _database()
    async with httpx.AsyncClient(trust_env=False) as client:
        outcome = await Syncing(database, client, RANKS, https_only=False).sync(source)
    await database.close()
    return {"result": outcome.result, "changed": outcome.changed}


async def _preview(uploaded: Uploaded) -> dict[str, Any]:
    source = SourceSettings(name="sheet", kind="sheet", rank=3, mapping="white_list")
    database = await _database()
    found = await preview(database, source, uploaded)
    await database.close()
    return {"counts": found.shown["counts"]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
