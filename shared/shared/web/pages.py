"""Pages from templates: everything escaped, one file, nothing loaded from anywhere.

The style stands in the page and is allowed by its hash; scripts are not allowed at all.
`templates` has what the pages of all services share: the frame, the styles, marks and badges.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, Literal

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

Forms = Literal["self", "none"]
"""Where a page's forms may lead: to its own service, or nowhere."""

_SHARED: Final = "shared.web"


class Pages:
    """The pages of one slice: its templates before those that several share."""

    def __init__(
        self, *packages: str, styles: Sequence[str], kept: str = "no-store", forms: Forms = "self"
    ) -> None:
        """Take whose templates, the first before the others, and how long a page is kept."""
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(one) for one in (*packages, _SHARED)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._styles, self._kept, self._forms = styles, kept, forms

    def teach(
        self,
        filters: Mapping[str, Callable[..., Any]],
        tests: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """Give templates words of the slice's own."""
        self._environment.filters.update(filters)
        self._environment.tests.update(tests or {})

    def rendered(
        self,
        name: str,
        shown: Mapping[str, object],
        *,
        status: int = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """Return a page; one that was not found is not kept at all."""
        content = self._ready.get_template(name).render(shown)
        more = {**self._protection, **(headers or {})}
        if status == HTTPStatus.OK:
            more["Cache-Control"] = self._kept
        return HTMLResponse(content, status, more)

    @cached_property
    def _ready(self) -> Environment:
        environment = self._environment
        environment.globals["style"] = Markup(self._style)  # noqa: S704 - files of ours
        return environment

    @cached_property
    def _style(self) -> str:
        found = [self._source(name) for name in self._styles]
        return "".join(found).replace("\n", "")

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        assert loader is not None
        source, _, _ = loader.get_source(self._environment, name)
        return source

    @cached_property
    def _protection(self) -> dict[str, str]:
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        return {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;"
                f" form-action '{self._forms}'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }


def prefers_pages(accept: str) -> bool:
    """Tell whether one who accepts this reads HTML rather than JSON.

    >>> prefers_pages("text/html,*/*;q=0.8"), prefers_pages("*/*"), prefers_pages("")
    (True, False, False)
    """
    kinds = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    pages = [at for at, kind in enumerate(kinds) if kind in {"text/html", "application/xhtml+xml"}]
    programs = [at for at, kind in enumerate(kinds) if kind.endswith("json")]
    return bool(pages) and (not programs or pages[0] < programs[0])
