"""Records, what is held of them, and what sources say: by default all is well."""

from collections.abc import Iterable
from datetime import date

from registry_sync.domain.changes import Held
from registry_sync.domain.record import Key, Record, values_of
from registry_sync.domain.standing import Said

WELL: dict[str, str | None] = {
    "name": "示例青竹科技培训中心",
    "district_code": "320602",
    "category": "non_subject",
    "delivery": "offline",
    "status": "normal",
    "licensed": "yes",
    "registered": "yes",
    "valid_until": "2030-12-31",
    "white_listed": "yes",
    "black_listed": "no",
    "address": "示例路1号",
}
TODAY = date(2026, 11, 21)
SINCE = date(2026, 1, 5)
EVIDENCE = "ab" * 32


def a_record(number: int = 1, licence_no: str | None = None, **said: str | None) -> Record:
    """Return a record of institution and licence so-and-so."""
    licence_no = f"L{number}" if licence_no is None else licence_no
    return Record(f"I{number}", licence_no, values_of(WELL | said), SINCE, f"line {number}")


def held_of(*records: Record, missing_fulls: int = 0, is_gone: bool = False) -> dict[Key, Held]:
    """Return what is held once records were applied."""
    return {
        one.key: Held(
            one.digest,
            one.get("status") or "",
            one.get("district_code") or "",
            one.get("name") or "",
            one.get("black_listed") == "yes",
            missing_fulls,
            is_gone,
            one.stated,
            one.get("white_listed") == "yes",
        )
        for one in records
    }


def register_of(numbers: Iterable[int], **said: str | None) -> list[Record]:
    """Return one record of each number."""
    return [a_record(number, **said) for number in numbers]


def a_word(
    source: str = "national",
    rank: int = 1,
    licence_no: str = "L1",
    evidence: str = EVIDENCE,
    **said: str | None,
) -> Said:
    """Return what a source says of one site of institution I1: what is named, and all is well."""
    return Said(source, rank, ("I1", licence_no), values_of(WELL | said), SINCE, evidence)


def a_few_words(source: str, rank: int, licence_no: str = "L1", **said: str) -> Said:
    """Return what a source says that says nothing else."""
    return Said(source, rank, ("I1", licence_no), values_of(said), SINCE, EVIDENCE)
