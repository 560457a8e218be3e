"""Play one Saturday of the city against the running services, and see what it came to."""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime

import httpx

from sandbox import clock, keyring, mirror, services
from sandbox.bank.faults import Faults
from sandbox.city.counters import Counters
from sandbox.city.memory import Memory, recall
from sandbox.city.places import PULLING_BANK, PUSHED_BANK, places
from sandbox.city.revoking import revoke_one
from sandbox.city.saturday import play
from sandbox.city.town import Town
from sandbox.city.wire import Wire, WireError
from sandbox.failures import LaunchFailed
from sandbox.keyring import Keyring
from sandbox.report import Played
from sandbox.services import Stack
from sandbox.terminal import Terminal

MISBEHAVE = "MISBEHAVE"
"""The variable that asks for a planted failure."""

WAIT_S = 30.0
"""How long the city waits for one answer: longer than the service's own limits."""

WATCH_S = 0.5
"""How often the launcher looks whether everything still runs."""

SLIPS = Faults(
    seed=2026,
    slow=0.02,
    slow_s=0.1,
    lost_answer=0.02,
    duplicate=0.02,
    out_of_order=0.05,
    late_rejection=0.01,
)
"""How faulty the banks are on a Saturday: enough to show, and every book agrees all the same."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the services talk to: the banks' counters and the national platform's desk."""

    banks: Counters
    platform: httpx.AsyncClient


async def play_day(terminal: Terminal, stack: Stack, ring: Keyring) -> Played:
    """Play the next Saturday and return what there is to tell.

    Raises:
        LaunchFailed: when a service ends or refuses what it should take.

    """
    pool = httpx.Limits(max_connections=16)
    with terminal:
        async with (
            httpx.AsyncClient(base_url=stack.escrow_url, timeout=WAIT_S, limits=pool) as escrow,
            httpx.AsyncClient(base_url=stack.bank_url, timeout=WAIT_S) as pulling,
            httpx.AsyncClient(base_url=stack.pushed_url, timeout=WAIT_S) as pushed,
            httpx.AsyncClient(base_url=stack.platform_url, timeout=WAIT_S) as platform,
        ):
            outside = Outside(Counters({PULLING_BANK: pulling, PUSHED_BANK: pushed}), platform)
            town = _town(terminal, stack, ring, escrow, outside)
            playing = asyncio.create_task(_play(town, stack, ring, outside))
            try:
                return await _watched(playing, stack)
            except (WireError, httpx.HTTPError) as error:
                stack.check()
                message = f"The Saturday stopped: {error}. `make run` plays the next one."
                raise LaunchFailed(message, stack.serving[0].log) from error


async def _watched(playing: asyncio.Task[Played], stack: Stack) -> Played:
    """Wait for the day to end, or for a child to: then the day ends with it."""
    try:
        while not playing.done():
            await asyncio.wait({playing}, timeout=WATCH_S)
            stack.check()
        return playing.result()
    finally:
        playing.cancel()


async def _play(town: Town, stack: Stack, ring: Keyring, outside: Outside) -> Played:
    """Play the day and gather what there is to tell."""
    before = await town.banks.paid()
    memory = await _play_saturday(town, stack, ring)
    taught = {place.id for place in places(memory.seed)}
    town.progress.begin("a licence revoked at the national platform", 1)
    revoked = await revoke_one(town, outside.platform, taught, memory.played[-1])
    played = await _look(town, stack, ring, str(memory.played[-1]))
    played.mirrored = await mirror.look(stack, ring)
    played.revoked = revoked
    played.paid.payments -= before.payments
    played.paid.amount_fen -= before.amount_fen
    return played


async def _play_saturday(town: Town, stack: Stack, ring: Keyring) -> Memory:
    path = stack.folder.of_city(ring.database) / "memory.json"
    memory = recall(path) or Memory(seed=stack.seed)
    await town.banks.set_everywhere("/faults", SLIPS.model_dump())
    _, now = await clock.read_clock(stack.owner_url)
    await play(town, memory, path, now)
    return memory


def _town(
    terminal: Terminal,
    stack: Stack,
    ring: Keyring,
    escrow: httpx.AsyncClient,
    outside: Outside,
) -> Town:
    async def open_line(**scope: str) -> Wire:
        key = await keyring.make_key(escrow, ring, **scope)
        if scope["role"] == "institution":
            ring.institutions[scope["institution_id"]] = key
            ring.save(stack.folder)
        return Wire(escrow, key)

    async def raise_clock(instant: datetime) -> int:
        """Move the books' clock first: a platform ahead of its mirror would be disbelieved."""
        offset_s = await clock.raise_clock(stack.owner_url, instant)
        answer = await outside.platform.put("/desk/clock", json={"offset_s": offset_s})
        answer.raise_for_status()
        return offset_s

    return Town(
        operator=Wire(escrow, ring.operator),
        supervisor=Wire(escrow, ring.parties["supervisor"]),
        institutions={name: Wire(escrow, key) for name, key in ring.institutions.items()},
        banks=outside.banks,
        raise_clock=raise_clock,
        misbehaves=os.environ.get(MISBEHAVE, ""),
        open_line=open_line,
        progress=terminal,
        began=terminal.began,
    )


async def _look(town: Town, stack: Stack, ring: Keyring, day: str) -> Played:
    """Let the auditor verify, and gather what the banks and the books say."""
    town.progress.begin("books verified", 1)
    verified, findings = services.verify(stack)
    auditor = Wire(town.operator.http, ring.parties["auditor"])
    return Played(
        day=day,
        tally=town.tally,
        paid=await town.banks.paid(),
        faults=await town.banks.struck(),
        books=(await auditor.get("/v1/audit/trial-balance"))["accounts"],
        verified=verified,
        findings=findings,
        verification=await auditor.get("/v1/audit/verification"),
    )
