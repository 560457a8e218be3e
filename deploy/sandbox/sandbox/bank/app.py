"""Put a bank together: books, client, routes, fault switches, and its rounds while it runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI

from sandbox.bank import api
from sandbox.bank.desk import Bank, BankOptions
from sandbox.bank.outages import Outages

LINGER_S = 2.0
"""How long a stopping bank finishes its round; what it could not tell waits in its journal."""

__all__ = ["BankOptions", "create_bank"]


def create_bank(options: BankOptions, escrow: httpx.AsyncClient) -> FastAPI:
    """Return a bank as an application; `escrow` reaches the service with the bank's key.

    Its rounds run while the application's lifespan does.
    Without one (a test over ASGI) nothing happens by itself:
    ask `app.state.bank` to `work_once()`.
    """
    bank = Bank(options, escrow)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        rounds = asyncio.create_task(bank.run(stop))
        yield
        stop.set()
        await asyncio.wait({rounds}, timeout=LINGER_S)
        rounds.cancel()

    app = FastAPI(title="Sandbox bank", version="1", lifespan=lifespan)
    app.state.bank = bank
    app.add_middleware(Outages, dice=bank.dice)
    api.include(app)
    return app
