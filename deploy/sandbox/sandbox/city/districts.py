"""The districts the city is made of: codes of GB/T 2260."""

from typing import NamedTuple


class District(NamedTuple):
    """A county-level division."""

    code: str
    name: str


DISTRICTS = (
    District("320102", "南京市玄武区"),
    District("320104", "南京市秦淮区"),
    District("320105", "南京市建邺区"),
    District("320106", "南京市鼓楼区"),
    District("320211", "无锡市滨湖区"),
    District("320505", "苏州市虎丘区"),
    District("320508", "苏州市姑苏区"),
    District("320612", "南通市通州区"),
    District("320613", "南通市崇川区"),
    District("330105", "杭州市拱墅区"),
    District("330106", "杭州市西湖区"),
    District("330108", "杭州市滨江区"),
)
