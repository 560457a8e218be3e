"""One row of a source, in our words.

A record is what one source says of one site: an institution (统一社会信用代码) under one
licence (办学许可证编号). Several sites may share a credit code.
Its values stand in the order of `FIELDS` as canonical text, None where the source says
nothing: text is what is compared, hashed, stored and shown, whatever the source wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Final, TypeAlias

from registry_sync.domain.words import RowFault, Status

FIELDS: Final = (
    "name",
    "district_code",
    "category",
    "delivery",
    "status",
    "licensed",
    "registered",
    "valid_until",
    "white_listed",
    "black_listed",
    "address",
)
"""What a source may say of a site.

`category` is `subject` or `non_subject`, `delivery` `offline`, `online` or `both`, `status`
one of `Status`; `licensed`, `registered`, `white_listed` and `black_listed` are `yes` or
`no`; `valid_until` is `YYYY-MM-DD`, or `LONG_TERM`.
"""

LONG_TERM: Final = "9999-12-31"
"""长期: a validity without an end."""

Key: TypeAlias = tuple[str, str]
"""A site: institution_id, licence_no (empty where there is no licence)."""

_BITS: Final = tuple(1 << place for place in range(len(FIELDS)))
_PLACES: Final = {name: place for place, name in enumerate(FIELDS)}
_STATUS: Final = _PLACES["status"]
_BLACK: Final = _PLACES["black_listed"]
_DIGEST_BYTES: Final = 12
_NOTHING: Final = "\0"


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of one site."""

    institution_id: str
    licence_no: str
    values: tuple[str | None, ...]
    since: date | None = None
    """The authority's day from which on this holds; None: from the source's `as_of` on."""

    where: str = ""
    """Where it stood: `line 17`, `白名单!C17`."""

    @property
    def key(self) -> Key:
        """Return the site it speaks of."""
        return (self.institution_id, self.licence_no)

    def get(self, name: str) -> str | None:
        """Return what it says of one field."""
        return self.values[_PLACES[name]]

    @property
    def stated(self) -> int:
        """Return which fields it states: one bit each, in the order of `FIELDS`."""
        bits = [bit for bit, value in zip(_BITS, self.values, strict=True) if value is not None]
        return sum(bits)

    @property
    def digest(self) -> bytes:
        """Return a hash of what it says: equal digests say the same."""
        said = "\x1f".join(_NOTHING if value is None else value for value in self.values)
        since = self.since.isoformat() if self.since else ""
        return blake2b(f"{said}\x1e{since}".encode(), digest_size=_DIGEST_BYTES).digest()


def speaks_ill(values: Sequence[str | None]) -> bool:
    """Tell whether values take a licence away, or put a site on a black list."""
    return values[_STATUS] == Status.revoked or values[_BLACK] == "yes"


def values_of(given: Mapping[str, str | None]) -> tuple[str | None, ...]:
    """Return values in the order of `FIELDS`; what is not given is not said."""
    return tuple(given.get(name) for name in FIELDS)


@dataclass(frozen=True, slots=True)
class SetAside:
    """One row that is not believed, by where it stood, never by what it held."""

    where: str
    reason: RowFault
    field: str | None = None
    key: Key | None = None
    """The site, where that much could be read."""


@dataclass(slots=True)
class Parsed:
    """What a batch holds: records to believe, rows set aside, remarks for the reader."""

    records: list[Record] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
