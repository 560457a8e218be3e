"""Every fault switch shows its effect, and no other."""

import asyncio
import gzip
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from stdnum.cn import uscc

from sandbox.platform.faults import WHEN_TRUE, Fault, Faults
from sandbox.platform.manifest import FOREIGN_HOST
from sandbox.platform.releases import BOMB_BYTES
from sandbox.platform.spoiling import DRIFTED_COLUMN, UNKNOWN_STATUS
from shared.time import wall_clock
from tests.support.platform import Reader, Site


async def _first_part(reader: Reader) -> dict[str, Any]:
    part: dict[str, Any] = (await reader.manifest())["full"]["parts"][0]
    return part


async def _counted(reader: Reader, is_struck: Callable[[Site], bool]) -> int:
    return sum(map(is_struck, await reader.full()))


def _revoked(row: Site) -> bool:
    return bool(row["orgStatus"] == "吊销")


# Answers.


async def test_server_error_spoils_what_is_read_and_never_the_desk(reader: Reader) -> None:
    part = await _first_part(reader)
    await reader.turn(server_error=True)
    for path in ("/manifest", part["url"], "/delta/17-18"):
        assert (await reader.http.get(path)).status_code == 500
    assert (await reader.http.get("/desk/report")).json()["faults_struck"] == {"server_error": 3}


async def test_silent_never_answers(reader: Reader) -> None:
    await reader.turn(silent=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reader.http.get("/manifest")


async def test_truncated_breaks_off_half_way_and_going_on_does_not_help(reader: Reader) -> None:
    part = await _first_part(reader)
    await reader.turn(truncated=True)
    answer = await reader.http.get(part["url"])
    assert int(answer.headers["Content-Length"]) == part["bytes"]
    assert len(answer.content) == part["bytes"] // 2
    ranged = {"Range": f"bytes={len(answer.content)}-"}
    assert (await reader.http.get(part["url"], headers=ranged)).content == b""


async def test_a_download_truncated_now_and_then_can_go_on(reader: Reader) -> None:
    whole = (await reader.http.get((part := await _first_part(reader))["url"])).content
    await reader.turn(truncated=0.5, seed=3)
    content = b""
    for _ in range(20):
        content += (
            await reader.http.get(part["url"], headers={"Range": f"bytes={len(content)}-"})
        ).content
        if len(content) == len(whole):
            break
    assert content == whole


async def test_gone_deltas_are_410_though_the_manifest_names_them(reader: Reader) -> None:
    await reader.publish()
    await reader.turn(gone=True)
    [delta] = (await reader.manifest())["deltas"]
    assert (await reader.http.get(delta["url"])).status_code == 410
    await reader.full()


async def test_slow_pauses_before_every_chunk(reader: Reader) -> None:
    part = await _first_part(reader)
    await reader.turn(slow_s=0.02)
    began = time.monotonic()
    assert len((await reader.http.get(part["url"])).content) == part["bytes"]
    assert time.monotonic() - began >= 0.02 * -(-part["bytes"] // 4_096)


# The manifest.


async def test_rollback_shows_an_older_version(reader: Reader) -> None:
    old = await reader.full()
    await reader.change({"uscc": old[0]["uscc"], "orgName": "示例改名学校"})
    await reader.turn(rollback=True)
    assert (await reader.manifest())["version"] == 17
    assert await reader.full() == old
    assert (await reader.manifest())["deltas"] == []


async def test_rollback_of_more_than_is_kept_numbers_the_list_down(reader: Reader) -> None:
    await reader.turn(rollback=3)
    assert (await reader.manifest())["version"] == 14
    assert len(await reader.full()) == 60


async def test_fast_forward_numbers_the_list_up(reader: Reader) -> None:
    await reader.turn(fast_forward=True)
    assert (await reader.manifest())["version"] == 17 + 5_000
    assert len(await reader.full()) == 60
    await reader.turn()
    assert (await reader.manifest())["version"] == 17


async def test_delta_gap_leaves_out_the_newest_delta(reader: Reader) -> None:
    await reader.publish()
    await reader.publish()
    await reader.turn(delta_gap=True)
    assert [delta["to"] for delta in (await reader.manifest())["deltas"]] == [18]


async def test_wrong_hash(reader: Reader) -> None:
    right = await _first_part(reader)
    await reader.turn(wrong_hash=True)
    wrong = await _first_part(reader)
    assert wrong == {**right, "sha256": wrong["sha256"]} != right
    assert await reader.is_signed(await reader.manifest())


async def test_wrong_count(reader: Reader) -> None:
    await reader.turn(wrong_count=True)
    full = (await reader.manifest())["full"]
    assert full["count"] == full["parts"][0]["count"] == 61


async def test_wrong_signature(reader: Reader) -> None:
    await reader.turn(wrong_signature=True)
    assert not await reader.is_signed(await reader.manifest())


async def test_foreign_host(reader: Reader) -> None:
    await reader.turn(foreign_host=True)
    assert (await _first_part(reader))["url"] == f"{FOREIGN_HOST}/full/17/0"


async def test_clock_skew_says_a_time_to_come(reader: Reader) -> None:
    await reader.turn(clock_skew_s=900)
    as_of = datetime.fromisoformat((await reader.manifest())["as_of"])
    assert as_of > wall_clock() + timedelta(seconds=800)


async def test_stale_is_past_its_validity_and_publishes_nothing(reader: Reader) -> None:
    row = (await reader.full())[0]
    await reader.turn(stale=True)
    await reader.change({"uscc": row["uscc"], "orgName": "示例改名学校"})
    assert await reader.publish() == 17
    assert datetime.fromisoformat((await reader.manifest())["valid_until"]) < wall_clock()
    assert (await reader.full())[0] == row
    await reader.turn()
    assert (await reader.manifest())["version"] == 18
    assert [r["orgName"] for r in await reader.newest_delta()] == ["示例改名学校"]


async def test_a_bomb_hashes_well_and_unpacks_to_a_thousand_times_its_size(reader: Reader) -> None:
    await reader.publish()
    await reader.turn(bomb=True)
    manifest = await reader.manifest()
    part, [delta] = manifest["full"]["parts"][0], manifest["deltas"]
    content = (await reader.http.get(part["url"])).content
    assert (await reader.http.get(delta["url"])).content == content
    assert part["bytes"] == len(content) < BOMB_BYTES // 900
    assert len(gzip.decompress(content)) == BOMB_BYTES


# The list.


async def test_empty_is_200_and_consistent_and_no_delta_leads_there(reader: Reader) -> None:
    await reader.turn(empty=True)
    assert await reader.full() == []
    manifest = await reader.manifest()
    assert (manifest["version"], manifest["full"]["count"], manifest["deltas"]) == (18, 0, [])


async def test_half_is_consistent_and_no_delta_leads_there(reader: Reader) -> None:
    whole = await reader.full()
    await reader.turn(half=True)
    assert await reader.full() == whole[:30]
    assert (await reader.manifest())["deltas"] == []


async def test_mass_revoke_revokes_so_many_more(reader: Reader) -> None:
    before = await _counted(reader, _revoked)
    await reader.turn(mass_revoke=12)
    assert await _counted(reader, _revoked) == before + 12
    assert len(await reader.newest_delta()) == 12


async def test_fill_drop_leaves_a_share_without_validity(reader: Reader) -> None:
    def is_bare(row: Site) -> bool:
        return not row["licenceValidTo"]

    await reader.turn(fill_drop=True)
    assert await _counted(reader, is_bare) == 18


async def test_flap_toggles_one_institution_with_every_version(reader: Reader) -> None:
    before = await reader.full()
    await reader.turn(flap=True)
    [first] = await reader.newest_delta()
    stands = [first["orgStatus"]]
    for _ in range(3):
        await reader.publish()
        [row] = await reader.newest_delta()
        assert row["uscc"] == first["uscc"]
        stands.append(row["orgStatus"])
    assert stands == ["停业", "正常", "停业", "正常"]
    assert before == await reader.full()


async def test_schema_drift_adds_a_column_to_every_row(reader: Reader) -> None:
    await reader.turn(schema_drift=True)
    assert await _counted(reader, lambda row: DRIFTED_COLUMN in row) == 60
    assert (await reader.manifest())["schema_version"] == 1


async def test_unknown_status(reader: Reader) -> None:
    await reader.turn(unknown_status=4)
    assert await _counted(reader, lambda row: row["orgStatus"] == UNKNOWN_STATUS) == 4


async def test_duplicate_rows_say_two_things_of_one_site_in_full_and_delta(reader: Reader) -> None:
    await reader.turn(duplicate_rows=3)
    assert len(await reader.full()) == 63
    delta = await reader.newest_delta()
    assert len(delta) == 6
    one, two = delta[:2]
    assert one == {**two, "address": one["address"]} != two


async def test_bad_codes_have_wrong_check_digits(reader: Reader) -> None:
    await reader.turn(bad_codes=5)
    assert await _counted(reader, lambda row: not uscc.is_valid(row["uscc"])) == 5


async def test_numeric_ids_are_json_numbers(reader: Reader) -> None:
    await reader.turn(numeric_ids=5)
    rows = [row for row in await reader.full() if isinstance(row["uscc"], int)]
    assert len(rows) == 5
    assert all(isinstance(row["licenceNo"], int) for row in rows)


async def test_mismatched_licence_is_listed_under_another_code(reader: Reader) -> None:
    owners = {row["licenceNo"]: row["uscc"] for row in await reader.full()}
    await reader.turn(mismatched_licence=3)
    rows = await reader.newest_delta()
    assert len(rows) == 3
    assert all(owners[row["licenceNo"]] != row["uscc"] in owners.values() for row in rows)


async def test_a_broken_line_is_no_json(reader: Reader) -> None:
    await reader.turn(broken_line=2)
    broken = 0
    for line in await reader.lines(await _first_part(reader)):
        try:
            json.loads(line)
        except ValueError:
            broken += 1
    assert broken == 2


# The switches themselves.


async def test_a_switch_strikes_the_same_rows_in_every_version(reader: Reader) -> None:
    await reader.turn(mass_revoke=5, bad_codes=2)
    rows = await reader.full()
    await reader.change({"uscc": "91320106MA1ABCDE16", "orgName": "示例后来学校"})
    assert (await reader.full())[:-1] == rows


async def test_all_switches_off_is_the_true_list_again(reader: Reader) -> None:
    rows = await reader.full()
    await reader.turn(mass_revoke=5, half=True, duplicate_rows=2, schema_drift=True, fill_drop=0.5)
    await reader.http.delete("/desk/faults")
    assert await reader.full() == rows
    assert (await reader.http.get("/desk/faults")).json() == Faults().model_dump()


async def test_a_switch_that_leaves_the_list_alone_publishes_nothing(reader: Reader) -> None:
    await reader.turn(wrong_count=True, truncated=0.2)
    assert (await reader.manifest())["version"] == 17


def test_true_means_the_usual_amount_for_every_number() -> None:
    numbers = {name for name, f in Faults.model_fields.items() if f.annotation in {int, float}}
    for name in numbers - {"seed"}:
        assert getattr(Faults.model_validate({name: True}), name) == WHEN_TRUE.get(name, 1)
    assert set(WHEN_TRUE) <= numbers
    assert set(Fault) <= numbers
    assert Faults.model_validate({"mass_revoke": False}).mass_revoke == 0


async def test_an_unknown_switch_is_refused(reader: Reader) -> None:
    answer = await reader.http.put("/desk/faults", json={"no_such": True})
    assert answer.status_code == 422
