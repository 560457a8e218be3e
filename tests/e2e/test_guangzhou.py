"""S7, Guangzhou: citizens look an institution up before they pay, and see what stands behind it.

Of what Guangzhou does, the public look-up is here; cases, interviews and re-checks are not.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.launching import Sandbox
from tests.e2e.licensing import Licensing
from tests.e2e.parties import Parties, Place, ok

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

PLACE = Place("91320602MA1ABCDL1C", "6222020000000000411", name="示例花城音乐培训中心")
STRANGER = "91320602MA1ABCDL2F"
ADDRESS = "南通市示例路7号"


@pytest.fixture(scope="module")
def licensing(sandbox: Sandbox) -> Iterator[Licensing]:
    """List an institution whose account is supervised, and one that has none."""
    licensing = Licensing(sandbox)
    site = {"uscc": PLACE.id, "orgName": PLACE.name, "regionCode": "320602", "address": ADDRESS}
    stranger = {"uscc": STRANGER, "orgName": "示例花城棋艺培训中心"}
    parties = Parties(sandbox, PLACE)
    parties.close()
    licensing.wait_mirrored(licensing.list(site, stranger))
    yield licensing
    licensing.close()


def test_more_institutions_than_guangzhou_s_can_be_looked_up(licensing: Licensing) -> None:
    assert ok(licensing.desk.get("/desk/report"))["listed"] > 986


def test_a_part_of_the_name_finds_it(licensing: Licensing) -> None:
    found = ok(licensing.read("/v1/institutions", q="花城音乐"))["items"]
    assert [(one["institution_id"], one["name"]) for one in found] == [(PLACE.id, PLACE.name)]


def test_a_page_leads_from_the_search_to_the_institution(licensing: Licensing) -> None:
    found = licensing.read("/", q="花城")
    assert found.headers["content-type"].startswith("text/html")
    assert f"/institutions/{PLACE.id}" in found.text
    assert f"/institutions/{STRANGER}" in found.text


def test_it_is_said_how_it_stands_and_whether_it_may_charge(licensing: Licensing) -> None:
    found = licensing.look_up(PLACE.id)
    assert (found["status"], found["white_listed"], found["black_listed"]) == (
        "normal",
        True,
        False,
    )
    assert found["address"] == ADDRESS
    assert found["stale"] is False
    assert found["as_of"]
    assert found["account"] == {"supervised": True, "may_charge": True, "reasons": []}
    assert found["complaint_line"] == "12345"


def test_one_without_a_supervised_account_is_told_apart(licensing: Licensing) -> None:
    account = licensing.look_up(STRANGER)["account"]
    assert (account["supervised"], account["may_charge"]) == (False, False)


def test_the_page_says_the_same_to_people(licensing: Licensing) -> None:
    page = licensing.read(f"/institutions/{PLACE.id}").text
    for words in (PLACE.name, "正常", "在白名单上", "未列入黑名单", "12345"):
        assert words in page


def test_nothing_personal_is_said(licensing: Licensing) -> None:
    said = licensing.read(f"/v1/institutions/{PLACE.id}").text
    page = licensing.read(f"/institutions/{PLACE.id}").text
    for private in (PLACE.account, PLACE.settlement):
        assert private not in said + page
    for field in ("phone", "contact", "person", "evidence", "statements"):
        assert field not in said


def test_nobody_looks_everybody_up_without_a_key(sandbox: Sandbox) -> None:
    with sandbox.registry() as citizen:
        answers = [citizen.get(f"/v1/institutions/{STRANGER}") for _ in range(60)]
    refused = [one for one in answers if one.status_code == 429]
    assert refused, "sixty at once are more than one caller has"
    assert "Retry-After" in refused[0].headers
