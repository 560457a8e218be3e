"""How much text a workbook's cells come to, before a reader of values copies it for each cell.

Excel keeps a text once, however many cells have it, so a small file may come to gigabytes.
"""

import re
from typing import Final
from xml.parsers import expat

from registry_sync.domain.words import BatchFault
from registry_sync.source.markup import parse
from registry_sync.source.refusals import BatchRefused

TEXT_MAX: Final = 64 * 1_048_576
"""Bytes of the text of all cells: 200,000 rows of a list have 335 each, and need under 250."""

_FREE_BYTES: Final = 1_048_576
"""A sheet whose bound is below is not counted cell by cell."""

_HEAD: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^<>]*\?>\s*)?<sst[^<>]*[^<>/]>")
_STRING: Final = re.compile(rb'<si>(?:<t ?/>|<t(?: xml:space="preserve")?>([^<]*)</t>)</si>')
_CELL: Final = re.compile(
    rb'<c r="[A-Z]{1,3}\d{1,7}"(?: s="\d{1,5}")?'
    rb'(?:(?: t="[nb]")?(?: ?/>|></c>|><v>[^<]{0,40}</v></c>)'
    rb'| t="s"><v>(\d{1,9})</v></c>'
    rb'| t="inlineStr"><is><t(?: xml:space="preserve")?>([^<]*)</t></is></c>)'
)


class Texts:
    """The texts that cells share, and a count of what cells make of them."""

    def __init__(self, shared: bytes) -> None:
        """Take the part of texts; nothing where there is none."""
        self._total = 0
        self._lengths = _lengths(shared) if shared else []
        self._longest = max(self._lengths, default=0)

    def count(self, sheet: bytes) -> None:
        """Count the text of a sheet's cells.

        Raises:
            BatchRefused: when it and what was counted before are too much.

        """
        # A cell with a value begins at least two elements, however it is written.
        bound = len(sheet) + self._longest * (sheet.count(b"<") // 2)
        if bound > _FREE_BYTES:
            exact = self._exact(sheet)
            bound = bound if exact is None else exact
        self._total += bound
        if self._total > TEXT_MAX:
            sentence = (
                f"The cells hold more than {TEXT_MAX // 1_048_576} MiB of text: take out long"
                " notes, and paste the list alone as values into a new workbook."
            )
            raise BatchRefused(BatchFault.bomb, sentence)

    def _exact(self, sheet: bytes) -> int | None:
        """Return the text of a sheet whose cells are all written as usual, nothing for others."""
        found = total = 0
        known = len(self._lengths)
        for match in _CELL.finditer(sheet):
            found += 1
            number, said = match.groups()
            if number is not None:
                total += self._lengths[int(number)] if int(number) < known else self._longest
            elif said is not None:
                total += len(said)
        # Columns aside, whatever begins like a cell must have been one of those.
        begun = sheet.count(b"<c") - sheet.count(b"<cols>") - sheet.count(b"<col ")
        return total if found == begun and b":c" not in sheet else None


def _lengths(shared: bytes) -> list[int]:
    """Return the length of each text, at the most: notes on its sound count as well."""
    head, end = _HEAD.match(shared), shared.rfind(b"</sst>")
    if head and not shared[end + len(b"</sst>") :].strip():
        found = [match[1] for match in _STRING.finditer(shared, head.end(), end)]
        tags = sum(3 if text is None else 4 for text in found)
        if shared.count(b"<", head.end(), end) == tags:
            return [len(text or b"") for text in found]
    strings = _Strings()
    strings.read(shared)
    return strings.lengths


class _Strings:
    """Walks the part of texts that is not written as usual: texts in many fonts, say."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._is_within = False

    def read(self, part: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parse(parser, part)

    def _start(self, name: str, _said: dict[str, str]) -> None:
        if name.rpartition(" ")[2] != "si":
            return
        if self._is_within:
            # Readers would differ on which text is which.
            sentence = "The workbook's markup is damaged: save it anew."
            raise BatchRefused(BatchFault.not_a_sheet, sentence)
        self._is_within = True
        self.lengths.append(0)

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2] == "si":
            self._is_within = False

    def _text(self, said: str) -> None:
        if self._is_within:
            self.lengths[-1] += len(said.encode())
