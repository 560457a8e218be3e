"""Pages of the registry: the frame of all services, with what its own pages share."""

import re
from typing import Final

from shared.web import pages
from shared.web.pages import prefers_pages

__all__ = ["Pages", "prefers_pages"]

_SHARED: Final = "registry_sync.pages"
_PHONE: Final = re.compile(r"[0-9][0-9-]{2,19}")


class Pages(pages.Pages):
    """The pages of one slice: its templates in the frame that all share."""

    def __init__(self, package: str, *, more_style: str | None = None, kept: str) -> None:
        """Take whose templates, a style beside everybody's, and how long one found is kept."""
        styles = ["page.css", *([more_style] if more_style else [])]
        super().__init__(package, _SHARED, styles=styles, kept=kept)
        self.teach({"is_phone": lambda given: bool(_PHONE.fullmatch(given))})
