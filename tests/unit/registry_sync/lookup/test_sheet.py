"""What the page says of an institution: nothing sounds better than it is."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from registry_sync.domain.record import values_of
from registry_sync.domain.standing import Said, View, resolve
from registry_sync.domain.words import LicenceClass, Status
from registry_sync.lookup import wording
from registry_sync.lookup.accounts import Account
from registry_sync.lookup.sheet import SITES_MAX, Sheet, badge_of, sheet_of
from registry_sync.mirror.reading import Seen
from registry_sync.mirror.sources import State

ME = "91320602MA1ABCDE16"
NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)
SOUND = {
    "name": "示例青竹培训中心",
    "district_code": "320613",
    "category": "subject",
    "delivery": "both",
    "status": "normal",
    "licensed": "yes",
    "registered": "yes",
    "valid_until": "2030-08-31",
    "white_listed": "yes",
    "black_listed": "no",
}
MAY = Account(is_supervised=True, may_charge=True)
MAY_NOT = Account(is_supervised=True, may_charge=False, reasons=("charging_frozen", "unheard_of"))


def view(*sites: dict[str, str | None]) -> View:
    said = [
        Said("national", 1, (ME, f"L{number:02}"), values_of({**SOUND, **site}))
        for number, site in enumerate(sites or ({},))
    ]
    return resolve(ME, said, date(2026, 11, 21))


def sheet(seen: View, account: Account | None = MAY) -> Sheet:
    state = State("national", 1, last_success_at=NOW)
    return sheet_of(Seen(seen, state, NOW, date(2026, 11, 21), NOW), account, "国家平台")


def texts(shown: Sheet) -> list[str]:
    return [one.text for one in shown.badges]


def test_a_sound_institution_has_one_badge() -> None:
    shown = sheet(view())
    assert texts(shown) == ["正常"]
    assert (shown.custody.tone, shown.charging.tone) == ("good", "good")
    facts = {what: said for what, said, _ in shown.lines}
    assert facts["证照"] == "有证有照"
    assert facts["类别"] == "学科类，线上和线下"
    assert facts["许可有效期"] == "至2030年8月31日"
    assert (shown.source, shown.checked_at) == ("国家平台", "2026年11月21日 09:00")


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.normal])
def test_no_other_status_looks_good(status: Status) -> None:
    shown = sheet(view({"status": status.value}))
    tone = shown.badges[0].tone
    assert tone != "good"
    assert (shown.charging.tone, shown.charging.text) == (
        ("bad", "请勿缴费") if tone == "bad" else ("warn", "请先核实")
    )


def test_a_black_list_leaves_nothing_green_at_the_top() -> None:
    shown = sheet(view({"black_listed": "yes"}))
    assert texts(shown) == ["已列入黑名单"]
    assert shown.charging.text == "请勿缴费"
    assert ("办学状态", "正常", "") in shown.lines
    assert badge_of(view({"black_listed": "yes"})).text == "已列入黑名单"


def test_a_list_without_it_and_a_missing_licence_are_said() -> None:
    shown = sheet(view({"white_listed": "no", "licensed": "no"}))
    assert texts(shown) == ["正常", "不在白名单上", "无证有照"]
    assert badge_of(view({"white_listed": "no"})).text == "不在白名单上"


def test_one_bad_site_of_several_is_said_and_shown() -> None:
    shown = sheet(view({}, {"status": "revoked"}, {"status": "suspended"}))
    assert texts(shown) == ["正常", "部分办学点不正常"]
    assert "3个办学点中有2个" in shown.badges[1].meaning
    assert [one.status.tone for one in shown.sites] == ["good", "bad", "warn"]


def test_one_site_needs_no_table_and_many_are_cut() -> None:
    assert sheet(view()).sites == []
    shown = sheet(view(*[{}] * (SITES_MAX + 5)))
    assert (len(shown.sites), shown.sites_left) == (SITES_MAX, 5)


def test_what_escrow_did_not_say_is_not_guessed() -> None:
    shown = sheet(view(), None)
    assert (shown.custody.text, shown.charging.text) == ("暂无法查询", "暂无法查询")
    assert shown.reasons == []


def test_who_may_not_charge_is_told_why_in_words_we_have() -> None:
    shown = sheet(view(), MAY_NOT)
    assert (shown.custody.tone, shown.charging.tone) == ("good", "bad")
    assert shown.reasons == ["收费已被主管部门暂停"]


def test_what_no_source_said_is_said_to_be_missing() -> None:
    bare = replace(view(), valid_until=None, category=None, address=None, district_code=None)
    facts = {what: said for what, said, _ in sheet(bare).lines}
    for what in ("许可有效期", "地址", "所在地区"):
        assert facts[what] == "没有写明"


def test_every_word_has_its_chinese() -> None:
    assert set(wording.STATUSES) == set(Status)
    assert set(wording.CLASSES) == set(wording.CLASSES_EXPLAINED) == set(LicenceClass)
