"""Reports as pages: everything escaped, one file, nothing loaded from anywhere, fit to print."""

from typing import Final

from starlette.responses import HTMLResponse

from alerts.domain.reports import Unit
from alerts.reports.documents import Document, said
from shared.web.pages import Pages

_NUMBERS: Final = frozenset({Unit.fen, Unit.number, Unit.bps})

ROWS_MAX: Final = 500
"""Rows of one table of a page: what one prints; the workbook has the rest."""

_PAGES: Final = Pages("alerts.reports", styles=("report.css",), forms="none")
_PAGES.teach({"said": said}, {"counted": lambda unit: unit in _NUMBERS})


def page(document: Document) -> HTMLResponse:
    """Return a report as a page."""
    return _PAGES.rendered("report.html", {"document": document, "rows_max": ROWS_MAX})
