"""How notices read, and how they are split."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.casewords import State
from alerts.domain.notices import (
    CASES,
    CHARACTER_MAX,
    LISTED_MAX,
    MARKDOWN,
    PARTS_MAX,
    PLAIN,
    SPACED,
    Block,
    CaseWord,
    Limit,
    Measure,
    Notice,
    case_block,
    counted,
    digest,
    fault_block,
    in_order,
    json_size,
    marked,
    parts_of,
    plain,
    split,
    text_of,
    utf8_size,
)
from alerts.domain.outcome import Severity
from alerts.notices.packing import packed, unpacked

NOW = datetime(2026, 11, 20, 1, 12, tzinfo=UTC)
ID = UUID("01936d5a-7b1c-7000-8000-1234567890ab")
URL = "https://alerts.example/cases/"
WECOM = Limit(4_096, PARTS_MAX, 20)
DINGTALK = Limit(19_000, PARTS_MAX, 20, json_size)

TEXTS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('\n\n"\\课')))
MEASURES = st.sampled_from([utf8_size, json_size])


def a_case(**changes: object) -> CaseWord:
    said: dict[str, object] = {
        "case_id": ID,
        "institution_id": "91320602MA1ABCDE16",
        "name": "示例艺术培训中心",
        "district_code": "320602",
        "rule_title": "24 小时大额流出",
        "severity": Severity.critical,
        "state": State.new,
        "sentence": "前 24 小时流出 1,234,567.00 元（5 笔），阈值 30%",
        "amount_fen": 123_456_700,
        "milestone": None,
        "due_at": None,
        **changes,
    }
    return CaseWord(**said)  # type: ignore[arg-type]


def blocks_of(number: int, length: int = 20) -> tuple[Block, ...]:
    return tuple(
        Block(Severity.warning, f"【黄】示例中心{n}", ("课" * length,), f"{URL}{n}")
        for n in range(number)
    )


def a_notice(number: int, length: int = 20) -> Notice:
    blocks = blocks_of(number, length)
    return Notice(CASES, blocks, counted(blocks), URL)


@given(text=TEXTS, limit=st.integers(CHARACTER_MAX, 200), measure=MEASURES)
def test_parts_joined_are_the_text_again_and_each_fits(
    text: str, limit: int, measure: Measure
) -> None:
    parts = split(text, limit, measure)
    assert "".join(parts) == text
    for part in parts:
        assert measure(part) <= limit
        assert part.encode().decode() == part


@given(lines=st.lists(st.text(st.sampled_from("课a1 "), max_size=20), min_size=1, max_size=40))
def test_a_line_that_fits_is_never_broken(lines: list[str]) -> None:
    parts = split("\n".join(lines), 80)
    for part in parts[:-1]:
        assert part.endswith("\n")


@given(lines=st.lists(st.text(st.sampled_from("课a1 "), max_size=20), min_size=1, max_size=40))
def test_no_part_is_begun_while_the_next_line_fits_in_the_last(lines: list[str]) -> None:
    parts = split("\n".join(lines), 80)
    for part, after in pairwise(parts):
        line = after[: after.find("\n") + 1] or after
        assert utf8_size(part + line) > 80


def test_a_limit_below_one_character_is_refused() -> None:
    with pytest.raises(ValueError, match="6 bytes"):
        split("课", CHARACTER_MAX - 1)


def test_an_empty_text_is_one_empty_part() -> None:
    assert split("", 100) == [""]


@given(
    number=st.integers(0, 120),
    length=st.integers(0, 300),
    limit=st.sampled_from([Limit(2_048, 5, 20), WECOM, DINGTALK, Limit(200_000, 1, 60)]),
    style=st.sampled_from([MARKDOWN, SPACED, PLAIN]),
)
def test_every_part_with_its_footer_is_within_the_limit(
    number: int, length: int, limit: Limit, style: object
) -> None:
    parts = parts_of(a_notice(number, length), ID, limit, style)  # type: ignore[arg-type]
    assert 1 <= len(parts) <= limit.parts
    for place, part in enumerate(parts, start=1):
        said = marked(part, ID, (place, len(parts)), is_again=True)
        assert limit.measure(said) <= limit.part
        assert ID.hex[-12:] in said
        assert f"（{place}/{len(parts)}）" in said


@given(number=st.integers(1, 120), length=st.integers(0, 300))
def test_every_case_is_told_or_counted_and_as_many_are_told_as_fit(
    number: int, length: int
) -> None:
    notice = a_notice(number, length)
    whole = "".join(parts_of(notice, ID, WECOM, MARKDOWN))
    told = whole.count("[查看](")
    assert ("另有" in whole) == (told < number)
    if told < number:
        assert f"另有 {number - told} 件未逐条列出" in whole
        room = WECOM.part - utf8_size(marked("", ID, (9, 9), is_again=True))
        assert len(split(text_of(notice, told + 1, MARKDOWN), room)) > WECOM.parts


def test_a_brief_notice_says_counts_and_a_link() -> None:
    (said,) = parts_of(a_notice(3), ID, WECOM, MARKDOWN, is_brief=True)
    assert said == f"**一课监管提醒：黄 3**\n\n另有 3 件未逐条列出\n[查看全部]({URL})"


def test_a_case_says_institution_rule_amount_threshold_due_and_link() -> None:
    case = a_case(milestone="acknowledge", due_at=NOW + timedelta(hours=2))
    block = case_block(case, URL, NOW, is_over=False)
    assert block == Block(
        Severity.critical,
        "【红】示例艺术培训中心｜24 小时大额流出",
        (
            "前 24 小时流出 1,234,567.00 元（5 笔），阈值 30%",
            "涉及金额：1,234,567.00 元",
            "状态：新发现；受理期限：2026-11-20 11:12",
        ),
        f"{URL}{ID}",
    )


@pytest.mark.parametrize(
    ("changes", "is_over", "line"),
    [
        ({"due_at": NOW, "milestone": "close"}, False, "状态：新发现；办结期限：2026-11-20 09:12"),
        (
            {"due_at": NOW - timedelta(seconds=1), "milestone": "close"},
            False,
            "状态：新发现；办结期限：2026-11-20 09:11，已逾期",
        ),
        ({"state": State.rectifying}, False, "状态：整改中"),
        ({"state": State.closed}, True, "案件已办结"),
        ({"state": State.new}, True, "提醒已解除，案件尚未办结，状态：新发现"),
    ],
)
def test_the_last_line_says_where_a_case_stands(
    changes: dict[str, object], is_over: bool, line: str
) -> None:
    block = case_block(a_case(**changes), URL, NOW, is_over=is_over)
    assert block.lines[-1] == line
    assert block.head.startswith("【解除】" if is_over else "【红】")


def test_no_amount_is_said_where_there_is_none() -> None:
    block = case_block(a_case(amount_fen=0), URL, NOW, is_over=False)
    assert not any("涉及金额" in line for line in block.lines)


def test_an_institution_without_a_name_is_said_by_its_id() -> None:
    assert "91320602MA1ABCDE16" in case_block(a_case(name=None), URL, NOW, is_over=False).head


@pytest.mark.parametrize(
    ("given_text", "said"),
    [
        ("账号 6222020000000000011 转出", "账号 *** 转出"),
        ("电话13800000000", "电话***"),
        ("流出 12,345,678.00 元", "流出 12,345,678.00 元"),
        ("12345678", "12345678"),
        ("[点](http://evil.example)", "［点］(http://evil.example)"),
        ("a\r\nb\u2028c\u202ed\x00e", "a b c d e"),
        ("<@all> `x` *y* #z", "＜＠all＞ 'x' ＊y＊ ＃z"),
    ],
)
def test_text_of_others_is_one_line_without_markup_and_long_numbers(
    given_text: str, said: str
) -> None:
    assert plain(given_text).replace("＊＊＊", "***") == said


def test_text_of_others_is_bounded() -> None:
    assert plain("课" * 1_000, 10) == "课" * 9 + "…"
    assert plain("课" * 10, 10) == "课" * 10


@given(text=st.text(max_size=300))
def test_no_long_number_ever_comes_through(text: str) -> None:
    said = plain(text + "6222020000000000011")
    digits = [one for one in said if one.isdigit()]
    assert "6222020000000000011" not in said
    assert len(digits) < len(text) + 9


def test_a_fault_links_to_its_runbook_and_to_nothing_that_is_no_link() -> None:
    said = {"summary": "流水中断", "description": " ", "runbook_url": "https://r.example/A"}
    block = fault_block(Severity.warning, "TuitionBankFeedStale", said, is_over=False)
    assert block == Block(
        Severity.warning, "【黄】TuitionBankFeedStale", ("流水中断",), "https://r.example/A"
    )
    wrong = {"runbook_url": "https://r.example/A) [x](http://evil.example"}
    assert fault_block(Severity.info, "A", wrong, is_over=True).url == ""


def test_blocks_are_read_open_first_and_the_gravest_first() -> None:
    over = Block(Severity.critical, "over", is_over=True)
    info, red = Block(Severity.info, "info"), Block(Severity.critical, "red")
    assert [one.head for one in in_order([over, info, red])] == ["red", "info", "over"]


def test_a_title_counts_by_severity_and_end() -> None:
    over = Block(Severity.critical, "over", is_over=True)
    counts = counted([over, *blocks_of(2)], 3, Severity.info)
    assert Notice(CASES, (), counts, URL).title == "一课监管提醒：黄 2、提示 3、解除 1"
    assert Notice(CASES, (), {}, URL).title == "一课监管提醒"


@pytest.mark.parametrize(
    ("notice", "severity"),
    [
        (Notice(CASES, (), {"critical": 1, "info": 2}, URL), Severity.critical),
        (Notice(CASES, (), {"warning": 1}, URL), Severity.warning),
        (Notice(CASES, (), {}, URL), Severity.info),
        (
            Notice(CASES, (Block(Severity.critical, "x", is_over=True),), {"over": 1}, URL),
            Severity.critical,
        ),
    ],
)
def test_a_notice_is_as_grave_as_the_gravest_it_counts(notice: Notice, severity: Severity) -> None:
    assert notice.severity is severity


def test_a_digest_counts_all_and_names_the_gravest() -> None:
    red = Block(Severity.critical, "red", ("long",), URL)
    notices = [a_notice(8), Notice(CASES, (red,), {"critical": 5}, URL), a_notice(9)]
    made = digest(notices)
    assert made.counts == {"warning": 17, "critical": 5}
    assert made.total == 22
    assert len(made.blocks) == LISTED_MAX
    assert made.blocks[0] == Block(Severity.critical, "red", (), URL)
    assert digest([made, made]).total == 44


@given(number=st.integers(0, 30), more=st.integers(0, 10**6))
def test_a_notice_comes_back_from_the_outbox_as_it_was(number: int, more: int) -> None:
    blocks = blocks_of(number)
    notice = Notice(CASES, blocks, counted(blocks, more, Severity.critical), URL)
    assert unpacked(packed(notice)) == notice
