"""Spoil the list as the switches say, and never the register itself.

Which rows are struck depends on the seed alone, so that a switch left on strikes the same
rows in every version.
"""

import re
from collections.abc import Callable
from datetime import date
from itertools import islice
from random import Random
from typing import Any

from sandbox.platform.faults import Faults
from sandbox.platform.listings import CLOSED, NORMAL, REVOKED, line_of, site_of
from sandbox.platform.register import Register

UNKNOWN_STATUS = "待核查"
"""A status that no mapping names."""

DRIFTED_COLUMN = "creditLevel"
"""The column that nobody announced."""

_NORMAL = f'"orgStatus":"{NORMAL}"'.encode()
_LICENSED = b'"hasLicence":"1"'
_VALID_TO = re.compile(rb'"licenceValidTo":"[^"]*"')
_DIGITS = "0123456789"

Spoil = Callable[[dict[str, Any]], bytes]


def spoiled(register: Register, faults: Faults, today: date, *, is_closed: bool) -> list[bytes]:
    """Return one entry per site as it is to be listed: its line, or two, or half of one.

    `is_closed` says where the flapping institution stands in this version.
    """
    if faults.empty:
        return []
    lines = list(register.lines)
    if faults.schema_drift:
        lines = [line[:-1] + f',"{DRIFTED_COLUMN}":"A"}}'.encode() for line in lines]
    _drop_validity(lines, register, faults)
    if faults.flap and is_closed:
        _strike(lines, _draw(register, faults, "flap", 1, _NORMAL), _standing(CLOSED, today))
    revoked = _draw(register, faults, "mass_revoke", faults.mass_revoke, _NORMAL)
    _strike(lines, revoked, _standing(REVOKED, today))
    _mismatch(lines, register, faults)
    for name, spoil in _ROWS.items():
        _strike(lines, _draw(register, faults, name, getattr(faults, name)), spoil)
    for place in _draw(register, faults, "broken_line", faults.broken_line):
        text = lines[place].decode()
        lines[place] = text[: len(text) // 2].encode()
    return lines[: len(lines) // 2] if faults.half else lines


def _draw(
    register: Register, faults: Faults, name: str, count: int, among: bytes = b""
) -> list[int]:
    """Draw places of the register, among the lines that hold some bytes."""
    if count <= 0:
        return []
    chance = Random(f"{faults.seed}:{name}")
    order = chance.sample(range(register.founded), register.founded)
    return list(islice((place for place in order if among in register.lines[place]), count))


def _strike(lines: list[bytes], places: list[int], spoil: Spoil) -> None:
    for place in places:
        lines[place] = spoil(site_of(lines[place].partition(b"\n")[0]))


def _drop_validity(lines: list[bytes], register: Register, faults: Faults) -> None:
    count = round(faults.fill_drop * register.founded)
    for place in _draw(register, faults, "fill_drop", count):
        lines[place] = _VALID_TO.sub(b'"licenceValidTo":""', lines[place])


def _mismatch(lines: list[bytes], register: Register, faults: Faults) -> None:
    """List licences under the credit code of the next institution drawn."""
    if not faults.mismatched_licence:
        return
    name, count = "mismatched_licence", faults.mismatched_licence
    places = _draw(register, faults, name, count + 1, _LICENSED)
    codes = [site_of(register.lines[place])["uscc"] for place in places]
    for place, code in zip(places[:-1], codes[1:], strict=True):
        lines[place] = line_of({**site_of(lines[place]), "uscc": code})


def _standing(status: str, today: date) -> Spoil:
    return lambda site: line_of({**site, "orgStatus": status, "changedOn": str(today)})


def _unknown_status(site: dict[str, Any]) -> bytes:
    return line_of({**site, "orgStatus": UNKNOWN_STATUS})


def _bad_code(site: dict[str, Any]) -> bytes:
    """Count the check digit one up."""
    code = site["uscc"]
    wrong = _DIGITS[(_DIGITS.find(code[-1]) + 1) % len(_DIGITS)]
    return line_of({**site, "uscc": code[:-1] + wrong})


def _numeric_id(site: dict[str, Any]) -> bytes:
    """Write both ids as numbers, as a spreadsheet on the way would have."""
    code = "".join(sign if sign in _DIGITS else "0" for sign in site["uscc"])
    licence = "".join(sign for sign in site["licenceNo"] if sign in _DIGITS)
    return line_of({**site, "uscc": int(code), "licenceNo": int(licence or 0)})


def _twice(site: dict[str, Any]) -> bytes:
    other = {**site, "address": f"{site['address']}之二"}
    return line_of(site) + b"\n" + line_of(other)


_ROWS: dict[str, Spoil] = {
    "unknown_status": _unknown_status,
    "bad_codes": _bad_code,
    "numeric_ids": _numeric_id,
    "duplicate_rows": _twice,
}
