"""The escrow service on this machine: its database, its schema, its processes."""

import json
import os
import time
from dataclasses import dataclass, field

import httpx

from sandbox import children
from sandbox.children import Child
from sandbox.failures import LaunchFailed
from sandbox.folder import Folder
from sandbox.ports import HOST, free_port

ESCROW_PORT = 8001
ESCROW_METRICS_PORT = 9101
WORKER_METRICS_PORT = 9111
BANK_PORT = 8010

READY_S = 60.0
"""How long a service may take until it is ready: generous, for a cold and busy machine."""

_POLL_S = 0.05
_ASK_S = 2.0


@dataclass(slots=True)
class Stack:
    """What runs: the children in the order of their start, and where they listen."""

    folder: Folder
    owner_url: str
    login_url: str = ""
    escrow_port: int = 0
    bank_port: int = 0
    serving: list[Child] = field(default_factory=list)
    bank: Child | None = None

    @property
    def escrow_url(self) -> str:
        """Return where the escrow service answers."""
        return f"http://{HOST}:{self.escrow_port}"

    @property
    def bank_url(self) -> str:
        """Return where the bank answers."""
        return f"http://{HOST}:{self.bank_port}"

    def check(self) -> None:
        """Make sure that every child still runs."""
        for child in [*self.serving, *([self.bank] if self.bank else [])]:
            child.check()

    def stop(self) -> None:
        """Stop the services, then the bank."""
        for child in [*reversed(self.serving), *([self.bank] if self.bank else [])]:
            child.stop()


def migrate(stack: Stack) -> list[str]:
    """Bring the schema up to date, learn the service's own login, return what was said."""
    env = {**os.environ, "DATABASE_URL": stack.owner_url}
    log = stack.folder.log("migrate")
    printed = children.run("escrow migrate", ["escrow", "migrate", "--json"], env, log)
    *said, logins = printed.strip().splitlines()
    stack.login_url = json.loads(logins)["escrow"]
    return said


def escrow_env(stack: Stack, **more: str) -> dict[str, str]:
    """Return the environment of an escrow process: its own login, never the owner's."""
    env = {word: value for word, value in os.environ.items() if word != "DATABASE_URL"}
    return {
        **env,
        "ESCROW_DATABASE_URL": stack.login_url,
        "ESCROW_ENVIRONMENT": "sandbox",
        **more,
    }


def start_escrow(stack: Stack, taken: set[int]) -> None:
    """Start the service and its worker."""
    stack.escrow_port = free_port(ESCROW_PORT, taken)
    serve = escrow_env(
        stack,
        ESCROW_HOST=HOST,
        ESCROW_PORT=str(stack.escrow_port),
        ESCROW_METRICS_PORT=str(free_port(ESCROW_METRICS_PORT, taken)),
    )
    work = escrow_env(stack, ESCROW_METRICS_PORT=str(free_port(WORKER_METRICS_PORT, taken)))
    for name, env in (("serve", serve), ("work", work)):
        log = stack.folder.log("escrow" if name == "serve" else "escrow-work")
        stack.serving.append(children.spawn(f"escrow {name}", ["escrow", name], env, log))


def start_bank(stack: Stack, taken: set[int], key: str, city: str, *, is_idle: bool) -> None:
    """Start the bank with its journal of this city."""
    stack.bank_port = free_port(BANK_PORT, taken)
    env = {
        **os.environ,
        "SANDBOX_ESCROW_URL": stack.escrow_url,
        "SANDBOX_BANK_KEY": key,
        "SANDBOX_BANK_JOURNAL": str(stack.folder.of_city(city) / "bank.jsonl"),
    }
    module = ["sandbox", "bank", "--port", str(stack.bank_port)]
    module += ["--idle"] if is_idle else []
    stack.bank = children.spawn("sandbox bank", module, env, stack.folder.log("bank"))


def wait_ready(child: Child, url: str) -> None:
    """Wait until a service says that it is ready.

    Raises:
        LaunchFailed: when it ends, or is not ready in time.

    """
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        child.check()
        try:
            if httpx.get(url, timeout=_ASK_S).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(_POLL_S)
    message = f"`{child.name}` was not ready after {READY_S:.0f} s. Its log: {child.log}"
    raise LaunchFailed(message, child.log)


def verify(stack: Stack) -> tuple[bool, str]:
    """Let the auditor recompute the books; return whether they agree, and its own words."""
    log = stack.folder.log("verify")
    try:
        printed = children.run("escrow verify", ["escrow", "verify"], escrow_env(stack), log)
    except LaunchFailed as failed:
        return False, failed.tail()
    return True, printed.strip()
