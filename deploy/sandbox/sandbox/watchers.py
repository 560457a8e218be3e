"""Prometheus and Alertmanager, configured as in production, where they are installed.

    python -m sandbox.watchers render <values.json> <folder>    write the configuration
    python -m sandbox.watchers exec <program> <arguments...>    become that program

The templates under deploy/ hold `%NAME%`; `render` puts the values in and refuses to leave one out.
Debian's packages are used as they are; nothing is downloaded.
"""

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from sandbox import children
from sandbox.children import Child
from sandbox.failures import LaunchFailed
from sandbox.ports import HOST

DEPLOY: Final = Path(__file__).parents[2]
PROMETHEUS_PORT: Final = 9090
ALERTMANAGER_PORT: Final = 9093

INSTALL: Final = "apt-get install prometheus prometheus-alertmanager"
READY_S: Final = 60.0
"""How long either may take to start on a busy machine."""

_POLL_S: Final = 0.1
_ASK_S: Final = 2.0
_BLANK: Final = re.compile(r"%([A-Z_]+)%")
_TEMPLATES: Final = (
    "prometheus/prometheus.yml",
    "prometheus/rules/*.yml",
    "prometheus/alerts/*.yml",
    "alertmanager/alertmanager.yml",
)


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the two programs are installed."""

    prometheus: str
    alertmanager: str


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched, and whom to tell."""

    targets: Mapping[str, str]
    """Where the metrics of each process are read, `host:port`, by the name of its job."""
    bridge_url: str
    """Where alerts takes Alertmanager's doorbell."""
    key: str
    """A key of the role `service`, for that."""
    case_url: str
    """What a link to a case begins with."""
    grafana_url: str = "http://127.0.0.1:3000"
    runbook_url: str = (DEPLOY / "runbooks").as_uri()
    deadman_url: str | None = None
    """Where the heartbeat goes; to the bridge where there is no second channel."""


def installed() -> Programs | None:
    """Return the programs, or None where one is missing: `INSTALL` says how to get both."""
    prometheus = shutil.which("prometheus")
    alertmanager = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    return Programs(prometheus, alertmanager) if prometheus and alertmanager else None


def render(values: Mapping[str, str], into: Path) -> None:
    """Write the whole configuration into a folder, with every blank filled.

    Raises:
        KeyError: when a template asks for a value that is not there.

    """
    for pattern in _TEMPLATES:
        for template in sorted(DEPLOY.glob(pattern)):
            target = into / template.relative_to(DEPLOY)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.write_text(fill(template.read_text(encoding="utf-8"), values), "utf-8")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its blanks filled."""
    return _BLANK.sub(lambda blank: values[blank[1]], template)


def values_of(watched: Watched, ports: tuple[int, int], key_file: Path) -> dict[str, str]:
    """Return what the templates ask for."""
    by_job = {job.replace("-", "_").upper(): where for job, where in watched.targets.items()}
    return {
        **by_job,
        "PROMETHEUS": f"{HOST}:{ports[0]}",
        "ALERTMANAGER": f"{HOST}:{ports[1]}",
        "BRIDGE": watched.bridge_url,
        "DEADMAN": watched.deadman_url or watched.bridge_url,
        "KEY_FILE": str(key_file),
        "CASE_URL": watched.case_url,
        "GRAFANA_URL": watched.grafana_url,
        "RUNBOOK_URL": watched.runbook_url,
    }


def start(
    programs: Programs, watched: Watched, folder: Path, logs: Path, ports: tuple[int, int]
) -> list[Child]:
    """Start both on ports of their own, first who is told and then who tells; wait until ready.

    Raises:
        LaunchFailed: when one ends, or is not ready in time.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_file = folder / "bridge.key"
    key_file.touch(mode=0o600)
    key_file.write_text(watched.key, "utf-8")
    render(values_of(watched, ports, key_file), folder)
    started: list[Child] = []
    try:
        for name, command, port in _commands(programs, folder, ports):
            module = ["sandbox.watchers", "exec", *command]
            started.append(children.spawn(name, module, os.environ, logs / f"{name}.log"))
            wait_ready(started[-1], f"http://{HOST}:{port}/-/ready")
    except LaunchFailed:
        for child in started:
            child.stop()
        raise
    return started


def _commands(
    programs: Programs, folder: Path, ports: tuple[int, int]
) -> list[tuple[str, list[str], int]]:
    alertmanager = [
        programs.alertmanager,
        f"--config.file={folder / 'alertmanager' / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager-state'}",
        f"--web.listen-address={HOST}:{ports[1]}",
        "--cluster.listen-address=",  # one of them: nothing to gossip with
    ]
    prometheus = [
        programs.prometheus,
        f"--config.file={folder / 'prometheus' / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus-state'}",
        "--storage.tsdb.retention.time=32d",  # the longest window of a service level and a day
        f"--web.listen-address={HOST}:{ports[0]}",
    ]
    return [
        ("alertmanager", alertmanager, ports[1]),
        ("prometheus", prometheus, ports[0]),
    ]


def wait_ready(child: Child, url: str) -> None:
    """Wait until one of the two says that it is ready.

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


def main(arguments: list[str]) -> int:
    """Render the configuration, or become a program."""
    match arguments:
        case ["render", values, folder]:
            render(json.loads(Path(values).read_text(encoding="utf-8")), Path(folder))
            return 0
        case ["exec", program, *rest]:
            os.execv(program, [program, *rest])  # noqa: S606 - the launcher names it, no shell
    sys.stderr.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
