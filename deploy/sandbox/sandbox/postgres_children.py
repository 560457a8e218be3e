"""Which processes belong to a PostgreSQL server: from `/proc`, or from `ps` without it.

A server's children each lead a session of their own, so no signal to a process group
reaches them all.
"""

import subprocess
from pathlib import Path

_PROC = Path("/proc")


def children_of(pid: int) -> list[int]:
    """Return the direct children of a process."""
    return [child for child, (parent, _) in _snapshot().items() if parent == pid]


def is_listed(pid: int) -> bool:
    """Whether the system knows a process by this number, be it only one that has ended."""
    return pid in _snapshot()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not collected does not."""
    return _snapshot().get(pid, (0, "Z"))[1] != "Z"


def is_postgres(pid: int, home: Path) -> bool:
    """Whether a live process is the server of this very cluster, not a reuser of its number."""
    if not is_alive(pid):
        return False
    command = _command(pid)
    return "postgres" in command and str(home) in command


def _snapshot() -> dict[int, tuple[int, str]]:
    """Return every process with its parent and its state's letter."""
    if not (_PROC / "self" / "stat").exists():
        return _snapshot_by_ps()
    found: dict[int, tuple[int, str]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:  # it ended while we looked
                continue
            found[int(folder.name)] = (int(parent), state)
    return found


def _snapshot_by_ps() -> dict[int, tuple[int, str]]:
    found: dict[int, tuple[int, str]] = {}
    for line in _ps("-A", "-o", "pid=,ppid=,state=").splitlines():
        pid, parent, state = line.split()
        found[int(pid)] = (int(parent), state[0])
    return found


def _command(pid: int) -> str:
    """Return a process's command line; empty when it may not be read."""
    if not (_PROC / "self" / "stat").exists():
        return _ps("-p", str(pid), "-o", "command=")
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _ps(*arguments: str) -> str:
    return subprocess.run(  # noqa: S603 - fixed arguments, no shell
        ["/bin/ps", *arguments], capture_output=True, text=True, check=False
    ).stdout
