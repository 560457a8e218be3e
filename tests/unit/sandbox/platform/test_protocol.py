"""The protocol that a mirror reads: hashes, counts, signature, ranges, deltas, versions."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.platform import releases
from tests.support.platform import OpenPlatform, Reader, Site


def _by_key(sites: Iterable[Site]) -> dict[tuple[str, str], Site]:
    return {(site["uscc"], site["licenceNo"]): site for site in sites}


async def test_every_file_is_what_the_manifest_says(reader: Reader) -> None:
    rows = await reader.full()
    assert len(rows) == 60
    assert set(rows[0]) == {
        *("uscc", "licenceNo", "orgName", "regionCode", "orgType", "orgStatus", "hasLicence"),
        *("hasRegistration", "licenceValidTo", "whiteList", "blackList", "address", "changedOn"),
    }


async def test_the_manifest_says_whence_and_until_when(reader: Reader) -> None:
    manifest = await reader.manifest()
    assert manifest["source"] == "national"
    assert manifest["schema_version"] == 1
    assert manifest["update_cadence_s"] == 3_600
    as_of, valid_until = (datetime.fromisoformat(manifest[n]) for n in ("as_of", "valid_until"))
    assert valid_until - as_of == timedelta(days=1)


async def test_the_signature_fits_this_manifest_and_no_other(reader: Reader) -> None:
    manifest = await reader.manifest()
    assert await reader.is_signed(manifest)
    assert not await reader.is_signed({**manifest, "version": manifest["version"] + 1})


async def test_a_manifest_seen_before_is_304_until_there_is_another(reader: Reader) -> None:
    first = await reader.http.get("/manifest")
    seen = {"If-None-Match": f'"other", W/{first.headers["ETag"]}'}
    again = await reader.http.get("/manifest", headers=seen)
    assert (again.status_code, again.content) == (304, b"")
    await reader.publish()
    assert (await reader.http.get("/manifest", headers=seen)).status_code == 200


async def test_the_manifest_is_stamped_anew_once_per_cadence(reader: Reader) -> None:
    first = await reader.manifest()
    await reader.http.put("/desk/clock", json={"offset_s": 3_700})
    second = await reader.manifest()
    assert second["as_of"] > first["as_of"]
    assert second["version"] == first["version"]
    assert await reader.is_signed(second)


async def _part(reader: Reader) -> dict[str, Any]:
    part: dict[str, Any] = (await reader.manifest())["full"]["parts"][0]
    return part


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=100-199", 100, 200), ("bytes=100-", 100, None), ("bytes=-50", -50, None)],
)
async def test_a_broken_download_goes_on(
    reader: Reader, asked: str, start: int, stop: int | None
) -> None:
    url = (await _part(reader))["url"]
    whole = await reader.http.get(url)
    assert whole.headers["Accept-Ranges"] == "bytes"
    ranged = await reader.http.get(url, headers={"Range": asked, "If-Range": whole.headers["ETag"]})
    assert ranged.status_code == 206
    assert ranged.content == whole.content[start:stop]
    assert ranged.headers["Content-Range"].endswith(f"/{len(whole.content)}")


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=5-", "If-Range": '"another file"'},
        {"Range": "bytes=9-3"},
        {"Range": "bytes=-"},
        {"Range": "pages=1-2"},
    ],
)
async def test_a_range_that_does_not_apply_gets_the_whole(
    reader: Reader, headers: dict[str, str]
) -> None:
    part = await _part(reader)
    answer = await reader.http.get(part["url"], headers=headers)
    assert (answer.status_code, len(answer.content)) == (200, part["bytes"])


async def test_a_range_behind_the_end_is_416(reader: Reader) -> None:
    part = await _part(reader)
    answer = await reader.http.get(part["url"], headers={"Range": f"bytes={part['bytes']}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{part['bytes']}"


async def test_deltas_compose_to_the_full(reader: Reader) -> None:
    rows = await reader.full()
    mirrored = _by_key(rows)
    await reader.change({"uscc": rows[0]["uscc"], "orgName": "示例改名学校"})
    await reader.change({"uscc": rows[1]["uscc"], "orgStatus": "吊销"}, {"uscc": rows[2]["uscc"]})
    await reader.publish()
    await reader.change({"uscc": "91320106MA1ABCDE16", "orgName": "示例后来学校"})
    await reader.turn(mass_revoke=7)
    await reader.turn()
    manifest = await reader.manifest()
    assert [(d["from"], d["to"]) for d in manifest["deltas"]] == [(n, n + 1) for n in range(17, 23)]
    for delta in manifest["deltas"]:
        mirrored |= _by_key(json.loads(line) for line in await reader.lines(delta))
    assert mirrored == _by_key(await reader.full())
    assert len(mirrored) == 61


async def test_versions_only_ever_grow(reader: Reader) -> None:
    numbers = [(await reader.manifest())["version"]]
    row = (await reader.full())[0]
    for status in ("停业", "正常", "停业"):
        counts = await reader.change({"uscc": row["uscc"], "orgStatus": status})
        numbers += [counts["version"]]
    await reader.turn(half=True)
    numbers.append((await reader.manifest())["version"])
    await reader.http.delete("/desk/faults")
    numbers.append(await reader.publish())
    assert numbers == sorted(set(numbers))


async def test_a_version_with_nothing_new_has_an_empty_delta(reader: Reader) -> None:
    await reader.publish()
    assert await reader.newest_delta() == []


async def test_a_change_of_one_site_rewrites_one_part(
    open_platform: OpenPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "PART_SITES", 25)
    reader = open_platform()
    before = (await reader.manifest())["full"]["parts"]
    row = (await reader.full())[30]
    await reader.change({"uscc": row["uscc"], "licenceNo": row["licenceNo"], "blackList": "1"})
    after = (await reader.manifest())["full"]["parts"]
    assert [part["count"] for part in after] == [25, 25, 10]
    same = [a["sha256"] == b["sha256"] for a, b in zip(before, after, strict=True)]
    assert same == [True, False, True]


async def test_a_list_that_grows_begins_another_part(
    open_platform: OpenPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "PART_SITES", 30)
    reader = open_platform()
    await reader.change({"uscc": "91320106MA1ABCDE16"})
    assert [p["count"] for p in (await reader.manifest())["full"]["parts"]] == [30, 30, 1]


async def test_what_is_no_longer_kept_is_410_and_what_never_was_is_404(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "KEPT_DELTAS", 3)
    for _ in range(6):
        await reader.publish()
    kept = [(d["from"], d["to"]) for d in (await reader.manifest())["deltas"]]
    assert kept == [(20, 21), (21, 22), (22, 23)]
    answers = {
        "/full/17/0": 410,
        "/full/19/0": 200,
        "/full/23/0": 200,
        "/full/23/9": 410,
        "/full/99/0": 404,
        "/delta/17-18": 410,
        "/delta/98-99": 404,
    }
    for path, status in answers.items():
        assert (await reader.http.get(path)).status_code == status, path


async def test_the_same_seed_gives_the_same_bytes(open_platform: OpenPlatform) -> None:
    one, same, other = open_platform(), open_platform(), open_platform(seed=8)
    hashes = [(await r.manifest())["full"]["parts"][0]["sha256"] for r in (one, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
