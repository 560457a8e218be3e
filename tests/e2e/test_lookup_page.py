"""The pages in a real browser, on a phone and at a desk: for citizens, and for who supervises."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e import browsing
from tests.e2e.browsing import DESKTOP, PHONE, Town
from tests.support.postgres import run_sql

SIZES = {"phone": PHONE, "desktop": DESKTOP}
SMALL_B = 30_000
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browsing.browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def town(
    chrome: Browser, owner_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Return a town; asked for after the browser, so that a skip costs nothing."""
    with browsing.town_on(owner_url, tmp_path_factory.mktemp("town")) as found:
        yield found


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chrome: Browser, size: str) -> Iterator[Page]:
    with browsing.page_of(chrome, SIZES[size]) as page:
        yield page


def look(page: Page, town: Town, path: str, status: int = 200) -> None:
    """Open a page, which must be small and fit the width of the screen."""
    answer = page.goto(town.url + path)
    assert answer is not None
    assert answer.status == status
    assert len(answer.body()) < SMALL_B
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide == 0, "it scrolls sideways"


def refuse_barriers(page: Page) -> None:
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()


def badges(page: Page) -> list[str]:
    return [one.strip() for one in page.locator(".badge").all_inner_texts()]


PAGES = ("home", "results", "nothing", "short", "sound", "frozen", "revoked", "black", "many",
         "unlisted", "wrong")  # fmt: skip
VIEWS = [("phone", name) for name in PAGES]
VIEWS += [("desktop", name) for name in ("home", "results", "sound", "many")]


def _path(town: Town, name: str) -> tuple[str, int]:
    others = {
        "home": ("/", 200),
        "results": ("/?q=音乐", 200),
        "nothing": ("/?q=没有这样的名字", 200),
        "short": ("/?q=音", 422),
        "unlisted": ("/institutions/91320602MA1ABCDE16", 404),
        "wrong": ("/institutions/9132", 422),
    }
    return others.get(name) or (f"/institutions/{getattr(town, name)}", 200)


@pytest.mark.parametrize(("size", "name"), VIEWS)
def test_every_page_fits_and_has_no_barrier(page: Page, town: Town, size: str, name: str) -> None:
    path, status = _path(town, name)
    look(page, town, path, status)
    refuse_barriers(page)
    browsing.shoot(page, f"lookup-{name}-{size}")


def test_one_searches_and_reads_with_the_keyboard_alone(page: Page, town: Town, size: str) -> None:
    look(page, town, "/")
    for expected in ("跳到正文", "校外培训机构查询"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == expected
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.insert_text("晴空音乐")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    assert "找到 1 家机构" in page.inner_text("main")
    for _ in range(5):  # skip link, home, field, button, the one that was found
        page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "one sees where one is"
    browsing.shoot(page, f"lookup-keyboard-{size}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/institutions/*")
    assert page.inner_text("h1") == "示例晴空音乐培训中心"


def test_a_sound_institution_may_charge(page: Page, town: Town) -> None:
    look(page, town, f"/institutions/{town.sound}")
    assert badges(page) == ["正常", "已开立监管账户", "可以"]
    assert page.get_by_role("link", name="12345").first.get_attribute("href") == "tel:12345"


def test_one_whose_charging_is_suspended_may_not_and_why(page: Page, town: Town) -> None:
    look(page, town, f"/institutions/{town.frozen}")
    assert badges(page) == ["正常", "已开立监管账户", "不可以"]
    assert "收费已被主管部门暂停" in page.inner_text("main")


def test_a_revoked_one_is_plainly_revoked(page: Page, town: Town) -> None:
    look(page, town, f"/institutions/{town.revoked}")
    assert badges(page) == ["许可证已吊销", "不在白名单上", "已开立监管账户", "请勿缴费"]


def test_one_on_the_black_list_without_an_account_has_nothing_green(page: Page, town: Town) -> None:
    look(page, town, f"/institutions/{town.black}")
    expected = ["已列入黑名单", "不在白名单上", "无证有照", "没有监管账户", "不可以"]
    assert badges(page) == expected
    assert page.locator(".badge.good").count() == 0


def test_no_badge_speaks_by_its_colour_alone(page: Page, town: Town) -> None:
    look(page, town, "/?q=音乐")
    for badge in page.locator(".badge").all():
        assert badge.inner_text().strip()
        assert badge.locator("svg[aria-hidden=true]").count() == 1


def test_it_reads_without_its_style_and_scripts(chrome: Browser, town: Town) -> None:
    context = chrome.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{town.url}/institutions/{town.many}")
    text = page.inner_text("main")
    context.close()
    for words in ("部分办学点不正常", "示例路22号2楼", "许可证已吊销"):
        assert words in text


def test_large_type_still_fits_a_narrow_phone(chrome: Browser, town: Town) -> None:
    with browsing.page_of(chrome, {"width": 320, "height": 640}) as page:
        for path in ("/?q=音乐", f"/institutions/{town.black}", f"/institutions/{town.many}"):
            look(page, town, path)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(SIDEWAYS) == 0, path


def test_a_late_list_says_so(page: Page, town: Town, size: str, owner_url: str) -> None:
    # A sheet is due every thirty days, and late after twice that.
    run_sql(owner_url, "UPDATE registry.source SET last_success_at = now() - interval '90 days'")
    try:
        look(page, town, f"/institutions/{town.sound}")
        assert "名单未更新" in page.inner_text("main")
        refuse_barriers(page)
        browsing.shoot(page, f"lookup-stale-{size}")
    finally:
        run_sql(owner_url, "UPDATE registry.source SET last_success_at = now()")


NARROW = {"width": 360, "height": 780}
SUPERVISED = [
    (width, name)
    for width in ("phone", "desktop")
    for name in ("overview", "fetch", "refused", "hold", "wrong-key", "unknown")
]


@pytest.mark.parametrize(("width", "name"), SUPERVISED)
def test_a_page_of_those_who_supervise_fits_and_has_no_barrier(
    chrome: Browser, town: Town, width: str, name: str
) -> None:
    seen = town.overseen
    path, status, words = {
        "overview": ("/supervise", 200, "等待复核"),
        "fetch": (f"/supervise/fetches/{seen.fetch_id}", 200, "单元格B17"),
        "refused": (f"/supervise/fetches/{seen.refused_id}", 200, "文件校验不符"),
        "hold": (f"/supervise/holds/{seen.hold_id}", 200, "已有1人同意"),
        "wrong-key": ("/supervise", 401, "密码填您的API密钥"),
        "unknown": (f"/supervise/holds/{seen.fetch_id}", 404, "没有这一页"),
    }[name]
    key = "nonsense" if status == 401 else town.key
    with browsing.page_of(chrome, NARROW if width == "phone" else DESKTOP, key) as page:
        look(page, town, path, status)
        assert words in page.inner_text("main")
        refuse_barriers(page)
        browsing.shoot(page, f"supervise-{name}-{width}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(SIDEWAYS) == 0


def test_one_goes_from_the_overview_to_what_waits_and_to_an_institution(
    chrome: Browser, town: Town
) -> None:
    with browsing.page_of(chrome, NARROW, town.key) as page:
        look(page, town, "/supervise")
        page.get_by_role("link", name="一下子吊销了太多许可证").click()
        page.wait_for_url("**/supervise/holds/*")
        page.get_by_role("link", name="示例松涛学科培训学校").click()
        page.wait_for_url("**/institutions/*")
        assert page.inner_text("h1") == "示例松涛学科培训学校"


def test_pictures_were_kept() -> None:
    assert Path(browsing.SHOTS / "lookup-sound-phone.png").stat().st_size > 0
