"""The launcher's children: each with its log, its own group, and none that outlives it.

On Linux the kernel stops a child whose launcher dies, even by `kill -9`; the launcher must
start them from its main thread for that.
"""

import contextlib
import ctypes
import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.failures import LaunchFailed
from sandbox.postgres_children import children_of

STOP_S = 30.0
"""How long a child may take to finish what it has in hand before it is killed."""

COMMAND_S = 180.0
"""Longest run of a command that ends by itself: a migration, a verification."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Child:
    """One process that should stay up."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen
        self._is_asked = False

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        """Whether the process still runs."""
        return self._popen.poll() is None

    def pids(self) -> list[int]:
        """Return the process and its own children."""
        return [self.pid, *children_of(self.pid)]

    def check(self) -> None:
        """Make sure that the process runs.

        Raises:
            LaunchFailed: when it has ended.

        """
        if not self.is_running:
            code = self._popen.returncode
            how = f"by signal {-code}" if code < 0 else f"with exit status {code}"
            message = f"`{self.name}` ended {how}. Its log says why: {self.log}"
            raise LaunchFailed(message, self.log)

    def ask_to_end(self) -> None:
        """Ask the process to end, once, and do not wait for it."""
        if self.is_running and not self._is_asked:
            self._is_asked = True
            self._popen.terminate()

    def stop(self) -> None:
        """Ask the process to end, and end it if it does not."""
        self.ask_to_end()
        if not self.is_running:
            return
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._popen.wait()


def spawn(name: str, module: Sequence[str], env: Mapping[str, str], log: Path) -> Child:
    """Start `python -m <module>` with its output in a log."""
    parent = os.getpid()

    def die_with_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

    with _open_log(log) as output:
        popen = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", *module],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C reaches the launcher alone, which stops them in order
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one thread, nothing locked
        )
    return Child(name, popen, log)


def run(
    name: str,
    module: Sequence[str],
    env: Mapping[str, str],
    log: Path,
    within_s: float = COMMAND_S,
) -> str:
    """Run `python -m <module>` to its end and return what it printed.

    Raises:
        LaunchFailed: when it ended badly; its errors are in the log.

    """
    code, printed = attempt(module, env, log, within_s)
    if code != 0:
        message = f"`{name}` failed with exit status {code}. Its log: {log}"
        raise LaunchFailed(message, log)
    return printed


def attempt(
    module: Sequence[str], env: Mapping[str, str], log: Path, within_s: float = COMMAND_S
) -> tuple[int, str]:
    """Run `python -m <module>` to its end; return its exit status and what it printed."""
    with _open_log(log) as errors:
        ended = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", *module],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            timeout=within_s,
            check=False,
        )
        if ended.returncode != 0:
            errors.write(ended.stdout)
    return ended.returncode, ended.stdout.decode(errors="replace")


def _open_log(log: Path) -> io.FileIO:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return io.FileIO(descriptor, "ab")
