"""Every reason has its sentences, and they say what to do."""

from enum import StrEnum
from typing import Any

import pytest

from registry_sync.domain.words import BatchFault, HoldReason, RowFault
from registry_sync.supervision import reasons, wording
from registry_sync.supervision.reasons import Reason

TABLES: list[tuple[type[StrEnum], dict[Any, Reason]]] = [
    (RowFault, reasons.ROWS),
    (BatchFault, reasons.BATCHES),
    (HoldReason, reasons.HOLDS),
]
EVERY = [(word, table[word]) for words, table in TABLES for word in words if word in table]


@pytest.mark.parametrize(("words", "table"), TABLES, ids=lambda one: getattr(one, "__name__", ""))
def test_every_word_has_a_reason(words: type[StrEnum], table: dict[Any, Reason]) -> None:
    assert set(table) == set(words)


@pytest.mark.parametrize(("word", "reason"), EVERY, ids=lambda one: str(one)[:20])
def test_a_reason_is_a_title_and_whole_sentences(word: str, reason: Reason) -> None:
    assert 2 < len(reason.title) <= 16
    assert not reason.title.endswith("。")
    for sentence in (reason.meaning, reason.advice):
        assert len(sentence) > 8
        assert sentence.endswith("。")
        assert word not in sentence, "in Chinese, not in our words"


def test_no_two_reasons_of_a_kind_are_called_alike() -> None:
    for _, table in TABLES:
        assert len({one.title for one in table.values()}) == len(table)


def test_a_word_is_found_by_what_is_stored() -> None:
    assert reasons.row_reason("numeric_id") is reasons.ROWS[RowFault.numeric_id]
    assert reasons.hold_reason("empty") is reasons.HOLDS[HoldReason.empty]
    assert reasons.batch_reason("bomb") is reasons.BATCHES[BatchFault.bomb]


def test_a_word_of_another_release_is_said_to_be_unknown_and_not_repeated() -> None:
    assert reasons.row_reason("brand_new") is reasons.OTHERWISE
    assert reasons.hold_reason("brand_new") is reasons.OTHERWISE
    assert reasons.batch_reason("brand_new") is None
    assert "brand_new" not in str(wording.result_word("brand_new"))


def test_what_is_withheld_says_what_did_not_take_effect() -> None:
    for reason in reasons.HOLDS.values():
        assert "没有生效" in reason.meaning or "暂不采信" in reason.meaning


def test_a_batch_that_was_refused_says_that_what_was_good_still_counts() -> None:
    for fault in BatchFault:
        word = wording.result_word(fault)
        assert word.tone == "bad"
        assert "原来的名单照旧有效。" in word.meaning
