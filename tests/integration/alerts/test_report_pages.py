"""Reports in a real browser: without barriers, within the screen, whole on paper."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from alerts.domain.indicators import Counted, indicators_of
from alerts.domain.reports import balances_of, figures_of, months_of
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from alerts.reports import showing
from alerts.reports.documents import Document
from alerts.reports.rendering import page as rendered
from alerts.reports.shapes import DossierAnswer, IndicatorsAnswer
from tests.e2e import browsing
from tests.e2e.browsing import DESKTOP, PHONE
from tests.unit.alerts.rules.conduct_facts import YUAN, Told, at

SIZES = {"phone": PHONE, "desktop": DESKTOP}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
NOW = at("2026-11-20 09:12")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browsing.browser() as opened:
        yield opened


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chrome: Browser, size: str) -> Iterator[Page]:
    with browsing.page_of(chrome, SIZES[size]) as page:
        yield page


def a_dossier() -> Document:
    told = Told()
    told.institution()
    for month in range(10):
        day = at("2026-01-10") + timedelta(days=30 * month)
        told.add("credit", day, (month + 3) * 90_000 * YUAN)
        told.add("funded", day, (month + 3) * 90_000 * YUAN)
        told.add("released", day + timedelta(days=9), 150_000 * YUAN, number=100)
        told.add("debit", day + timedelta(days=9), 150_000 * YUAN, tag="payout")
        told.add("debit", day + timedelta(days=12), 60_000 * YUAN, tag="unbacked")
    told.add("floor", "2026-02-01", 1_000_000 * YUAN)
    view = FactView(told.facts, NOW, Calendar())
    item = {
        "kind": "case",
        "title": "红 · 存量资金缺口",
        "since": NOW,
        "due_at": NOW,
        "awaits": "约谈",
        "amount_fen": 900 * YUAN,
        "ref": "01900000-0000-7000-8000-000000000001",
        "sentence": "2026-11-20 09:12 余额低于存量（虚构）",
    }
    found = {"rule": "x", "rule_text": "存量资金缺口", "severity": "critical", "sentence": "虚构"}
    judged = {"risk": "critical", "found": [found], "indeterminate": [], "officer": None}
    answer = DossierAnswer.model_validate(
        {
            "institution_id": "91320602MA1ABCDE16",
            "name": "青禾艺术（虚构）",
            "as_of": NOW,
            "figures": figures_of(view),
            "months": months_of(view),
            "balances": [{"day": day, "balance_fen": fen} for day, fen in balances_of(view)],
            "floor_fen": 1_000_000 * YUAN,
            "open_items": [item],
            "assessment": judged,
        },
        from_attributes=True,
    )
    return showing.dossier_document(answer)


def some_indicators() -> Document:
    names = (
        "institutions licensed not_licensed licence_unknown class_both class_licence_only"
        " class_registration_only class_neither accounts stated holding uncovered uncovered_fen"
        " below_floor custody_fen held_fen"
    )
    counted = Counted(dict.fromkeys(names.split(), 0), {}, {}, {}, 0)
    answer = IndicatorsAnswer.model_validate(
        {
            "district_code": "320602",
            "as_of": NOW,
            "first_day": date(2026, 1, 1),
            "last_day": date(2026, 11, 20),
            "judged_since": None,
            "items": indicators_of(counted),
        },
        from_attributes=True,
    )
    return showing.indicators_document(answer)


@pytest.mark.parametrize("name", ["dossier", "indicators"])
def test_a_report_has_no_barriers_and_fits_the_screen(page: Page, name: str, size: str) -> None:
    answer = rendered({"dossier": a_dossier, "indicators": some_indicators}[name]())
    page.route(
        "**/*",
        lambda route: route.fulfill(body=bytes(answer.body), headers=dict(answer.headers)),
    )
    page.goto("http://localhost:9/report")
    browsing.shoot(page, f"report-{name}-{size}")
    assert page.evaluate(SIDEWAYS) == 0, "it scrolls sideways"
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()
    fill = "getComputedStyle(document.querySelector('.chart .s0')).fill"
    if name == "dossier":
        assert page.evaluate(fill) == "rgb(11, 84, 79)", "its style was not allowed"
