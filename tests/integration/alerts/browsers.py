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
