"""The folder `.data`: everything that `make run` makes, readable by its owner alone."""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sandbox.failures import LaunchFailed

LEAVING_S = 30.0
"""How long a second run waits for one that is already on its way out."""

_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths under `.data`."""

    root: Path

    @property
    def logs(self) -> Path:
        """Return where every child's log lies."""
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """Return where the embedded cluster is described."""
        return self.root / "postgres"

    @property
    def keys(self) -> Path:
        """Return the file with the keys that were shown once."""
        return self.root / "keys.json"

    @property
    def scripts_file(self) -> Path:
        """Return the file that scripts read while everything is up."""
        return self.root / "sandbox.json"

    @property
    def lock(self) -> Path:
        """Return the file that one launcher at a time holds; it names its process."""
        return self.root / "launcher.pid"

    def of_city(self, name: str) -> Path:
        """Return where one city's memory and its bank's journal lie, made if missing."""
        path = self.root / f"city-{name}"
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def log(self, name: str) -> Path:
        """Return the log of one child."""
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Make what is missing, closed to everyone else."""
        for path in (self.root, self.logs):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        self.scripts_file.unlink(missing_ok=True)


def write_whole(path: Path, content: Any) -> None:  # noqa: ANN401 - any JSON
    """Write JSON beside the file and rename it: readers see all of it or none, mode 0600."""
    beside = path.with_name(f"{path.name}.next")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
        file.write("\n")
    beside.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file of ours holds; nothing where there is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content


def take_lock(folder: Folder) -> IO[str]:
    """Hold the folder for this launcher, or say who holds it.

    Raises:
        LaunchFailed: when another launcher is up.

    """
    folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder.lock.open("a+", encoding="utf-8")
    deadline = time.monotonic() + LEAVING_S
    while not _try_lock(file):
        if folder.scripts_file.exists() or time.monotonic() > deadline or not _is_leaving(file):
            file.close()
            pid = holder(folder)
            message = f"Yike already runs here (process {pid}): `make stop` stops it."
            raise LaunchFailed(message)
        time.sleep(_POLL_S)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def say_leaving(lock: IO[str]) -> None:
    """Note behind the process id that this launcher is on its way out."""
    lock.write(" leaving")
    lock.flush()


def holder(folder: Folder) -> int | None:
    """Return the process that holds the folder, if one does."""
    try:
        with folder.lock.open("r+", encoding="utf-8") as file:
            if _try_lock(file):
                return None
            words = file.read().split()
            return int(words[0]) if words else None
    except FileNotFoundError:
        return None


def _is_leaving(file: IO[str]) -> bool:
    file.seek(0)
    return "leaving" in file.read()


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
