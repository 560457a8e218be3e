"""The sources, the fetches and the sheets that wait, as the overview shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry_sync.mirror.fetched import Fetched
from registry_sync.mirror.imported import Imported
from registry_sync.pages.wording import Word, moment_text
from registry_sync.pulling.freshness import Freshness
from registry_sync.supervision.wording import (
    KINDS,
    SOURCE_KINDS,
    ago_text,
    count_text,
    result_word,
    short_moment_text,
    span_text,
)

FRESH: Final = Word("good", "按时更新", "")
STALE: Final = Word(
    "warn",
    "名单未更新",
    "名单没有按时更新，现在的情况可能已经不同；更新之前，不会按它冻结任何机构。",
)
_COUNTS: Final = {
    "added": "新增",
    "modified": "变更",
    "revoked": "吊销",
    "restored": "恢复",
    "missing": "缺失",
    "unchanged": "不变",
    "set_aside": "未采用",
}


@dataclass(frozen=True, slots=True)
class SourceCard:
    """One source as it is shown."""

    title: str
    name: str
    kind: str
    badge: Word
    result: Word
    lines: list[tuple[str, str, str]]
    """Facts: what, which, and how long ago."""


@dataclass(frozen=True, slots=True)
class FetchLine:
    """One fetch in the list."""

    fetch_id: str
    source: str
    kind: str
    version: str
    started_at: str
    started: str
    """The same in short, without this year."""
    result: Word
    set_aside: str
    """How many rows were not believed; empty where all were."""


@dataclass(frozen=True, slots=True)
class ImportCard:
    """One sheet that waits to be accepted."""

    import_id: str
    fetch_id: str
    source: str
    file_name: str
    uploaded_by: str
    uploaded_at: str
    counts: list[tuple[str, str]]


def source_card(one: Freshness, now: datetime) -> SourceCard:
    """Return a source as it is shown."""
    state = one.state
    version = count_text(state.version) if one.source.kind == "platform" else "表格没有版本号"
    return SourceCard(
        title=one.source.title or one.source.name,
        name=one.source.name,
        kind=f"{SOURCE_KINDS[one.source.kind]}；第{one.source.rank}级",
        badge=STALE if one.is_stale else FRESH,
        result=result_word(state.last_result),
        lines=[
            _timed("上次成功", state.last_success_at, now),
            _timed("上次尝试", state.last_tried_at, now),
            _timed("上次变化", state.last_change_at, now),
            _timed("名单日期", state.as_of, now),
            ("版本", version, ""),
            ("更新频率", f"应每{span_text(timedelta(seconds=one.cadence_s))}一次", ""),
        ],
    )


def fetch_line(one: Fetched, titles: Mapping[str, str], now: datetime) -> FetchLine:
    """Return a fetch as it stands in the list."""
    return FetchLine(
        fetch_id=str(one.fetch_id),
        source=titles.get(one.source, one.source),
        kind=KINDS[one.kind],
        version="" if one.version is None else count_text(one.version),
        started_at=moment_text(one.started_at),
        started=short_moment_text(one.started_at, now),
        result=result_word(one.result),
        set_aside=count_text(one.set_aside) if one.set_aside else "",
    )


def import_card(one: Imported, titles: Mapping[str, str], now: datetime) -> ImportCard:
    """Return a sheet that waits as it is shown."""
    return ImportCard(
        import_id=str(one.import_id),
        fetch_id=str(one.fetch_id),
        source=titles.get(one.source, one.source),
        file_name=one.file_name,
        uploaded_by=one.uploaded_by,
        uploaded_at=short_moment_text(one.uploaded_at, now),
        counts=[(words, f"{one.counts.get(name, 0):,}") for name, words in _COUNTS.items()],
    )


def _timed(what: str, moment: datetime | None, now: datetime) -> tuple[str, str, str]:
    return what, short_moment_text(moment, now), ago_text(moment, now)
