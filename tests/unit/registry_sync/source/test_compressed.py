"""Gunzipping: whole files come out whole, bombs and broken files do not."""

import gzip
import os
import tracemalloc

import pytest

from registry_sync.source.compressed import gunzipped
from registry_sync.source.refusals import BatchRefused

MB = 1_048_576


def unpacked(content: bytes, limit: int = 64 * MB, ratio: int = 100) -> bytes:
    return b"".join(gunzipped(content, limit, ratio))


def fault_of(content: bytes, limit: int = 64 * MB, ratio: int = 100) -> str:
    with pytest.raises(BatchRefused) as refused:
        unpacked(content, limit, ratio)
    assert refused.value.detail.endswith(".")
    return refused.value.fault


@pytest.mark.parametrize("size", [0, 1, 100_000, 3 * MB])
def test_what_was_packed_comes_out(size: int) -> None:
    content = os.urandom(size)
    assert unpacked(gzip.compress(content)) == content


def test_several_files_in_one_come_out_one_after_the_other() -> None:
    assert unpacked(gzip.compress(b"a" * 70_000) + gzip.compress(b"b")) == b"a" * 70_000 + b"b"


def test_a_file_that_grows_too_far_is_a_bomb() -> None:
    assert fault_of(gzip.compress(bytes(3 * MB)), ratio=100) == "bomb"
    assert fault_of(gzip.compress(os.urandom(2 * MB)), limit=MB) == "bomb"
    assert fault_of(gzip.compress(b"") * 1_001) == "bomb"


def test_a_bomb_is_left_before_it_grows() -> None:
    bomb = gzip.compress(bytes(200 * MB))
    tracemalloc.start()
    assert fault_of(bomb, limit=10 * MB, ratio=10_000) == "bomb"
    (_, peak) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * MB


def test_a_file_cut_anywhere_is_truncated() -> None:
    whole = gzip.compress(os.urandom(1_000))
    for length in [0, 1, 9, 10, 500, len(whole) - 8, len(whole) - 1]:
        assert fault_of(whole[:length]) == "truncated"


def test_what_is_no_gzip_file_is_refused() -> None:
    whole = gzip.compress(os.urandom(1_000))
    flipped = whole[:500] + bytes([whole[500] ^ 1]) + whole[501:]
    for content in (b"{}", b"PK\x03\x04", whole + b"more", flipped):
        assert fault_of(content) == "truncated"
