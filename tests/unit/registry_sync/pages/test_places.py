"""Codes of districts have names, and had others before."""

from registry_sync.pages.places import place_name
from tests.support.tables import cases

# code         year  name
PLACES = """
  320613       2026  江苏省南通市崇川区
  320602       2026  江苏省南通市崇川区
  320602       1985  江苏省南通市城区
  320600       2026  江苏省南通市
  320000       2026  江苏省
  110105       2026  北京市朝阳区
  310115       2026  上海市浦东新区
  330110       2026  浙江省杭州市余杭区
  320613001    2026  江苏省南通市崇川区
  328888       2026  江苏省
  999999       2026  -
  32           2026  -
  -            2026  -
"""


@cases(PLACES)
def test_a_code_is_called_what_it_is_called_that_year(row: list[str]) -> None:
    code, year, name = row
    assert (place_name(code or None, int(year)) or "") == name
