"""Pages as an officer's browser asks for them: with the key as password, reading HTML."""

import base64
import re
from html import unescape

import httpx

from tests.integration.alerts.offices import Office
from tests.support.client import Caller

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def opened(office: Office, path: str, who: Caller | None) -> httpx.Response:
    """Open a page."""
    given = base64.b64encode(f"anyone:{who.key}".encode()).decode() if who else ""
    headers = {**BROWSER, **({"Authorization": f"Basic {given}"} if who else {})}
    return await office.http.get(path, headers=headers)


async def words(office: Office, path: str, who: Caller) -> str:
    """Return the text of a page."""
    answer = await opened(office, path, who)
    assert answer.status_code == 200, answer.text
    return words_of(answer.text)


def words_of(page: str) -> str:
    """Return what one reads on a page: its marks left out, blanks as one."""
    body = re.sub(r"<(style|title|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


async def count(office: Office, campaign_id: str, institution_id: str) -> None:
    """Let an institution be counted under a campaign: 9,000 yuan held, and little taught."""
    await office.run(
        "INSERT INTO alerts.clearance (campaign_id, institution_id, as_of, start_fen, came_fen,"
        " taught_fen, refunded_fen, held_fen, days_left, rate_fen, required_fen, remainder_fen,"
        " state, sentence) VALUES (:campaign, :me, now(), 1000000, 0, 100000, 0, 900000, 30,"
        " 10000, 30000, 600000, 'at_risk', '按近来的速度，到期还剩 6,000.00 元（虚构）')",
        campaign=campaign_id,
        me=institution_id,
    )
