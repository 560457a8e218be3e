"""Ids: the caller's, the service's and the bank line's.

Ids that a service makes are UUIDv7.
An instruction's id ends in twelve zero bits, and its lines carry the same id with their
line number in those bits: a line's end-to-end id names its instruction without an index.
"""

import re
from typing import Final
from uuid import UUID, SafeUUID

from uuid_utils import uuid7

LINES_MAX = 4_095
"""Lines an instruction can number in the twelve bits that its id leaves free."""

_LINE_BITS = 0xFFF
_SPELLING: Final = re.compile(r"[0-9a-f]{32}")


_make: Final = UUID.__new__
_set_int: Final = UUID.__dict__["int"].__set__
_set_is_safe: Final = UUID.__dict__["is_safe"].__set__
_UNKNOWN: Final = SafeUUID.unknown


def new_id() -> UUID:
    """Return a fresh UUIDv7.

    Filled field by field: a batch makes one id for every movement, and `UUID` looks at six
    forms of input before it takes an integer.
    """
    made = _make(UUID)
    _set_int(made, uuid7().int)
    _set_is_safe(made, _UNKNOWN)
    return made


def instruction_id(source: UUID) -> UUID:
    """Return an id like `source`, and of its type, whose last twelve bits are free."""
    return type(source)(f"{source.int & ~_LINE_BITS:032x}")


def end_to_end_id(instruction: UUID, line_no: int) -> str:
    """Return the 32-character id under which a bank books one line of an instruction."""
    if not 1 <= line_no <= LINES_MAX:
        message = f"line_no must lie in 1..{LINES_MAX}"
        raise ValueError(message)
    return f"{instruction.int | line_no:032x}"


def parse_end_to_end_id(text: str) -> tuple[UUID, int] | None:
    """Return the instruction and line number that an end-to-end id names, or None."""
    number = int(text, 16) if _SPELLING.fullmatch(text) else 0
    line_no = number & _LINE_BITS
    return (UUID(int=number & ~_LINE_BITS), line_no) if line_no else None
