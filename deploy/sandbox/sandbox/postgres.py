"""An embedded PostgreSQL 18: one call starts it, one stops it, one removes every trace.

The server is a child of the caller and never outlives it: on Linux the kernel sends it
SIGINT, a fast and clean shutdown, when the thread that started it ends, so `start` belongs
on the main thread.
It listens on 127.0.0.1 alone, with a generated password, and has no Unix socket.

`folder` holds `cluster.json` (password, port, place) and the log, readable by their owner
alone; the cluster lies beside them or, as root, under `/var/lib/yike`.
Written for Linux and macOS; on macOS untested.
"""

import contextlib
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import quote

from sandbox.postgres_account import (
    Account,
    PostgresUnavailable,
    find_account,
    find_binaries,
    find_home,
)
from sandbox.postgres_children import children_of, is_alive, is_postgres

__all__ = ["Cluster", "PostgresUnavailable", "Server", "remove", "start"]

PORT = 54_329
"""First port tried: nobody's default, so that a system PostgreSQL is left alone."""

_PORTS_TRIED = 200
_INITDB_S = 120.0
_READY_S = 120.0  # crash recovery of a large write-ahead log counts towards it
_LEAVING_S = 10.0  # a server whose parent was killed shuts down by itself
_STOP_S = 60.0  # the last checkpoint of a large cluster counts towards it
_POLL_S = 0.01
_TAIL_LINES = 15

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "idle_in_transaction_session_timeout": "5min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    # A failed statement's text and the values of a violated key stay out of the log:
    # they may hold people's names.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_DURABLE: Mapping[str, str] = {"fsync": "on", "synchronous_commit": "on"}
_UNSAFE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "5min",
}

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
        _wait(lambda: not any(is_alive(pid) for pid in family), _STOP_S)

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()


def start(
    folder: Path,
    *,
    durable: bool = True,
    port: int | None = None,
    log: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Server:
    """Start the cluster of `folder` and wait until it takes connections; make it when new.

    Args:
        folder: where `cluster.json` lies; made when missing.
        durable: false turns fsync and synchronous commit off, for tests that may lose all.
        port: the port to try first; a taken one gives way to the next free one.
        log: the server's log; `folder/postgres.log` by default.
        settings: PostgreSQL settings that go over the built-in ones.

    Raises:
        PostgresUnavailable: with a sentence that says what to do.

    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = log or folder / "postgres.log"
    account = find_account()
    binaries = find_binaries(account)
    cluster = _open(folder, find_home(folder, account), durable=durable, port=port)
    if not cluster.home.is_dir():
        _create(cluster, account, binaries)
    _clear_stale_lock(cluster)
    chosen = {**_SETTINGS, **(_DURABLE if durable else _UNSAFE), **(settings or {})}
    for free in _free_ports(cluster.port):
        server = _spawn(replace(cluster, port=free), account, binaries, log=log, settings=chosen)
        if server is not None:
            _remember(server.cluster)
            return server
    message = f"No free port for PostgreSQL from {cluster.port} on."
    raise PostgresUnavailable(message)


def remove(folder: Path) -> None:
    """Delete a stopped cluster and everything that `start` made for it."""
    home = find_home(folder, find_account())
    postmaster = _postmaster(home)
    if postmaster is not None and is_postgres(postmaster, home):
        message = f"PostgreSQL still runs on {home} (process {postmaster}): `make stop` first."
        raise PostgresUnavailable(message)
    for path in (home, _aside(home), _unclaimed(home), folder):
        if path.exists():
            shutil.rmtree(path)


def _open(folder: Path, home: Path, *, durable: bool, port: int | None) -> Cluster:
    """Read what is known of the cluster, or choose a password for a new one."""
    path = folder / "cluster.json"
    try:
        known = json.loads(path.read_text())
        return Cluster(folder, home, port or known["port"], known["password"], durable)
    except FileNotFoundError:
        pass
    except (ValueError, KeyError) as error:
        message = f"{path} cannot be read: `make reset` starts over."
        raise PostgresUnavailable(message) from error
    if home.exists():  # nobody knows its password any more: keep it, out of the way
        shutil.rmtree(_unclaimed(home), ignore_errors=True)
        home.rename(_unclaimed(home))
    cluster = Cluster(folder, home, port or PORT, secrets.token_urlsafe(24), durable)
    _remember(cluster)
    return cluster


def _remember(cluster: Cluster) -> None:
    """Write `cluster.json` whole or not at all, readable by its owner alone."""
    known = asdict(cluster) | {"folder": str(cluster.folder), "home": str(cluster.home)}
    with tempfile.NamedTemporaryFile("w", dir=cluster.folder, delete=False) as file:
        json.dump(known, file, indent=2)  # made with mode 0600
    Path(file.name).replace(cluster.folder / "cluster.json")


def _create(cluster: Cluster, account: Account, binaries: Path) -> None:
    """Run `initdb` aside and rename, so that a half-made cluster is never started."""
    aside = _aside(cluster.home)
    shutil.rmtree(aside, ignore_errors=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    aside.mkdir(mode=0o700)
    account.own(aside)
    with tempfile.NamedTemporaryFile("w", dir=aside.parent) as secret:
        secret.write(cluster.password + "\n")
        secret.flush()
        account.own(Path(secret.name))
        command = [str(binaries / "initdb"), "-D", str(aside), "-U", "postgres"]
        command += ["-A", "scram-sha-256", f"--pwfile={secret.name}", "-E", "UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if cluster.durable else ["--no-sync"]
        made = account.run(command, timeout_s=_INITDB_S)
    if made.returncode != 0:
        message = f"initdb failed: {made.stderr.strip() or made.stdout.strip()}"
        raise PostgresUnavailable(message)
    aside.rename(cluster.home)


def _spawn(
    cluster: Cluster, account: Account, binaries: Path, *, log: Path, settings: Mapping[str, str]
) -> Server | None:
    """Start one child and wait until it is ready; None when its port was taken meanwhile."""
    command = [str(binaries / "postgres"), "-D", str(cluster.home), "-p", str(cluster.port)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    begin = log.stat().st_size if log.exists() else 0
    child = account.spawn(command, log=log, prepare=_follow_parent(os.getpid()))
    if _wait(lambda: child.poll() is not None or _is_ready(cluster.home, child.pid), _READY_S):
        if child.poll() is None:
            return Server(cluster, child, log)
    else:
        child.kill()
        child.wait()
    with log.open("rb") as file:
        file.seek(begin)
        said = file.read().decode(errors="replace")
    if "Address already in use" in said:
        return None
    tail = "\n".join(said.splitlines()[-_TAIL_LINES:])
    message = f"PostgreSQL did not start on {cluster.home}. Its log {log} ends:\n{tail}"
    raise PostgresUnavailable(message)


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


def _clear_stale_lock(cluster: Cluster) -> None:
    """Let a server that is on its way down end; drop the lock file of one that crashed.

    PostgreSQL does the second by itself, except where another process has its old number.
    """
    postmaster = _postmaster(cluster.home)
    if postmaster is None:
        return
    if not _wait(lambda: not is_postgres(postmaster, cluster.home), _LEAVING_S):
        message = f"PostgreSQL already runs on {cluster.home} (process {postmaster})."
        raise PostgresUnavailable(message)
    (cluster.home / "postmaster.pid").unlink(missing_ok=True)


def _postmaster(home: Path) -> int | None:
    """Return the process id that the cluster's lock file names, if any."""
    try:
        return int((home / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _free_ports(first: int) -> Iterator[int]:
    """Yield ports from `first` on that nobody listens on at 127.0.0.1."""
    for port in range(first, first + _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


def _wait(is_done: Callable[[], bool], limit_s: float) -> bool:
    """Poll until something is so, or the limit is over; return whether it became so."""
    deadline = time.monotonic() + limit_s
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _aside(home: Path) -> Path:
    return home.with_name(home.name + ".unfinished")


def _unclaimed(home: Path) -> Path:
    return home.with_name(home.name + ".unclaimed")
