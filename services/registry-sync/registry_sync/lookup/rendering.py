"""Pages from templates: everything escaped, one file, nothing loaded from anywhere.

The style stands in the page and is allowed by its hash; scripts are not allowed at all.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from starlette.responses import HTMLResponse

_PACKAGE: Final = "registry_sync.lookup"
_PHONE: Final = re.compile(r"[0-9][0-9-]{2,19}")

KEPT: Final = "public, max-age=60"
"""How long a page may be shown again: mirrors are minutes old anyway."""


def rendered(
    name: str,
    shown: Mapping[str, object],
    *,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return a page; one that was found may be kept for a minute."""
    content = _template(name).render(shown)
    more = {**_protection(), **(headers or {})}
    if status == HTTPStatus.OK:
        more["Cache-Control"] = KEPT
    return HTMLResponse(content, status, more)


@lru_cache(maxsize=8)
def _template(name: str) -> Template:
    return _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["is_phone"] = lambda given: bool(_PHONE.fullmatch(given))
    environment.globals["style"] = Markup(_style())  # noqa: S704 - a file of ours
    return environment


@lru_cache(maxsize=1)
def _style() -> str:
    source, _, _ = PackageLoader(_PACKAGE).get_source(Environment(autoescape=True), "page.css")
    return source.replace("\n", "")


@lru_cache(maxsize=1)
def _protection() -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;"
            " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
