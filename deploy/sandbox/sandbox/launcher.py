"""`make run`: everything on one machine, from an empty folder to a played Saturday.

PostgreSQL, escrow and registry-sync with their workers, two banks and a national platform start
as children of this process and end with it: services first, then what they talk to, then the
database.
"""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

import httpx

from sandbox import alerting, children, clock, keyring, mirror, postgres, report, services
from sandbox.city.places import PULLING_BANK, PUSHED_BANK
from sandbox.city.straying import refuse_unplayable
from sandbox.day import MISBEHAVE, WATCH_S, play_day
from sandbox.failures import LaunchFailed
from sandbox.folder import Folder, holder, say_leaving, take_lock, write_whole
from sandbox.keyring import Keyring
from sandbox.misbehaving.playing import NotAFailureError
from sandbox.ports import Ports
from sandbox.services import Stack
from sandbox.terminal import Terminal

DATABASE = "yike"
"""The database on the embedded server."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

STOP_WAIT_S = 180.0
"""How long `stop` waits: longer than every child and the database may take together."""


def run(root: Path, *, plays: bool) -> int:
    """Start what is missing, play a Saturday, stay up until told to stop."""
    terminal = Terminal()
    folder = Folder(root)
    try:
        refuse_unplayable(os.environ.get(MISBEHAVE, ""))
    except NotAFailureError as refused:
        terminal.say(str(refused))
        return 1
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with contextlib.ExitStack() as up:
            lock = take_lock(folder)
            up.callback(lock.close)
            _launch(terminal, folder, lock, up, plays=plays)
    except KeyboardInterrupt:
        terminal.say("Stopped.")
        return 0
    except (LaunchFailed, postgres.PostgresUnavailable) as failed:
        _explain(terminal, failed)
        return 1
    return 0


def stop(root: Path) -> int:
    """Stop what runs in the folder and wait until it is gone."""
    terminal = Terminal()
    folder = Folder(root)
    pid = holder(folder)
    if pid is None:
        terminal.say("Nothing runs here.")
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WAIT_S
    while holder(folder) == pid:
        if time.monotonic() > deadline:
            terminal.say(f"Process {pid} is still stopping; see {folder.logs}.")
            return 1
        time.sleep(WATCH_S)
    terminal.say("Stopped.")
    return 0


def _launch(
    terminal: Terminal, folder: Folder, lock: IO[str], up: contextlib.ExitStack, *, plays: bool
) -> None:
    """Start everything in order; what was started is stopped by the stack, backwards."""
    began = time.monotonic()
    folder.prepare()
    up.callback(folder.scripts_file.unlink, missing_ok=True)
    owner_url, database_pids = _start_database(terminal, folder, up)
    stack = Stack(folder, owner_url)
    ports = Ports()
    up.callback(ports.close)
    services.choose_ports(stack, ports)
    up.callback(stack.stop)
    up.callback(_leave, terminal, folder, lock)
    for sentence in services.migrate(stack):
        terminal.say(sentence)
    ring = _start_services(terminal, stack, plays=plays)
    played = asyncio.run(play_day(terminal, stack, ring)) if plays else None
    offset_s, _ = asyncio.run(clock.read_clock(owner_url))
    keys = _keys(ring)
    write_whole(folder.scripts_file, _for_scripts(stack, keys, offset_s, database_pids))
    if played is not None:
        played.seconds = round(time.monotonic() - began)
        report.summary(terminal.console, played)
    report.by_hand(terminal.console, stack, keys)
    _watch(stack)


def _start_database(
    terminal: Terminal, folder: Folder, up: contextlib.ExitStack
) -> tuple[str, list[int]]:
    """Use the server of DATABASE_URL, or start the embedded one; return the owner's URL."""
    given = os.environ.get("DATABASE_URL")
    if given:
        terminal.say("Using the PostgreSQL server that DATABASE_URL names.")
        return given, []
    server = postgres.start(folder.postgres, log=folder.log("postgres"))
    up.callback(server.stop)
    terminal.say(f"PostgreSQL runs (process {server.pid}).")
    return asyncio.run(clock.make_database(server.url, DATABASE)), [server.pid]


def _start_services(terminal: Terminal, stack: Stack, *, plays: bool) -> Keyring:
    """Start escrow, make the keys that are missing, start everything else."""
    services.start_escrow(stack)
    services.wait_ready(stack.serving[0], f"{stack.escrow_url}/readyz")
    stack.check()
    terminal.say(f"Escrow answers on {stack.escrow_url}.")
    ring = asyncio.run(_complete_keys(stack))
    asyncio.run(_start_platform(stack, ring))
    mirror.start_registry(stack, ring)
    services.start_banks(stack, ring, is_idle=not plays)
    where = f"{stack.bank_url} (pulls) and {stack.pushed_url} (is pushed to)"
    terminal.say(f"The banks answer on {where}" + ("." if plays else ", and are idle."))
    services.wait_ready(stack.registry[0], f"{stack.registry_url}/readyz")
    services.start_worker(stack, ring)
    alerting.start_robots(stack)
    services.wait_ready(stack.robots[0], f"{stack.robots_url}/healthz")
    alerting.start_alerts(stack, ring)
    services.wait_ready(stack.alerts[0], f"{stack.alerts_url}/readyz")
    held = asyncio.run(mirror.wait_mirrored(stack, ring))
    told = "holds its list" if held else "does not hold its list yet"
    terminal.say(f"The national platform answers on {stack.platform_url}.")
    terminal.say(f"The registry answers on {stack.registry_url}, and {told}.")
    terminal.say(f"Alerts answers on {stack.alerts_url}.")
    terminal.say(alerting.start_watchers(stack, ring))
    return ring


async def _start_platform(stack: Stack, ring: Keyring) -> None:
    """Start the platform at the books' time, with a version that the mirror has not seen."""
    stack.seed = await mirror.find_seed(stack, ring)
    offset_s, _ = await clock.read_clock(stack.owner_url)
    version = await mirror.version_held(stack.owner_url)
    mirror.start_platform(stack, ring, offset_s=offset_s, version=version)


async def _complete_keys(stack: Stack) -> Keyring:
    """Return the kept keys where the database still knows them, else fresh ones."""
    ring = keyring.stored(stack.folder)
    async with httpx.AsyncClient(base_url=stack.escrow_url) as http:
        if not await keyring.is_known(http, ring):
            command = ["escrow", "keys", "create", "--role", "operator"]
            command += ["--label", "sandbox operator", "--json"]
            log = stack.folder.log("keys")
            env = services.escrow_env(stack, DATABASE_URL=stack.owner_url)
            ring = keyring.first_key(children.run("escrow keys create", command, env, log))
        await keyring.complete(http, ring, stack.pushed_url)
    ring.save(stack.folder)
    return ring


def _keys(ring: Keyring) -> dict[str, Any]:
    return {"operator": ring.operator, **ring.parties, "institutions": ring.institutions}


def _for_scripts(
    stack: Stack, keys: dict[str, Any], offset_s: int, database_pids: list[int]
) -> dict[str, Any]:
    """Word `.data/sandbox.json`."""
    return {
        "services": {
            "escrow": stack.escrow_url,
            "alerts": stack.alerts_url,
            "registry": stack.registry_url,
        },
        "metrics": stack.metrics_urls(),
        "banks": {PULLING_BANK: stack.bank_url, PUSHED_BANK: stack.pushed_url},
        "platform": stack.platform_url,
        "robots": stack.robots_url,
        "watchers": stack.watcher_urls(),
        "database_url": stack.owner_url,
        "clock_offset_s": offset_s,
        "keys": keys,
        "pids": {
            "escrow": [pid for child in stack.serving for pid in child.pids()],
            "registry": [pid for child in stack.registry for pid in child.pids()],
            "alerts": [pid for child in stack.alerts for pid in child.pids()],
            "postgres": database_pids,
        },
    }


def _watch(stack: Stack) -> None:
    """Stay until a signal comes or a child ends."""
    while True:
        stack.check()
        time.sleep(WATCH_S)


def _leave(terminal: Terminal, folder: Folder, lock: IO[str]) -> None:
    """Say that the end has begun; from here on nothing interrupts it."""
    _ignore_signals()
    folder.scripts_file.unlink(missing_ok=True)
    say_leaving(lock)
    terminal.say("Stopping: services, banks, platform, database.")


def _explain(terminal: Terminal, failed: Exception) -> None:
    """Say what went wrong and show the end of the log concerned."""
    terminal.say(str(failed))
    tail = failed.tail if isinstance(failed, LaunchFailed) else ""
    for line in tail.splitlines():
        terminal.console.print(f"    {line}", markup=False)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Begin the end once: a second signal on the heels of the first must not cut it short."""
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
