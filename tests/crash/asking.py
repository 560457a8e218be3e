"""What the parties of a round ask, and how a caller behaves who does not take no for an answer."""

import asyncio
import time
from datetime import timedelta
from typing import Any, Final

import httpx

from escrow.access.service import create_key
from shared.pg.database import Database
from shared.time import business_day, rfc3339, wall_clock

Json = dict[str, Any]

PATIENCE_S: Final = 90.0
"""How long a caller repeats a request that was not answered: longer than any restart."""

FEE_FEN: Final = 8_000
LESSONS: Final = 60


def make_key(login: str, **scope: str) -> str:
    """Make a key as the command line does."""

    async def made() -> str:
        database = Database(login, application="crash")
        try:
            _, key = await create_key(database, created_by="crash", **scope)
        finally:
            await database.close()
        return key

    return asyncio.run(made())


def insist(client: httpx.Client, path: str, body: Json, key: str) -> Json:
    """Send a request until it is answered, always under the same key."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            answer = client.post(path, json=body, headers={"Idempotency-Key": f'"{key}"'})
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code < 500 and answer.status_code != 409:
            assert answer.is_success, f"{path} answered {answer.status_code}: {answer.text}"
            found: Json = answer.json()
            return found
        assert time.monotonic() < deadline, f"{path} was not answered in {PATIENCE_S} s"
        time.sleep(0.05)


def a_contract(institution_id: str, name: str) -> Json:
    """Return a contract of 60 lessons at 80 yuan."""
    now = wall_clock()
    day = business_day(now)
    return {
        "id": name,
        "institution_id": institution_id,
        "student_ref": f"S-{name}",
        "guardian_ref": f"G-{name}",
        "course": {"name": "围棋启蒙", "category": "non_subject", "delivery": "offline"},
        "lessons": LESSONS,
        "paid_fen": LESSONS * FEE_FEN,
        "list_fen": LESSONS * FEE_FEN,
        "signed_at": rfc3339(now - timedelta(days=1)),
        "starts_on": day.isoformat(),
        "ends_on": (day + timedelta(days=80)).isoformat(),
    }


def a_claim(item_id: str, contract_id: str, lesson_no: int) -> Json:
    """Return the claim of a lesson that ended an hour ago."""
    ended = wall_clock() - timedelta(hours=1)
    return {
        "id": item_id,
        "contract_id": contract_id,
        "lesson_no": lesson_no,
        "taught_at": rfc3339(ended - timedelta(hours=1)),
        "ended_at": rfc3339(ended),
    }
