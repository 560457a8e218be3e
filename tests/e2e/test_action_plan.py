"""S10, a city's action plan: the four classes of licence and registration, and both lists.

Lessons in forbidden slots, tip-offs and the work ledger are told in the stories of Nantong,
Shanghai and the indicators.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.licensing import SECONDS, Licensing
from tests.e2e.parties import Parties, Place, ok

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

CLASSES = {
    ("1", "1"): ("91320602MA1ABCDJ1A", "both", "有证有照"),
    ("1", "0"): ("91320602MA1ABCDJ2D", "licence_only", "有证无照"),
    ("0", "1"): ("91320602MA1ABCDJ3G", "registration_only", "无证有照"),
    ("0", "0"): ("91320602MA1ABCDJ4K", "neither", "无证无照"),
}
"""Licence and registration in the platform's words: an institution, and what it is called."""

LISTED = Place("91320602MA1ABCDK1B", "6222020000000000311", name="示例名单科技培训中心")
OF_THE_BUREAU = "91320602MA1ABCDK2E"
SHEET = f"""南通市校外培训机构白名单,,
序号,机构名称,统一社会信用代码
1,示例本地艺术培训中心,{OF_THE_BUREAU}
合计,1,
"""


@pytest.fixture(scope="module")
def licensing(sandbox: Sandbox) -> Iterator[Licensing]:
    """List one institution of each class, and one that is on the white list."""
    licensing = Licensing(sandbox)
    sites = [
        {"uscc": code, "hasLicence": licence, "hasRegistration": registration}
        | ({} if licence == "1" else {"licenceNo": ""})
        for (licence, registration), (code, *_) in CLASSES.items()
    ]
    listed = {"uscc": LISTED.id, "orgName": LISTED.name, "regionCode": "320602"}
    licensing.wait_mirrored(licensing.list(*sites, listed))
    yield licensing
    licensing.close()


@pytest.fixture(scope="module")
def parties(sandbox: Sandbox, licensing: Licensing) -> Iterator[Parties]:
    """Return the parties of the institution on the white list."""
    parties = Parties(sandbox, LISTED)
    yield parties
    parties.close()


@pytest.mark.parametrize(("code", "word", "shown"), CLASSES.values(), ids=lambda value: value)
def test_every_class_is_published(licensing: Licensing, code: str, word: str, shown: str) -> None:
    assert licensing.look_up(code)["licence_class"] == word
    assert shown in licensing.read(f"/institutions/{code}").text


def test_who_leaves_the_white_list_takes_no_new_contracts(
    licensing: Licensing, parties: Parties
) -> None:
    assert licensing.look_up(LISTED.id)["white_listed"] is True
    licensing.list({"uscc": LISTED.id, "whiteList": "0"})
    path = f"/v1/institutions/{LISTED.id}"
    wait_until(lambda: not ok(parties.supervisor.get(path))["may_charge"]["allowed"], SECONDS)
    stands = ok(parties.supervisor.get(path))
    assert stands["may_charge"]["reasons"] == ["not_white_listed"]
    assert stands["may_be_paid"]["allowed"]
    assert stands["freezes"] == []
    assert licensing.look_up(LISTED.id)["white_listed"] is False


def test_the_black_list_is_published_and_freezes(licensing: Licensing, parties: Parties) -> None:
    licensing.list({"uscc": LISTED.id, "blackList": "1"})
    path = f"/v1/institutions/{LISTED.id}"
    wait_until(lambda: len(ok(parties.supervisor.get(path))["freezes"]) == 2, SECONDS)
    stands = ok(parties.supervisor.get(path))
    assert "black_listed" in stands["may_charge"]["reasons"]
    assert stands["may_refund"]["allowed"]
    assert licensing.look_up(LISTED.id)["black_listed"] is True
    assert "已列入黑名单" in licensing.read(f"/institutions/{LISTED.id}").text


def test_a_bureau_s_sheet_is_previewed_and_then_published(
    sandbox: Sandbox, licensing: Licensing
) -> None:
    with sandbox.registry(sandbox.key("supervisor")) as officer:
        path = "/v1/sources/nantong_white_list/imports"
        query = {"file_name": "白名单.csv"}
        preview = ok(officer.post(path, params=query, content=SHEET.encode()), 201)
        assert preview["counts"]["added"] == 1
        assert licensing.read(f"/v1/institutions/{OF_THE_BUREAU}").status_code == 404
        accepted = ok(officer.post(f"/v1/imports/{preview['id']}/accept"))
    assert (accepted["result"], accepted["changed"]) == ("applied", 1)
    found = licensing.look_up(OF_THE_BUREAU)
    assert (found["white_listed"], found["source"]) == (True, "nantong_white_list")
