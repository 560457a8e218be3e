"""What a line asks for."""

import pytest

from registry_sync.lookup.asking import wanted_of
from registry_sync.mirror.searching import Wanted
from shared.errors import Malformed

CODE = "91320602MA1ABCDE16"


def test_a_code_is_known_in_any_spelling() -> None:
    for line in (CODE, CODE.lower(), f" {CODE} ", "９１３２０６０２ＭＡ１ＡＢＣＤＥ１６"):
        assert wanted_of(line) == Wanted(code=CODE)


def test_anything_else_is_a_part_of_a_name() -> None:
    assert wanted_of("青竹") == Wanted(name="青竹")
    assert wanted_of(CODE[:17]) == Wanted(name=CODE[:17])


def test_an_area_is_what_its_codes_begin_with() -> None:
    assert wanted_of(None, district_code="320600") == Wanted(area="3206")
    assert wanted_of(None, district_code="000000", status="revoked") == Wanted(
        area="", status="revoked"
    )


def test_one_character_is_too_few() -> None:
    for line in ("竹", " 竹 ", "　", "\t"):
        with pytest.raises(Malformed) as caught:
            wanted_of(line)
        assert caught.value.errors[0].code == "search_too_short"
