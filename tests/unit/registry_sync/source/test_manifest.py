"""A manifest is believed as its source signed it, and in no other way."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry_sync.source.manifest import Manifest
from registry_sync.source.refusals import BatchRefused

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PART = {"url": "/full/1.gz", "sha256": "0" * 64, "count": 3, "bytes": 100}
PLAIN: dict[str, Any] = {
    "source": "national",
    "version": 17,
    "as_of": "2026-11-21T08:00:00+08:00",
    "valid_until": "2026-11-21T10:00:00+08:00",
    "update_cadence_s": 3_600,
    "schema_version": 1,
    "full": {"count": 3, "parts": [PART]},
    "deltas": [],
}


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signed(said: dict[str, Any], key: Ed25519PrivateKey = KEY) -> dict[str, Any]:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {**said, "signature": base64.b64encode(key.sign(text.encode())).decode()}


def fault_of(said: object, key: Ed25519PrivateKey = KEY) -> str:
    with pytest.raises(BatchRefused) as refused:
        Manifest.read(json.dumps(said).encode(), public(key))
    return refused.value.fault


def test_a_manifest_is_read_as_it_was_signed() -> None:
    said = signed({**PLAIN, "note": "说明"})
    found = Manifest.read(json.dumps(said, ensure_ascii=False).encode(), public(KEY))
    assert (found.version, found.full.count, found.full.parts[0].bytes) == (17, 3, 100)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 18},
        {"valid_until": "2036-11-21T10:00:00+08:00"},
        {"full": {"count": 3, "parts": [{**PART, "sha256": "1" * 64}]}},
        {"added": "afterwards"},
        {"signature": ""},
        {"signature": None},
        {"signature": "no base 64"},
    ],
)
def test_a_change_after_signing_is_noticed(change: dict[str, Any]) -> None:
    assert fault_of({**signed(PLAIN), **change}) == "signature_wrong"


def test_only_the_sources_own_key_signs() -> None:
    assert fault_of(signed(PLAIN, OTHER)) == "signature_wrong"
    assert fault_of(PLAIN) == "signature_wrong"


@pytest.mark.parametrize(
    "change",
    [
        {"version": -1},
        {"version": "seventeen"},
        {"valid_until": "2026-11-21T10:00:00"},
        {"full": {"count": 3, "parts": []}},
        {"full": {"count": 3, "parts": [PART] * 1_001}},
        {"full": {"count": 3, "parts": [{**PART, "bytes": 209_715_201}]}},
    ],
)
def test_what_was_signed_must_be_a_manifest_all_the_same(change: dict[str, Any]) -> None:
    assert fault_of(signed({**PLAIN, **change})) == "manifest_wrong"


@pytest.mark.parametrize("content", [b"", b"nothing", b"17", b'"text"', b"[" * 100_000])
def test_what_is_no_object_is_no_manifest(content: bytes) -> None:
    with pytest.raises(BatchRefused) as refused:
        Manifest.read(content, public(KEY))
    assert refused.value.fault == "manifest_wrong"


def test_a_version_counts_until_the_source_says() -> None:
    found = Manifest.read(json.dumps(signed(PLAIN)).encode(), public(KEY))
    assert not found.is_over(datetime(2026, 11, 21, 2, tzinfo=UTC))
    assert found.is_over(datetime(2026, 11, 21, 2, 0, 1, tzinfo=UTC))


def chained(*pairs: tuple[int, int]) -> Manifest:
    deltas = [{**PART, "from": before, "to": after} for before, after in pairs]
    return Manifest.read(json.dumps(signed({**PLAIN, "deltas": deltas})).encode(), public(KEY))


@pytest.mark.parametrize(
    ("pairs", "ends"),
    [
        ([(15, 16), (16, 17)], [16, 17]),
        ([(15, 17)], [17]),
        ([(16, 17)], None),
        ([(15, 16)], None),
        ([(15, 15)], None),
        ([(15, 16), (16, 15)], None),
    ],
)
def test_deltas_lead_from_a_version_to_the_newest_or_nowhere(
    pairs: list[tuple[int, int]], ends: list[int] | None
) -> None:
    chain = chained(*pairs).chain(15)
    assert (chain and [one.to_version for one in chain]) == ends
