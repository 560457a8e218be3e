"""Pages of cases in a real browser: without barriers, and within the screen of a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from alerts.domain.outcome import Severity
from shared.time import rfc3339
from tests.e2e import browsing
from tests.e2e.browsing import PHONE
from tests.integration.alerts.browsers import count, opened
from tests.integration.alerts.offices import Office, office_on
from tests.support.client import ok
from tests.support.postgres import in_thread

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DISTRICT = "630102"


@dataclass(frozen=True)
class Kept:
    """A page as it was answered."""

    body: bytes
    headers: dict[str, str]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browsing.browser() as opened_browser:
        yield opened_browser


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    with browsing.page_of(chrome, PHONE) as page:
        yield page


async def a_worked_case(office: Office) -> str:
    """Open a red case, hear the institution, and let it be late."""
    case_id = await office.case(Severity.critical, district_code=DISTRICT)
    await office.case(Severity.warning, district_code=DISTRICT)
    officer = await office.caller(district_code=DISTRICT)
    path = f"/v1/cases/{case_id}"
    ok(await officer.post(f"{path}/acknowledge", {}))
    at = rfc3339(await office.now() - timedelta(minutes=5))
    meeting = {"at": at, "place": "示例会议室", "departments": ["教育局", "市场监管局"]}
    ok(await officer.post(f"{path}/interviews", {**meeting, "kind": "scheduled"}))
    record = {"kind": "held", "representative": "示例负责人", "signed_on": at[:10]}
    said = {"questions": ["资金去向？"], "commitments": ["三日内说明"]}
    files = {"attachments": [{"name": "笔录.pdf", "sha256": "0" * 64}]}
    ok(await officer.post(f"{path}/interviews", {**meeting, **record, **said, **files}))
    await office.run(
        "UPDATE alerts.\"case\" SET due_at = now() - interval '3 days' WHERE case_id = :me",
        me=case_id,
    )
    return str(case_id)


async def a_campaign(office: Office) -> str:
    """Begin a campaign, and count one institution."""
    officer = await office.caller(district_code=DISTRICT)
    today = (await office.now()).date()
    ends = {
        "clear_by": str(today + timedelta(days=90)),
        "refund_by": str(today + timedelta(days=60)),
    }
    plan = {"name": "示例清零专项", "district_code": DISTRICT, **ends}
    made = ok(await officer.post("/v1/campaigns", plan), 201)
    await count(office, made["id"], await office.place(DISTRICT))
    return str(made["id"])


async def answered(owner_url: str) -> dict[str, Kept]:
    """Return the pages that are looked at."""
    async with office_on(owner_url) as office:
        case_id = await a_worked_case(office)
        reader = await office.caller(district_code=DISTRICT)
        campaign_id = await a_campaign(office)
        paths = {
            "overview": "/supervise",
            "cases": "/supervise/cases?severity=critical",
            "case": f"/supervise/cases/{case_id}",
            "campaigns": "/supervise/campaigns",
            "campaign": f"/supervise/campaigns/{campaign_id}",
            "refusal": "/supervise/nowhere",
        }
        found = {name: await opened(office, path, reader) for name, path in paths.items()}
        return {name: Kept(one.content, dict(one.headers)) for name, one in found.items()}


@pytest.fixture(scope="module")
def pages(owner_url: str) -> dict[str, Kept]:
    return in_thread(lambda: answered(owner_url))


@pytest.mark.parametrize("name", ["overview", "cases", "case", "campaigns", "campaign", "refusal"])
def test_a_page_has_no_barriers_and_fits_a_phone(
    page: Page, pages: dict[str, Kept], name: str
) -> None:
    kept = pages[name]
    page.route("**/*", lambda route: route.fulfill(body=kept.body, headers=kept.headers))
    page.goto("http://localhost:9/supervise")
    browsing.shoot(page, f"alerts-{name}-phone")
    assert page.evaluate(SIDEWAYS) == 0, "it scrolls sideways"
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()
    colour = "getComputedStyle(document.querySelector('header')).backgroundColor"
    assert page.evaluate(colour) == "rgb(11, 84, 79)", "its style was not allowed"
