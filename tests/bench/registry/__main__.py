"""`python -m tests.bench.registry`: measure mirroring, write `registry.md` and `.json`."""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import openpyxl

from escrow import migrations as escrow
from registry_sync import migrations as registry
from sandbox import children, postgres
from tests.bench import hardware, loadgen
from tests.bench.loadgen import Load
from tests.bench.service import free_port, wait_until_ready
from tests.support.postgres import at_database, create_database, run_sql

ROOT: Final = Path(__file__).parents[3]
LOOKUPS: Final = 500
"""Look-ups a second, in open loop."""

TARGETS: Final = {
    "full": ("a whole register, from an empty mirror", 30.0, 400),
    "delta": ("a delta of 1,000 changes", 2.0, 400),
    "preview": ("a workbook to its preview", 10.0, 400),
}


def main() -> int:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.registry", description=__doc__)
    parser.add_argument("--institutions", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=20, help="of looking up")
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results")
    asked = parser.parse_args()
    found = _play(asked)
    asked.results.mkdir(parents=True, exist_ok=True)
    (asked.results / "registry.json").write_text(json.dumps(found, indent=2) + "\n")
    (asked.results / "registry.md").write_text(_page(found))
    sys.stdout.write(_page(found))
    return 0


def _play(asked: argparse.Namespace) -> dict[str, Any]:
    folder = ROOT / ".data" / "bench-registry"
    folder.mkdir(parents=True, exist_ok=True)
    postgres.remove(folder / "cluster")
    with postgres.start(folder / "cluster", durable=True) as server:
        create_database(server.url, "mirror")
        owner = at_database(server.url, "mirror")
        escrow.migrate(owner)
        registry.migrate(owner)
        env = {**os.environ, "REGISTRY_DATABASE_URL": registry.service_url(owner)}
        found = _mirrored(asked, owner, env, folder)
    postgres.remove(folder / "cluster")
    found["institutions"] = asked.institutions
    found["hardware"] = hardware.hardware()
    return found


def _mirrored(
    asked: argparse.Namespace, owner: str, env: dict[str, str], folder: Path
) -> dict[str, Any]:
    with _platform(asked.institutions, folder) as url:
        key = httpx.get(f"{url}/desk/key", timeout=60).json()["public_key"]
        httpx.get(f"{url}/manifest", timeout=120)
        found: dict[str, Any] = {"full": _child(env, "sync", url, key)}
        _say(f"a whole register: {found['full']}")
        _change(url, asked.changes)
        found["delta"] = _child(env, "sync", url, key)
        _say(f"a delta: {found['delta']}")
        workbook = folder / "white_list.xlsx"
        _write_workbook(url, workbook, asked.institutions)
    found["preview"] = _child(env, "preview", str(workbook))
    _say(f"a workbook: {found['preview']}")
    run_sql(owner, "VACUUM (ANALYZE)")
    found["lookup"] = _look_up(asked, owner, env, folder)
    _say(f"look-ups: {found['lookup']}")
    return found


@contextmanager
def _platform(institutions: int, folder: Path) -> Iterator[str]:
    port = free_port()
    module = ["sandbox", "platform", "--port", str(port), "--institutions", str(institutions)]
    child = children.spawn("platform", module, dict(os.environ), folder / "platform.log")
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            child.check()
            try:
                if httpx.get(f"{url}/healthz", timeout=5).is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        child.stop()


def _child(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.registry.mirroring", *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _change(url: str, number: int) -> None:
    """Rename so many sites at the platform: a change that no safeguard minds."""
    with httpx.Client(base_url=url, timeout=120) as desk:
        known = desk.get("/desk/institutions", params={"limit": number}).json()["items"]
        items = [
            {"uscc": one["uscc"], "licenceNo": one["licenceNo"], "orgName": f"{one['orgName']}分校"}
            for one in known
        ]
        for at in range(0, len(items), 500):
            desk.post("/desk/change", json={"items": items[at : at + 500]}).raise_for_status()


def _write_workbook(url: str, path: Path, rows: int) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("白名单")
    sheet.append(["示例市校外培训机构白名单"])
    sheet.append(["机构名称", "统一社会信用代码", "办学许可证号", "有效期至", "状态"])
    with httpx.Client(base_url=url, timeout=120) as desk:
        known = desk.get("/desk/institutions", params={"limit": 1_000}).json()["items"]
    chance = random.Random(7)
    for number in range(rows):
        one = known[number % len(known)]
        until = f"20{chance.randrange(27, 35)}年12月31日"
        sheet.append([one["orgName"], one["uscc"], f"L{number:09d}", until, "正常"])
    book.save(path)


def _look_up(
    asked: argparse.Namespace, owner: str, env: dict[str, str], folder: Path
) -> dict[str, Any]:
    names = [
        row["institution_id"]
        for row in run_sql(owner, "SELECT institution_id FROM registry.institution LIMIT 50000")
    ]
    chance = random.Random(7)
    port = free_port()
    path = folder / "lookups"
    loadgen.write_requests(
        path,
        (
            f"GET /v1/institutions/{chance.choice(names)} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
            for _ in range(LOOKUPS * asked.seconds)
        ),
    )
    more = {
        "REGISTRY_PORT": str(port),
        "REGISTRY_METRICS_PORT": "0",
        "REGISTRY_ENVIRONMENT": "test",
        "REGISTRY_PUBLIC_RATE": "0",
        "REGISTRY_LOG_LEVEL": "warning",
    }
    log = folder / "registry.log"
    child = children.spawn("registry serve", ["registry_sync", "serve"], {**env, **more}, log)
    try:
        wait_until_ready(child, port)
        asyncio.run(_warm(port, names[0]))
        with loadgen.start(path, Load(port, 32, asked.seconds, LOOKUPS)) as generator:
            printed, _ = generator.communicate()
    finally:
        child.stop()
        path.unlink()
    tally = loadgen.tally_of(printed)
    return {
        "statuses": tally.statuses,
        "per_s": int(sum(tally.statuses.values()) / tally.seconds),
        "p50_ms": tally.p50_ms,
        "p99_ms": tally.p99_ms,
    }


async def _warm(port: int, name: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(50):
            (await client.get(f"/v1/institutions/{name}")).raise_for_status()


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _page(found: dict[str, Any]) -> str:
    lines = [
        "# Mirroring, as measured",
        "",
        "Written by `make bench-registry`; platform, mirror, PostgreSQL (durable commits) and load",
        f"share the processors named below. {found['institutions']:,} institutions.",
        "",
        "| Case | Seconds | Reach | Peak memory MB | Reach |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, (title, seconds, memory) in TARGETS.items():
        one = found[name]
        lines.append(
            f"| {title} | {one['seconds']:.1f} | {seconds:.0f} | {one['peak_mb']} | {memory} |"
        )
    look = found["lookup"]
    lines += [
        "",
        f"Looking up at {LOOKUPS} requests a second: {look['per_s']} answered a second.",
        f"p50 {look['p50_ms']:.1f} ms, p99 **{look['p99_ms']:.1f} ms** (reach 20 ms).",
        f"Statuses: {json.dumps(look['statuses'])}.",
        "",
        *(f"- {name}: {value}" for name, value in found["hardware"].items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
