"""A platform that is started again: what changed stays changed, and versions only go up."""

from datetime import date
from pathlib import Path

import pytest

from sandbox.platform.listings import REVOKED
from tests.support.platform import OpenPlatform, Reader

CODE = "91320106MA1ABCDE16"
OTHER = "91320602MA1ABCDF04"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where a platform remembers."""
    return tmp_path / "platform.jsonl"


async def row_of(reader: Reader, code: str) -> dict[str, str]:
    """Return how an institution of one site is listed."""
    [row] = [row for row in await reader.full() if row["uscc"] == code]
    return row


async def test_what_changed_stays_changed_and_the_version_goes_on(
    open_platform: OpenPlatform, journal: Path
) -> None:
    first = open_platform(journal=journal)
    row = (await first.full())[3]
    await first.change({"uscc": row["uscc"], "orgStatus": REVOKED})
    await first.change({"uscc": CODE, "orgName": "示例后来学校"})
    before, listed = (await first.manifest())["version"], await first.full()
    again = open_platform(journal=journal, opened_on=date(2027, 3, 1))
    manifest = await again.manifest()
    assert manifest["version"] == before + 1
    assert manifest["deltas"] == [], "a reader fetches the whole list"
    assert await again.full() == listed


async def test_what_the_switches_spoiled_is_not_shown_again_under_its_version(
    open_platform: OpenPlatform, journal: Path
) -> None:
    first = open_platform(journal=journal)
    good = await first.full()
    await first.turn(half=True)
    spoiled = (await first.manifest())["version"]
    again = open_platform(journal=journal)
    assert (await again.manifest())["version"] > spoiled
    assert await again.full() == good


async def test_every_start_is_a_version_of_its_own(
    open_platform: OpenPlatform, journal: Path
) -> None:
    starts = (open_platform(journal=journal) for _ in range(3))
    assert [(await one.manifest())["version"] for one in starts] == [17, 18, 19]


async def test_an_institution_that_must_be_listed_by_now_is_entered(
    open_platform: OpenPlatform, journal: Path
) -> None:
    first = open_platform(journal=journal, include=[{"uscc": CODE}])
    await first.change({"uscc": CODE, "orgStatus": REVOKED})
    again = open_platform(journal=journal, include=[{"uscc": CODE}, {"uscc": OTHER}])
    assert (await row_of(again, CODE))["orgStatus"] == REVOKED
    assert (await row_of(again, OTHER))["orgStatus"] == "正常"
    once_more = open_platform(journal=journal)
    assert await row_of(once_more, OTHER) == await row_of(again, OTHER)


async def test_it_counts_on_from_what_its_readers_know(open_platform: OpenPlatform) -> None:
    assert (await open_platform(after_version=40).manifest())["version"] == 41


async def test_a_row_that_a_kill_cut_off_is_dropped(
    open_platform: OpenPlatform, journal: Path
) -> None:
    await open_platform(journal=journal).full()
    with journal.open("a") as torn:
        torn.write('{"kind": "published", "ver')
    assert (await open_platform(journal=journal).manifest())["version"] == 18


async def test_an_ambiguous_change_is_not_remembered(
    open_platform: OpenPlatform, journal: Path
) -> None:
    first = open_platform(journal=journal)
    await first.change({"uscc": CODE, "licenceNo": "X1"}, {"uscc": CODE, "licenceNo": "X2"})
    answer = await first.http.post("/desk/change", json={"items": [{"uscc": CODE}]})
    assert answer.status_code == 422
    assert len(await open_platform(journal=journal).full()) == 62
