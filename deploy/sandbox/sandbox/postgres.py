"""An embedded PostgreSQL 18: one call starts it, one stops it, one removes every trace.

The server is a child of the caller and never outlives it: on Linux the kernel sends it
SIGINT, a fast and clean shutdown, when the thread that started it ends, so `start` belongs
on the main thread.
It listens on 127.0.0.1 alone, with a generated password, and has no Unix socket.

`folder` holds `cluster.json` (password, port, place) and the log, readable by their owner
alone; the cluster lies beside them or, as root, under `/var/lib/yike`.
Written for Linux and macOS; on macOS untested.
"""

import json
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from sandbox.postgres_account import (
    Account,
    PostgresUnavailable,
    find_account,
    find_binaries,
    find_home,
)
from sandbox.postgres_children import is_listed, is_postgres
from sandbox.postgres_server import Cluster, Server, free_ports, spawn, wait_until

__all__ = ["Cluster", "PostgresUnavailable", "Server", "remove", "start"]

PORT = 54_329
"""First port tried: nobody's default, so that a system PostgreSQL is left alone."""

_INITDB_S = 120.0
_LEAVING_S = 10.0  # a server whose parent was killed shuts down by itself

_NOBODYS_PID = 2**31 - 1  # above what any system hands out

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
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
    for free in free_ports(cluster.port):
        server = spawn(replace(cluster, port=free), account, binaries, log=log, settings=chosen)
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
    if account.uid is not None:
        aside.parent.chmod(0o755)  # whatever root's umask: the account must pass through
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


def _clear_stale_lock(cluster: Cluster) -> None:
    """Let a server that is on its way down end; unmask a crashed one that still seems to live.

    A crashed server's lock file stays in place: PostgreSQL itself recognises it as stale, and
    learns from it whether a child of the crashed server still has the files open.
    It only cannot tell when an unrelated process has got the crashed server's number, or
    nobody has collected the dead server yet, as in containers whose first process never does.
    """
    postmaster = _postmaster(cluster.home)
    if postmaster is None:
        return
    if not wait_until(lambda: not is_postgres(postmaster, cluster.home), _LEAVING_S):
        message = f"PostgreSQL already runs on {cluster.home} (process {postmaster})."
        raise PostgresUnavailable(message)
    lock = cluster.home / "postmaster.pid"
    if is_listed(postmaster) and lock.exists():
        _, _, rest = lock.read_text().partition("\n")
        lock.write_text(f"{_NOBODYS_PID}\n{rest}")


def _postmaster(home: Path) -> int | None:
    """Return the process id that the cluster's lock file names, if any."""
    try:
        return int((home / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _aside(home: Path) -> Path:
    return home.with_name(home.name + ".unfinished")


def _unclaimed(home: Path) -> Path:
    return home.with_name(home.name + ".unclaimed")
