"""Who is shown a page, and who a problem."""

from registry_sync.pages.rendering import prefers_pages
from tests.support.tables import cases

# accept                                               page
ACCEPTS = """
  text/html,application/xhtml+xml,*/*;q=0.8            yes
  text/html                                            yes
  application/json,text/html;q=0.5                     no
  text/html,application/json                           yes
  application/problem+json                             no
  */*                                                  no
  -                                                    no
"""


@cases(ACCEPTS)
def test_a_browser_is_shown_a_page_and_a_program_is_not(row: list[str]) -> None:
    accept, page = row
    assert prefers_pages(accept) is (page == "yes")
