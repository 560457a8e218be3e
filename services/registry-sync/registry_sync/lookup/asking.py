"""What one asks for by a line of text: a credit code, or a part of a name."""

import re
from typing import Final

from registry_sync.mirror.searching import Wanted
from registry_sync.mirror.terms import TERM, plain
from shared.errors import FieldError, Malformed
from shared.web.principals import area_stem

LINE_MAX: Final = 100
"""Characters of a line: longer than any institution's name."""

TOO_SHORT: Final = "search_too_short"
_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")


def wanted_of(
    line: str | None, *, district_code: str | None = None, status: str | None = None
) -> Wanted:
    """Return what is looked for.

    Raises:
        Malformed: for a line of fewer than two characters.

    """
    area = area_stem(district_code) if district_code else None
    if line is None:
        return Wanted(area=area, status=status)
    code = plain(line).upper()
    if _CODE.fullmatch(code):
        return Wanted(code=code, area=area, status=status)
    if len(plain(line)) < TERM:
        sentence = f"Must have at least {TERM} characters of a name, or a whole credit code."
        raise Malformed(sentence, errors=(FieldError("/query/q", TOO_SHORT, sentence),))
    return Wanted(name=line, area=area, status=status)
