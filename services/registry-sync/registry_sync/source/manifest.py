"""What a platform publishes: its version, its files, and the signature over both."""

import base64
import binascii
import json
from datetime import datetime
from typing import Annotated, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from registry_sync.domain.words import BatchFault
from registry_sync.source.refusals import BatchRefused

PARTS_MAX: Final = 1_000
"""Files of one full snapshot: two million records at 2,000 each."""

MANIFEST_BYTES_MAX: Final = 1_048_576
"""A manifest of a thousand parts has a quarter of it."""

_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0, le=10_000_000)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class File(_Shape):
    """One file to download: a gzip of one record a line."""

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    sha256: _Hash
    count: _Count
    bytes: Annotated[int, Field(ge=1, le=209_715_200)]


class Full(_Shape):
    """Everything, cut into parts."""

    count: _Count
    parts: Annotated[list[File], Field(min_length=1, max_length=PARTS_MAX)]


class Delta(File):
    """What changed between two versions."""

    from_version: Annotated[int, Field(alias="from", ge=0)]
    to_version: Annotated[int, Field(alias="to", ge=0)]


class Manifest(_Shape):
    """One version of a source, as it describes itself."""

    source: str
    version: Annotated[int, Field(ge=0, le=2**62)]
    as_of: AwareDatetime
    valid_until: AwareDatetime
    update_cadence_s: Annotated[int, Field(ge=1, le=31_622_400)]
    schema_version: Annotated[int, Field(ge=0, le=1_000_000)]
    full: Full
    deltas: Annotated[list[Delta], Field(max_length=PARTS_MAX)] = []

    @classmethod
    def read(cls, content: bytes, public_key: str) -> Self:
        """Return the manifest, its signature checked first.

        Raises:
            BatchRefused: `signature_wrong`, or `manifest_wrong` where it is not one.

        """
        try:
            found = json.loads(content)
            described = dict(found)
        except (ValueError, TypeError, RecursionError):
            raise _wrong() from None
        _check(described, public_key)
        try:
            return cls.model_validate(described)
        except ValidationError:
            raise _wrong() from None

    def is_over(self, now: datetime) -> bool:
        """Tell whether the source itself says that this version no longer counts."""
        return self.valid_until < now

    def chain(self, version: int) -> list[Delta] | None:
        """Return the deltas that lead from a version to this one; None where there are none."""
        by_start = {one.from_version: one for one in self.deltas}
        found = []
        while version != self.version:
            one = by_start.get(version)
            if one is None or one.to_version <= version:
                return None
            found.append(one)
            version = one.to_version
        return found


def _check(found: dict[str, object], public_key: str) -> None:
    signed = {name: value for name, value in found.items() if name != "signature"}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        signature = base64.b64decode(str(found.get("signature", "")), validate=True)
        key.verify(signature, text.encode())
    except (InvalidSignature, binascii.Error, ValueError):
        sentence = "The manifest's signature does not fit the source's key."
        raise BatchRefused(BatchFault.signature_wrong, sentence) from None


def _wrong() -> BatchRefused:
    return BatchRefused(BatchFault.manifest_wrong, "The manifest cannot be read as one.")
