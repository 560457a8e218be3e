"""How word to people reads, and how it fits what a robot takes.

A notice is a title, one block per case or fault, and a link; what it says comes from our own
tables, never from a caller's text alone, and holds no person and no account number: a run of
nine digits or more is masked, whatever it was.
Robots count bytes of UTF-8, not characters: a text is split at the borders of lines, a line only
where it alone is too long, and a character never. Every part says which notice it belongs to and
which part it is, so that people can tell a part that is missing and one that came twice.
What does not fit in the parts that one notice may have is counted, with a link to all of it.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from alerts.domain.casewords import SETTLED, STATES_ZH, Milestone, State
from alerts.domain.outcome import Severity
from alerts.domain.wording import when, yuan

NAME_MAX: Final = 100
SENTENCE_MAX: Final = 600
"""Characters of one line: a case then always fits in the smallest part a robot takes."""

LISTED_MAX: Final = 10
"""Cases that a digest names, the gravest: it must stay one message."""

PARTS_MAX: Final = 5
"""Messages of one notice: a quarter of what a robot takes in a minute."""

OVER: Final = "over"
"""What is counted under its end instead of a severity."""

LEVELS: Final[Mapping[str, str]] = MappingProxyType(
    {"critical": "红", "warning": "黄", "info": "提示", OVER: "解除"}
)
MILESTONES: Final[Mapping[Milestone, str]] = MappingProxyType(
    {
        Milestone.acknowledge: "受理",
        Milestone.interview: "约谈",
        Milestone.classify: "研判",
        Milestone.close: "办结",
        Milestone.recheck: "回头看",
    }
)

_DIGITS: Final = re.compile(r"\d{9,}")
_MASK: Final = "***"
_MARKUP: Final = str.maketrans(
    {"[": "［", "]": "］", "<": "＜", ">": "＞", "`": "'", "*": "＊", "#": "＃", "|": "｜"}
    | {"\\": "＼", "_": "＿", "~": "～", "@": "＠"}
)
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

Measure = Callable[[str], int]


def utf8_size(text: str) -> int:
    """Return the bytes of a text in UTF-8: what 企业微信 counts."""
    return len(text.encode())


def json_size(text: str) -> int:
    """Return the bytes of a text within JSON in UTF-8: what 钉钉 counts."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


@dataclass(frozen=True, slots=True)
class Limit:
    """What one kind of channel takes."""

    part: int
    """Bytes of one message."""
    parts: int
    """Messages of one notice."""
    per_minute: int
    measure: Measure = utf8_size


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of channel marks what is important and where lines end."""

    bold: str
    link: str
    newline: str


MARKDOWN: Final = Style("**{}**", "[{}]({})", "\n")
SPACED: Final = Style("**{}**", "[{}]({})", "  \n")
"""钉钉 joins lines that do not end in two blanks."""
PLAIN: Final = Style("{}", "{}：{}", "\n")


@dataclass(frozen=True, slots=True)
class Block:
    """What is said of one case or fault; `is_over` where it is said to have ended."""

    severity: Severity
    head: str
    lines: tuple[str, ...] = ()
    url: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel, before it is put into the channel's form."""

    topic: str
    blocks: tuple[Block, ...]
    counts: Mapping[str, int]
    """Everything it is about, by severity or `over`, whether a block says so or not."""
    url: str
    """Where all of it can be read."""

    @property
    def severity(self) -> Severity:
        """Return the gravest that it counts; what is over counts as its blocks do."""
        graves = [one for one in Severity if self.counts.get(one)]
        return max([*graves, *(one.severity for one in self.blocks)], key=_weight, default=_LEAST)

    @property
    def total(self) -> int:
        """Return how many cases or faults it is about."""
        return sum(self.counts.values())

    @property
    def title(self) -> str:
        """Say what it is about in one line: `一课监管提醒：红 1、黄 2`."""
        said = [
            f"{word} {self.counts[key]}" for key, word in LEVELS.items() if self.counts.get(key)
        ]
        return f"{self.topic}：{'、'.join(said)}" if said else self.topic


_LEAST: Final = Severity.info
CASES: Final = "一课监管提醒"
FAULTS: Final = "一课运维告警"


def _weight(severity: Severity) -> int:
    return severity.weight


def plain(text: str, most: int = SENTENCE_MAX) -> str:
    """Return a text on one line, without markup, control characters and long numbers."""
    kept = "".join(" " if _is_dropped(one) else one for one in text[: most * 2])
    line = _DIGITS.sub(_MASK, " ".join(kept.split())).translate(_MARKUP)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _is_dropped(character: str) -> bool:
    return unicodedata.category(character) in _DROPPED


@dataclass(frozen=True, slots=True)
class CaseWord:
    """What is known of a case that a notice is about."""

    case_id: UUID
    institution_id: str
    name: str | None
    district_code: str
    rule_title: str
    severity: Severity
    state: State
    sentence: str
    amount_fen: int
    milestone: Milestone | None
    due_at: datetime | None


def case_block(case: CaseWord, case_url: str, now: datetime, *, is_over: bool) -> Block:
    """Say what a case is: institution, rule, the sentence with amount and threshold, due, link.

    That an alert ended says little by itself: whether the case did, our own table says.
    """
    name = plain(case.name, NAME_MAX) if case.name else case.institution_id
    head = f"【{LEVELS[case.severity]}】{name}｜{plain(case.rule_title, NAME_MAX)}"
    lines = [plain(case.sentence)]
    if case.amount_fen > 0:
        lines.append(f"涉及金额：{yuan(case.amount_fen)}")
    state = STATES_ZH[case.state]
    if is_over:
        head = f"【解除】{name}｜{plain(case.rule_title, NAME_MAX)}"
        ended = case.state in SETTLED
        lines.append(f"案件{state}" if ended else f"提醒已解除，案件尚未办结，状态：{state}")
    else:
        lines.append(f"状态：{state}{_due(case, now)}")
    return Block(case.severity, head, tuple(lines), f"{case_url}{case.case_id}", is_over)


def _due(case: CaseWord, now: datetime) -> str:
    if case.due_at is None or case.milestone is None:
        return ""
    step = MILESTONES[case.milestone]
    late = "，已逾期" if case.due_at < now else ""
    return f"；{step}期限：{when(case.due_at)}{late}"


def fault_block(
    severity: Severity, alert: str, annotations: Mapping[str, str], *, is_over: bool
) -> Block:
    """Say what an operator's alert says of itself."""
    level = LEVELS[OVER] if is_over else LEVELS[severity]
    said = [annotations.get(name, "") for name in ("summary", "description")]
    url = annotations.get("runbook_url", "")
    return Block(
        severity,
        f"【{level}】{plain(alert, NAME_MAX)}",
        tuple(plain(one) for one in said if one.strip()),
        url if _URL.fullmatch(url) else "",
        is_over,
    )


_URL: Final = re.compile(r"https?://[!-'*-~]{1,300}")
"""A link without brackets, which would end it early."""


def counted(blocks: Iterable[Block], more: int = 0, severity: Severity = _LEAST) -> dict[str, int]:
    """Count blocks by severity or their end; `more` of a severity were not told one by one."""
    counts: dict[str, int] = {}
    for one in blocks:
        key = OVER if one.is_over else one.severity.value
        counts[key] = counts.get(key, 0) + 1
    if more:
        counts[severity.value] = counts.get(severity.value, 0) + more
    return counts


def in_order(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return blocks as they are read: what is open first, the gravest first."""
    return tuple(sorted(blocks, key=lambda one: (one.is_over, -one.severity.weight)))


def digest(notices: Sequence[Notice]) -> Notice:
    """Return one notice that stands for several: their counts, the gravest by name, a link."""
    counts: dict[str, int] = {}
    for notice in notices:
        for key, number in notice.counts.items():
            counts[key] = counts.get(key, 0) + number
    named = in_order(one for notice in notices for one in notice.blocks)[:LISTED_MAX]
    short = tuple(Block(one.severity, one.head, (), one.url, one.is_over) for one in named)
    return Notice(notices[0].topic, short, counts, notices[0].url)


def text_of(notice: Notice, told: int, style: Style) -> str:
    """Return the text with so many of its blocks told, the others counted."""
    lines = [style.bold.format(notice.title)]
    for one in notice.blocks[:told]:
        lines += ["", style.bold.format(one.head), *one.lines]
        if one.url:
            lines.append(style.link.format("查看", one.url))
    rest = notice.total - told
    if rest > 0:
        lines += ["", f"另有 {rest} 件未逐条列出", style.link.format("查看全部", notice.url)]
    return style.newline.join(lines)


def parts_of(
    notice: Notice, notice_id: UUID, limit: Limit, style: Style, *, is_brief: bool = False
) -> list[str]:
    """Return the texts to send, each within the limit and marked with the notice and its number.

    As many blocks are told as fit; the others are counted, and the same notice is always split
    the same way, so that a second try can go on where the first stopped.
    """
    room = limit.part - limit.measure(_footer(notice_id, 9, 9, is_again=True, newline="  \n"))

    def split_of(told: int) -> list[str]:
        return split(text_of(notice, told, style), room, limit.measure)

    low, high = 0, 0 if is_brief else len(notice.blocks)
    while low < high:
        middle = (low + high + 1) // 2
        if len(split_of(middle)) <= limit.parts:
            low = middle
        else:
            high = middle - 1
    return split_of(low)


def marked(text: str, notice_id: UUID, place: tuple[int, int], *, is_again: bool) -> str:
    """Return a part with its footer: which notice, which part, and whether it may be a repeat."""
    newline = "\n" if text.endswith("\n") else "  \n"
    return text + _footer(notice_id, *place, is_again=is_again, newline=newline)


def _footer(notice_id: UUID, number: int, of: int, *, is_again: bool, newline: str) -> str:
    again = "，可能重复" if is_again else ""
    return f"{newline}〔通知 {notice_id.hex[-12:]}（{number}/{of}）{again}〕"


def split(text: str, limit: int, measure: Measure = utf8_size) -> list[str]:
    """Split a text into parts of at most `limit` bytes that, joined, are the text again.

    At a border of lines where there is one; within a line that alone is too long; never within
    a character.

    Raises:
        ValueError: when the limit is below what one character may take.

    """
    if limit < CHARACTER_MAX:
        message = f"a part needs room for a character: {CHARACTER_MAX} bytes"
        raise ValueError(message)
    parts: list[str] = []
    part, size = "", 0
    for piece in _pieces(text, limit, measure):
        more = measure(piece)
        if size + more > limit:
            parts.append(part)
            part, size = "", 0
        part += piece
        size += more
    return [*parts, part] if part or not parts else parts


CHARACTER_MAX: Final = 6
"""Bytes of one character at most: four in UTF-8, six where JSON escapes it."""


def _pieces(text: str, limit: int, measure: Measure) -> Iterable[str]:
    """Return lines with their ends, and the characters of those that are too long."""
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        if measure(line) <= limit:
            yield line
        else:
            yield from line
