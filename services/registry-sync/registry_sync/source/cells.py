"""One cell of a source, read strictly: text, words, ids.

Text is normalised to NFKC, so that full-width and half-width spellings are one; runs of blanks
become one space and characters that show nothing are left out.
An id that arrives as a number is never repaired: a spreadsheet keeps 15 digits of its 18.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from enum import Enum
from operator import mul
from typing import Final, TypeAlias

from registry_sync.domain.words import RowFault
from shared.errors import YikeError


class Uncomputed(Enum):
    """A cell whose value the file does not hold."""

    formula = "formula"
    """Computed by a formula, of which the file holds no result, or an error as its result."""


Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | Uncomputed | None
"""What a reader of sheets or of JSON finds in a cell; anything else is `shape_wrong`."""

NAME_MAX: Final = 200
"""Characters of a name or a word: the longest registered names have under 100."""

ADDRESS_MAX: Final = 300
LICENCE_MAX: Final = 64
"""Characters of a licence number: the national ones have 15 digits, with words around them."""

_CODE_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE: Final = re.compile(r"[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}")
_CODE_VALUES: Final = {character: value for value, character in enumerate(_CODE_ALPHABET)}
_CODE_WEIGHTS: Final = (*(pow(3, place, 31) for place in range(17)), 1)
_PLAIN_LICENCE: Final = re.compile(rf"[0-9A-Z]{{1,{LICENCE_MAX}}}")
_LICENCE: Final = re.compile(rf"[\w()\[\]〔〕【】\-/.·#]{{1,{LICENCE_MAX}}}")
_SCIENTIFIC: Final = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+")
_DISTRICT: Final = re.compile(r"[1-9][0-9]{5}")

_UNSEEN: Final = dict.fromkeys(
    [0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)]
)
"""Characters that show nothing, or turn the direction of what follows."""


class CellFault(YikeError):
    """A cell cannot be read as what its column holds."""

    def __init__(self, reason: RowFault) -> None:
        """Take why."""
        super().__init__(reason.value)
        self.reason = reason


def text_of(cell: Cell, longest: int = NAME_MAX) -> str | None:
    """Return a text, None where the cell is empty.

    Raises:
        CellFault: when it is no text, has a control character, or is too long.

    """
    if cell is None:
        return None
    if type(cell) is not str:
        raise not_text(cell)
    # Before anything is made of it: normalising may lengthen a text eighteen times.
    if len(cell) > 2 * longest:
        raise CellFault(RowFault.shape_wrong)
    text = cell if cell.isascii() else unicodedata.normalize("NFKC", cell)
    if not text.isprintable():
        text = " ".join(_without_unseen(text).split())
    elif "  " in text or text[:1] == " " or text[-1:] == " ":
        text = " ".join(text.split())
    if len(text) > longest:
        raise CellFault(RowFault.shape_wrong)
    return text or None


def credit_code_of(cell: Cell) -> str | None:
    """Return a unified social credit code (GB 32100): 18 characters whose check digit fits.

    Raises:
        CellFault: when it is a number, or no such code.

    """
    # Most are written as they should be, and there are many.
    code = cell if type(cell) is str and _CODE.fullmatch(cell) else _identifier(cell)
    if code is not None and not (_CODE.fullmatch(code) and _checks(code)):
        raise CellFault(RowFault.credit_code_wrong)
    return code


def licence_of(cell: Cell) -> str | None:
    """Return a licence number: upper case, without spaces.

    Raises:
        CellFault: when it is a number, or has characters that no licence number has.

    """
    if type(cell) is str and _PLAIN_LICENCE.fullmatch(cell) and not _SCIENTIFIC.fullmatch(cell):
        return cell
    text = _identifier(cell)
    if text is not None and not _LICENCE.fullmatch(text):
        raise CellFault(RowFault.shape_wrong)
    return text


def district_of(cell: Cell) -> str | None:
    """Return a district's six digits; a number keeps all six, so it may be one."""
    if type(cell) is str and _DISTRICT.fullmatch(cell):
        return cell
    text = word_of(cell)
    if text is not None and not _DISTRICT.fullmatch(text):
        raise CellFault(RowFault.word_unknown)
    return text


def word_of(cell: Cell) -> str | None:
    """Return a text to look up in a closed set: a whole number is its digits."""
    if type(cell) is str:
        return text_of(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004
        return str(int(cell))
    if isinstance(cell, int):
        return str(cell)[:NAME_MAX]
    return text_of(cell)


def not_text(cell: object, reason: RowFault = RowFault.shape_wrong) -> CellFault:
    """Return why a cell that is no text cannot be read."""
    if isinstance(cell, Uncomputed):
        return CellFault(RowFault.formula_without_value)
    return CellFault(reason)


def _identifier(cell: Cell) -> str | None:
    if cell is None or isinstance(cell, str):
        text = text_of(cell)
    else:
        raise not_text(cell, RowFault.numeric_id)
    if text is None:
        return None
    text = text.replace(" ", "").upper()
    # A spreadsheet that saved a number as text has lost its last digits all the same.
    if _SCIENTIFIC.fullmatch(text):
        raise CellFault(RowFault.numeric_id)
    return text


def _checks(code: str) -> bool:
    """Tell whether the last character fits: as `stdnum` does, in a tenth of its time."""
    total: int = sum(map(mul, map(_CODE_VALUES.__getitem__, code), _CODE_WEIGHTS))
    return total % 31 == 0


def _without_unseen(text: str) -> str:
    """Leave out what shows nothing; blanks of any kind are for the caller to join."""
    text = text.translate(_UNSEEN)
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and not character.isspace():
            raise CellFault(RowFault.shape_wrong)
    return text
