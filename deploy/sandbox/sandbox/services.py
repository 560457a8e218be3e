"""What runs on this machine: the schemas, where everything listens, and escrow's processes."""

import json
import os
import time
from dataclasses import dataclass, field

import httpx

from sandbox import children, watchers
from sandbox.children import Child
from sandbox.city.places import PULLING_BANK, PUSHED_BANK
from sandbox.failures import LaunchFailed
from sandbox.folder import Folder
from sandbox.keyring import Keyring
from sandbox.ports import HOST, Ports

ESCROW_PORT = 8001
ESCROW_METRICS_PORT = 9101
WORKER_METRICS_PORT = 9111
ALERTS_PORT = 8002
ALERTS_METRICS_PORT = 9102
ALERTS_WORKER_METRICS_PORT = 9112
ALERTS_EXPORTER_PORT = 9122
REGISTRY_PORT = 8003
REGISTRY_METRICS_PORT = 9103
REGISTRY_WORKER_METRICS_PORT = 9113
BANK_PORT = 8010
PLATFORM_PORT = 8020
ROBOTS_PORT = 8030
SMTP_PORT = 8025

READY_S = 180.0
"""How long a service may take until it is ready: seconds; minutes on a cold and busy machine."""

_POLL_S = 0.05
_ASK_S = 2.0


@dataclass(slots=True)
class Stack:
    """What runs: the children in the order of their start, and where they listen."""

    folder: Folder
    owner_url: str
    login_url: str = ""
    registry_login_url: str = ""
    alerts_login_url: str = ""
    seed: int = 1
    """What the city on these books grows from."""
    escrow_port: int = 0
    metrics_ports: tuple[int, int] = (0, 0)
    registry_port: int = 0
    registry_metrics: tuple[int, int] = (0, 0)
    alerts_port: int = 0
    alerts_metrics: tuple[int, int, int] = (0, 0, 0)
    """Of alerts: the service's, its worker's, and where cases are shown to Prometheus."""
    bank_port: int = 0
    pushed_port: int = 0
    platform_port: int = 0
    robots_port: int = 0
    smtp_port: int = 0
    watcher_ports: tuple[int, int] = (0, 0)
    """Prometheus's and Alertmanager's."""
    serving: list[Child] = field(default_factory=list)
    """Escrow: the service, then its worker."""
    registry: list[Child] = field(default_factory=list)
    """registry-sync: the service, then its worker."""
    alerts: list[Child] = field(default_factory=list)
    """alerts: the service, its worker, its exporter."""
    banks: list[Child] = field(default_factory=list)
    platforms: list[Child] = field(default_factory=list)
    robots: list[Child] = field(default_factory=list)
    watchers: list[Child] = field(default_factory=list)
    """Prometheus and Alertmanager, where they are installed."""

    @property
    def escrow_url(self) -> str:
        """Return where the escrow service answers."""
        return f"http://{HOST}:{self.escrow_port}"

    @property
    def registry_url(self) -> str:
        """Return where registry-sync answers."""
        return f"http://{HOST}:{self.registry_port}"

    @property
    def alerts_url(self) -> str:
        """Return where the alerts service answers."""
        return f"http://{HOST}:{self.alerts_port}"

    @property
    def robots_url(self) -> str:
        """Return where the robots answer that notices go to."""
        return f"http://{HOST}:{self.robots_port}"

    @property
    def platform_url(self) -> str:
        """Return where the national platform answers."""
        return f"http://{HOST}:{self.platform_port}"

    @property
    def bank_url(self) -> str:
        """Return where the bank answers that pulls."""
        return f"http://{HOST}:{self.bank_port}"

    @property
    def pushed_url(self) -> str:
        """Return where the bank answers that is pushed to."""
        return f"http://{HOST}:{self.pushed_port}"

    def metrics_urls(self) -> dict[str, str]:
        """Return where metrics are read, by process."""
        ports = {
            "escrow": self.metrics_ports[0],
            "escrow_work": self.metrics_ports[1],
            "registry": self.registry_metrics[0],
            "registry_work": self.registry_metrics[1],
            "alerts": self.alerts_metrics[0],
            "alerts_work": self.alerts_metrics[1],
            "alerts_export": self.alerts_metrics[2],
        }
        return {name: f"http://{HOST}:{port}/metrics" for name, port in ports.items()}

    def watcher_urls(self) -> dict[str, str]:
        """Return where Prometheus and Alertmanager answer; nothing where they do not run."""
        if not self.watchers:
            return {}
        named = zip(("prometheus", "alertmanager"), self.watcher_ports, strict=True)
        return {name: f"http://{HOST}:{port}" for name, port in named}

    @property
    def ours(self) -> list[Child]:
        """Return the processes of the services."""
        return [*self.serving, *self.registry, *self.alerts]

    @property
    def outside(self) -> list[Child]:
        """Return the processes of those that the services talk to."""
        return [*self.banks, *self.platforms, *self.robots]

    def check(self) -> None:
        """Make sure that every child still runs."""
        for child in [*self.ours, *self.watchers, *self.outside]:
            child.check()

    def stop(self) -> None:
        """Stop the services, all at once, then the banks and the platform."""
        for group in ([*self.ours, *self.watchers], self.outside):
            for child in group:
                child.ask_to_end()
            for child in group:
                child.stop()


def migrate(stack: Stack) -> list[str]:
    """Bring the schemas up to date, learn the services' own logins, return what was said."""
    stack.login_url, said = _migrate(stack, "escrow", "escrow")
    stack.registry_login_url, more = _migrate(stack, "registry_sync", "registry")
    stack.alerts_login_url, last = _migrate(stack, "alerts", "alerts")
    return [*said, *more, *last]


def _migrate(stack: Stack, package: str, service: str) -> tuple[str, list[str]]:
    env = {**os.environ, "DATABASE_URL": stack.owner_url}
    log = stack.folder.log("migrate")
    printed = children.run(f"{package} migrate", [package, "migrate", "--json"], env, log)
    *said, logins = printed.strip().splitlines()
    return json.loads(logins)[service], said


def escrow_env(stack: Stack, **more: str) -> dict[str, str]:
    """Return the environment of an escrow process: its own login, never the owner's."""
    env = {word: value for word, value in os.environ.items() if word != "DATABASE_URL"}
    return {
        **env,
        "ESCROW_DATABASE_URL": stack.login_url,
        "ESCROW_ENVIRONMENT": "sandbox",
        **more,
    }


def start_escrow(stack: Stack) -> None:
    """Start the service; its worker needs keys that only the service can make."""
    env = escrow_env(
        stack,
        ESCROW_HOST=HOST,
        ESCROW_PORT=str(stack.escrow_port),
        ESCROW_METRICS_PORT=str(stack.metrics_ports[0]),
    )
    log = stack.folder.log("escrow")
    stack.serving.append(children.spawn("escrow serve", ["escrow", "serve"], env, log))


def start_worker(stack: Stack, ring: Keyring) -> None:
    """Start escrow's worker, which hears registry-sync."""
    env = escrow_env(
        stack,
        ESCROW_WORK_METRICS_PORT=str(stack.metrics_ports[1]),
        ESCROW_REGISTRY_URL=stack.registry_url,
        ESCROW_REGISTRY_KEY=ring.parties["service"],
    )
    log = stack.folder.log("escrow-work")
    stack.serving.append(children.spawn("escrow work", ["escrow", "work"], env, log))


def choose_ports(stack: Stack, ports: Ports) -> None:
    """Choose where everything is to listen."""
    stack.escrow_port = ports.choose(ESCROW_PORT)
    stack.metrics_ports = (ports.choose(ESCROW_METRICS_PORT), ports.choose(WORKER_METRICS_PORT))
    stack.registry_port = ports.choose(REGISTRY_PORT)
    stack.alerts_port = ports.choose(ALERTS_PORT)
    stack.alerts_metrics = (
        ports.choose(ALERTS_METRICS_PORT),
        ports.choose(ALERTS_WORKER_METRICS_PORT),
        ports.choose(ALERTS_EXPORTER_PORT),
    )
    metrics = (REGISTRY_METRICS_PORT, REGISTRY_WORKER_METRICS_PORT)
    stack.registry_metrics = (ports.choose(metrics[0]), ports.choose(metrics[1]))
    stack.bank_port = ports.choose(BANK_PORT)
    stack.pushed_port = ports.choose(BANK_PORT + 1)
    stack.platform_port = ports.choose(PLATFORM_PORT)
    stack.robots_port = ports.choose(ROBOTS_PORT)
    stack.smtp_port = ports.choose(SMTP_PORT)
    stack.watcher_ports = (
        ports.choose(watchers.PROMETHEUS_PORT),
        ports.choose(watchers.ALERTMANAGER_PORT),
    )


def start_banks(stack: Stack, ring: Keyring, *, is_idle: bool) -> None:
    """Start both banks, each with its journal of this city."""
    folder = stack.folder.of_city(ring.database)
    for party, port, more in (
        ("bank", stack.bank_port, ["--bank-id", PULLING_BANK]),
        ("bank_pushed", stack.pushed_port, ["--bank-id", PUSHED_BANK, "--pushed"]),
    ):
        env = {
            **os.environ,
            "SANDBOX_ESCROW_URL": stack.escrow_url,
            "SANDBOX_BANK_KEY": ring.parties[party],
            "SANDBOX_BANK_JOURNAL": str(folder / f"{party}.jsonl"),
        }
        module = ["sandbox", "bank", "--port", str(port), *more]
        module += ["--idle"] if is_idle else []
        log = stack.folder.log(party.replace("_", "-"))
        stack.banks.append(children.spawn(f"sandbox {party}", module, env, log))
    for child, url in zip(stack.banks, (stack.bank_url, stack.pushed_url), strict=True):
        wait_ready(child, f"{url}/healthz")


def wait_ready(child: Child, url: str) -> None:
    """Wait until a service says that it is ready, and is the child and not another's.

    Raises:
        LaunchFailed: when it ends, or is not ready in time.

    """
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        child.check()
        try:
            answer = httpx.get(url, timeout=_ASK_S)
            if answer.is_success and answer.json().get("pid", child.pid) == child.pid:
                return
        except httpx.TransportError:
            pass
        time.sleep(_POLL_S)
    message = f"`{child.name}` was not ready after {READY_S:.0f} s. Its log: {child.log}"
    raise LaunchFailed(message, child.log)


def verify(stack: Stack) -> tuple[bool, str]:
    """Let the auditor recompute the books; return whether they agree, and its first words."""
    log = stack.folder.log("verify")
    code, printed = children.attempt(["escrow", "verify"], escrow_env(stack), log)
    told = printed.strip().splitlines() or [f"the verification could not run, see {log}"]
    return code == 0, told[0]
