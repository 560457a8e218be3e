"""Reports as pages: everything escaped, one file, nothing loaded from anywhere, fit to print.

The style stands in the page and is allowed by its hash; scripts are not allowed at all.
"""

import base64
import hashlib
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from alerts.domain.reports import Unit
from alerts.reports.documents import Document, said

_NUMBERS: Final = frozenset({Unit.fen, Unit.number, Unit.bps})

ROWS_MAX: Final = 500
"""Rows of one table of a page: what one prints; the workbook has the rest."""


def page(document: Document) -> HTMLResponse:
    """Return a report as a page."""
    style = _style()
    content = (
        _environment()
        .get_template("report.html")
        .render(
            document=document,
            style=Markup(style),  # noqa: S704 - a file of ours
            rows_max=ROWS_MAX,
        )
    )
    return HTMLResponse(content, headers=_protection(style))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("alerts.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["said"] = said
    environment.tests["counted"] = lambda unit: unit in _NUMBERS
    return environment


@cache
def _style() -> str:
    loader = _environment().loader
    assert loader is not None
    source, _, _ = loader.get_source(_environment(), "report.css")
    return source.replace("\n", "")


@cache
def _protection(style: str) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;"
            " form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
