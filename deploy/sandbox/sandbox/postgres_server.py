"""One running `postgres`: how it is started, told to be ready, stopped and killed."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from sandbox.postgres_account import Account, PostgresUnavailable
from sandbox.postgres_children import children_of, is_alive

PORTS_TRIED = 200

_READY_S = 120.0  # crash recovery of a large write-ahead log counts towards it
_STOP_S = 60.0  # the last checkpoint of a large cluster counts towards it
_ORPHANS_S = 10.0
_ORPHANS_POLL_S = 0.1
_POLL_S = 0.01
_TAIL_LINES = 15

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a cluster lies and how to run it."""

    folder: Path
    home: Path
    port: int
    password: str
    durable: bool

    @property
    def url(self) -> str:
        """The superuser's URL of the maintenance database."""
        return f"postgresql://postgres:{quote(self.password)}@127.0.0.1:{self.port}/postgres"


class Server:
    """A running `postgres`, child of this process."""

    def __init__(self, cluster: Cluster, child: subprocess.Popen[bytes], log: Path) -> None:
        """Take over a child that has said that it is ready."""
        self.cluster = cluster
        self.log = log
        self._child = child

    @property
    def url(self) -> str:
        """The superuser's URL of the maintenance database."""
        return self.cluster.url

    @property
    def pid(self) -> int:
        """The process id of the server's parent process, the postmaster."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether the server still runs."""
        return self._child.poll() is None

    def stop(self) -> None:
        """Shut down cleanly: open transactions are rolled back, everything is written."""
        if not self.is_running:
            return
        self._child.send_signal(signal.SIGINT)
        try:
            self._child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._child.send_signal(signal.SIGQUIT)  # the next start recovers from the log
            self._child.wait()

    def kill(self) -> None:
        """End the server and all its children with SIGKILL, as a crash would."""
        if not self.is_running:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGSTOP)  # no child is born while they are counted
        family = children_of(self.pid)
        for pid in (self.pid, *family):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._child.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in family), _STOP_S)

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()


def spawn(
    cluster: Cluster, account: Account, binaries: Path, *, log: Path, settings: Mapping[str, str]
) -> Server | None:
    """Start one child and wait until it is ready; None when its port was taken meanwhile."""
    command = [str(binaries / "postgres"), "-D", str(cluster.home), "-p", str(cluster.port)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    deadline = time.monotonic() + _ORPHANS_S
    while True:
        begin = log.stat().st_size if log.exists() else 0
        child = account.spawn(command, log=log, prepare=_follow_parent(os.getpid()))
        if _becomes_ready(child, cluster.home):
            return Server(cluster, child, log)
        with log.open("rb") as file:
            file.seek(begin)
            said = file.read().decode(errors="replace")
        if "Address already in use" in said:
            return None
        if "pre-existing shared memory block" not in said or time.monotonic() > deadline:
            tail = "\n".join(said.splitlines()[-_TAIL_LINES:])
            message = f"PostgreSQL did not start on {cluster.home}. Its log {log} ends:\n{tail}"
            raise PostgresUnavailable(message)
        time.sleep(_ORPHANS_POLL_S)  # a crashed server's children have not all noticed yet


def _becomes_ready(child: subprocess.Popen[bytes], home: Path) -> bool:
    """Wait until a child takes connections; end one that takes too long."""
    wait_until(lambda: child.poll() is not None or _is_ready(home, child.pid), _READY_S)
    if child.poll() is None and not _is_ready(home, child.pid):
        child.kill()
        child.wait()
    return child.poll() is None


def _follow_parent(parent: int) -> Callable[[], None]:
    """Return what a child does before `exec`: a group of its own, and no life of its own."""

    def prepare() -> None:
        os.setpgid(0, 0)  # Ctrl-C at the terminal is for the launcher, which stops in order
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT))
            if os.getppid() != parent:  # the parent died before the line above
                os._exit(1)

    return prepare


def _is_ready(home: Path, pid: int) -> bool:
    """Whether `postmaster.pid` says that this very server takes connections."""
    try:
        lines = (home / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004


def free_ports(first: int) -> Iterator[int]:
    """Yield ports from `first` on that nobody listens on at 127.0.0.1."""
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


def wait_until(is_done: Callable[[], bool], limit_s: float) -> bool:
    """Poll until something is so, or the limit is over; return whether it became so."""
    deadline = time.monotonic() + limit_s
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
