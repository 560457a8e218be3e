"""The desk: changes, what is listed from the start, the clock, and the command line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc

from sandbox import __main__ as command
from sandbox.platform import PlatformOptions, serve
from sandbox.platform.listings import STATUSES
from tests.support.platform import OpenPlatform, Reader, Site

CODE = "91320106MA1ABCDE16"


async def test_what_is_changed_is_changed_and_nothing_else(reader: Reader) -> None:
    row = (await reader.full())[3]
    counts = await reader.change({"uscc": row["uscc"], "orgStatus": "停业"})
    assert counts == {"version": 18, "changed": 1, "entered": 0}
    [site] = (await reader.http.get("/desk/institutions", params={"uscc": row["uscc"]})).json()[
        "items"
    ]
    assert site == {**row, "orgStatus": "停业", "changedOn": site["changedOn"]}
    assert site["changedOn"] > row["changedOn"]


async def test_a_change_may_name_its_day_and_a_status_nobody_knows(reader: Reader) -> None:
    row = (await reader.full())[3]
    given = {"uscc": row["uscc"], "orgStatus": "约谈中", "changedOn": "2026-10-01"}
    await reader.change(given)
    assert (await reader.newest_delta()) == [{**row, **given}]


async def test_an_unknown_site_is_entered_whole(reader: Reader) -> None:
    assert (await reader.change({"uscc": CODE, "orgName": "示例后来学校"}))["entered"] == 1
    [site] = await reader.newest_delta()
    assert site["regionCode"] == "320106"
    assert (site["orgStatus"], site["whiteList"], site["hasLicence"]) == ("正常", "1", "1")
    assert len(site["licenceNo"]) == 15


async def test_a_second_site_needs_its_licence_and_none_is_no_licence(reader: Reader) -> None:
    await reader.change({"uscc": CODE, "licenceNo": "X1"}, {"uscc": CODE, "licenceNo": ""})
    assert [row["hasLicence"] for row in await reader.newest_delta()] == ["1", "0"]
    items = [{"uscc": CODE, "licenceNo": "X1", "blackList": "1"}, {"uscc": CODE}]
    answer = await reader.http.post("/desk/change", json={"items": items})
    assert answer.status_code == 422
    assert (await reader.manifest())["version"] == 18
    sites = (await reader.http.get("/desk/institutions", params={"uscc": CODE})).json()["items"]
    assert [site["blackList"] for site in sites] == ["0", "0"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"uscc": CODE[:-1] + "7"},
        {"uscc": CODE, "orgType": "9"},
        {"uscc": CODE, "licenceValidTo": "soon"},
        {"uscc": CODE, "noSuchColumn": "1"},
        {"orgName": "示例无码学校"},
    ],
)
async def test_what_makes_no_sense_is_refused(reader: Reader, wrong: Site) -> None:
    answer = await reader.http.post("/desk/change", json={"items": [wrong]})
    assert answer.status_code == 422


async def test_institutions_can_be_found_by_status(reader: Reader) -> None:
    found = (
        await reader.http.get("/desk/institutions", params={"status": "正常", "limit": 5})
    ).json()
    assert found["total"] == 60
    assert [site["orgStatus"] for site in found["items"]] == ["正常"] * 5


async def test_the_desk_tells_the_truth_whatever_the_switches_say(reader: Reader) -> None:
    await reader.turn(empty=True)
    report = (await reader.http.get("/desk/report")).json()
    assert (report["listed"], report["registered"], report["version"]) == (0, 60, 18)


async def test_the_clock_never_goes_back(reader: Reader) -> None:
    ahead = (await reader.http.put("/desk/clock", json={"offset_s": 86_400})).json()["now"]
    assert (await reader.http.put("/desk/clock", json={"offset_s": 0})).json()["now"] >= ahead


async def test_it_answers(reader: Reader) -> None:
    assert (await reader.http.get("/healthz")).json()["status"] == "ok"


async def test_institutions_that_must_be_listed_are_normal_and_white(
    open_platform: OpenPlatform,
) -> None:
    reader = open_platform(include=[{"uscc": CODE, "orgName": "示例青竹艺术培训中心"}])
    rows = await reader.full()
    assert len(rows) == 61
    assert rows[0]["uscc"] == CODE
    assert (rows[0]["orgStatus"], rows[0]["whiteList"], rows[0]["blackList"]) == ("正常", "1", "0")


def test_a_platform_does_not_open_where_what_must_be_listed_makes_no_sense(
    open_platform: OpenPlatform,
) -> None:
    with pytest.raises(ValueError, match="unified social credit code"):
        open_platform(include=[{"uscc": "91320106MA1ABCDE17"}])


async def test_made_up_institutions_are_plainly_so_and_hold_together(
    open_platform: OpenPlatform,
) -> None:
    rows = await open_platform(institutions=3_000).full()
    assert all(uscc.is_valid(row["uscc"]) for row in rows)
    assert all(row["orgName"].startswith("示例") for row in rows)
    assert len({(row["uscc"], row["licenceNo"]) for row in rows}) == 3_000
    assert len({row["uscc"] for row in rows}) == 3_000 - 75, "every fortieth is a branch"
    assert {row["orgStatus"] for row in rows} == set(STATUSES)
    assert {row["orgType"] for row in rows} == {"1", "2", "3", "4"}
    assert all((row["hasLicence"] == "1") == bool(row["licenceNo"]) for row in rows)
    assert sum(row["orgStatus"] == "正常" for row in rows) > 2_700


def test_the_command_opens_a_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served: list[tuple[str, int, PlatformOptions]] = []
    monkeypatch.setattr(serve, "serve", lambda *given: served.append(given))
    listed = tmp_path / "include.json"
    listed.write_text(json.dumps([{"uscc": CODE, "orgName": "示例学校"}]), "utf-8")
    words = ["sandbox", "platform", "--institutions", "9", "--include", str(listed)]
    monkeypatch.setattr(sys, "argv", words)
    assert command.main() == 0
    [(host, port, options)] = served
    assert (host, port) == ("127.0.0.1", 8020)
    assert (options.institutions, options.seed) == (9, 7)
    assert [given["orgName"] for given in options.include] == ["示例学校"]


def test_serving_hands_the_application_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **given: ran.append((app, given)))
    serve.serve("127.0.0.1", 8_020, PlatformOptions(institutions=0))
    [(app, given)] = ran
    assert app.state.platform.options.institutions == 0
    assert given["port"] == 8_020
    assert serve.read_include(None) == []
