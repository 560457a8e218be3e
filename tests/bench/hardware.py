"""On what, with what and under which settings was measured."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

import asyncpg

from tests.bench.service import LOG_LEVEL

_PACKAGES: Final = ("asyncpg", "uvicorn", "uvloop", "httptools", "fastapi", "pydantic")
_SETTINGS: Final = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_compression",
    "wal_level",
    "commit_delay",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "autovacuum",
    "jit",
)


def hardware() -> dict[str, str]:
    """Describe the machine."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{_memory_gb()} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def software(root: Path) -> dict[str, str]:
    """Name the versions and the revision measured."""
    return {
        "revision": _revision(root),
        "Python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "load generator": "wrk, one thread" if shutil.which("wrk") else "tests.bench.loadgen",
        "service": f"one process, one event loop, ESCROW_LOG_LEVEL={LOG_LEVEL}",
    }


async def settings(url: str) -> dict[str, str]:
    """Read the server's settings that matter here."""
    connection = await asyncpg.connect(url)
    try:
        return {name: await connection.fetchval(f"SHOW {name}") for name in _SETTINGS}
    finally:
        await connection.close()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else "unknown"


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _revision(root: Path) -> str:
    def git(*words: str) -> str:
        ended = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        )
        return ended.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "services", "shared")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" and changes" if changed else "")
