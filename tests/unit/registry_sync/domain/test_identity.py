"""A record is believed of whom it names only where its keys and its name do not contradict."""

import pytest

from registry_sync.domain.identity import check_identity, resembles
from registry_sync.domain.words import RowFault
from tests.unit.registry_sync.domain.registers import a_record, held_of


def test_a_licence_that_is_anothers_is_set_aside() -> None:
    held = held_of(a_record(1), a_record(2))
    believed, doubtful = check_identity(held, [a_record(2, "L1"), a_record(2)])
    assert [one.key for one in believed] == [("I2", "L2")]
    (row,) = doubtful
    assert (row.reason, row.field, row.key) == (
        RowFault.identity_doubtful,
        "licence_no",
        ("I2", "L1"),
    )
    assert row.where == "line 2"


def test_a_licence_whose_holder_is_gone_may_be_anothers() -> None:
    held = held_of(a_record(1), missing_fulls=3, is_gone=True)
    assert check_identity(held, [a_record(2, "L1")])[1] == []


def test_a_licence_whose_holder_was_left_out_just_now_may_not() -> None:
    held = held_of(a_record(1), missing_fulls=2)
    assert len(check_identity(held, [a_record(2, "L1")])[1]) == 1


def test_sites_without_a_licence_belong_to_nobody_else() -> None:
    held = held_of(a_record(1, ""))
    assert check_identity(held, [a_record(2, "")])[1] == []


def test_a_further_licence_of_the_same_institution_is_believed() -> None:
    assert check_identity(held_of(a_record(1)), [a_record(1, "L9")])[1] == []


def test_another_name_under_both_keys_is_no_doubt_about_the_keys() -> None:
    held = held_of(a_record())
    assert check_identity(held, [a_record(name="蓝海游泳俱乐部")])[1] == []


@pytest.mark.parametrize(
    ("before", "after", "alike"),
    [
        ("示例青竹培训中心", "示例青竹培训学校", True),
        ("示例青竹培训中心", "青竹", True),
        ("示例青竹培训中心", "蓝海游泳俱乐部", False),
        ("青竹", "竹青", False),
        ("青", "青", True),
        ("青", "青竹", False),
        ("", "蓝海", True),
        ("青竹", "", True),
    ],
)
def test_names_resemble_by_two_neighbours(before: str, after: str, *, alike: bool) -> None:
    assert resembles(before, after) == alike
