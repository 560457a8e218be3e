"""Pages for officers: in the frame of all services, read by three roles, kept by nobody."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse

from shared.web.basic import allow_readers
from shared.web.pages import Pages
from shared.web.principals import Principal, Role

ROOT: Final = "/supervise"

_READERS: Final = (Role.supervisor, Role.auditor, Role.operator)
Reader = Annotated[Principal, Depends(allow_readers(*_READERS, realm="alerts"))]
"""Who opens a page: by HTTP Basic, with the key as password (decision 0305)."""


def pages_of(*packages: str) -> Pages:
    """Return the pages of a slice, by the packages its templates lie in."""
    styles = ("page.css", "supervise.css", "desk.css")
    return Pages(*packages, "alerts.pages", styles=styles)


def page_router() -> APIRouter:
    """Return a router of pages: they are no part of the API's document."""
    return APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
