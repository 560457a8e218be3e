"""Finding a name by a part of it: every two neighbouring characters are a term.

Chinese has no blanks to cut words by, and names are found by two characters; an index over
pairs answers both without an extension of the database.
"""

import unicodedata
from typing import Final

TERM: Final = 2
"""Characters of a term, and the fewest one can search by."""


def plain(name: str) -> str:
    """Return a name as it is compared: full and half width alike, no blanks, no case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def terms_of(name: str | None) -> list[str]:
    """Return the pairs of neighbouring characters of a name, each once."""
    found = plain(name or "")
    return list(dict.fromkeys(found[at : at + TERM] for at in range(len(found) - TERM + 1)))
