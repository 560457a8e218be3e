"""Run the bank as a process of its own."""

import asyncio
from dataclasses import dataclass

import httpx
import uvicorn

from sandbox.bank.app import BankOptions, create_bank

ANSWER_WAIT_S = 15.0
"""How long the bank waits for an answer before it is in doubt: longer than any lock of escrow's."""

LINGER_S = 5
"""How long open connections may keep a stopping bank, silent ones included."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the bank listens, and how it reaches the escrow service."""

    host: str
    port: int
    escrow_url: str
    escrow_key: str


def serve(door: Door, options: BankOptions) -> None:
    """Serve until told to stop."""
    asyncio.run(_serve(door, options))


async def _serve(door: Door, options: BankOptions) -> None:
    headers = {"Authorization": f"Bearer {door.escrow_key}"}
    async with httpx.AsyncClient(
        base_url=door.escrow_url, headers=headers, timeout=ANSWER_WAIT_S
    ) as escrow:
        server = uvicorn.Server(
            uvicorn.Config(
                create_bank(options, escrow),
                host=door.host,
                port=door.port,
                access_log=False,
                log_level="warning",
                timeout_graceful_shutdown=LINGER_S,
            )
        )
        await server.serve()
