"""The parts of an XLSX file, taken out of a zip that may be meant to hurt.

Nothing is unpacked before its size is bounded, and no part may define entities.
Whoever reads the workbook is given only parts that were looked at here.
"""

import io
import re
import zipfile
import zlib
from typing import Final

from registry_sync.domain.words import BatchFault
from registry_sync.source.refusals import BatchRefused

PARTS_MAX: Final = 1_000
UNPACKED_MAX: Final = 256 * 1_048_576
"""Bytes of all parts: 200,000 rows of 20 columns are about 160 MB."""

RATIO_MAX: Final = 100
"""How much larger a part may be than its packed form: sheets of equal cells come to 40."""

WORKBOOK: Final = "xl/workbook.xml"
RELATIONS: Final = "xl/_rels/workbook.xml.rels"
STRINGS: Final = "xl/sharedstrings.xml"
"""Where calamine looks for it, whatever the relations say."""

CONTENT_TYPES: Final = "[content_types].xml"

LIST_MAX: Final = 1_048_576
"""Bytes of the list of sheets or of their parts: all elements of it are held at once."""

LINKS_MAX: Final = 16 * 1_048_576
"""Bytes of what a sheet points to: Excel allows it 65,530 hyperlinks."""

_FREE_BYTES: Final = 1_048_576
_PIECE_BYTES: Final = 1_048_576
_PROLOG_BYTES: Final = 256
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP: Final = b"PK\x03\x04"
_MACROS: Final = ("vbaproject", "xl/macrosheets/", "xl/activex/", "xl/dialogsheets/")
_LINKS: Final = ("xl/externallinks/", "xl/connections.xml", "xl/querytables/", "xl/webextensions/")
_ENCODING: Final = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']""")
_ENCODINGS: Final = frozenset({b"utf-8", b"utf8", b"us-ascii"})
_PLAIN_WAYS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


class Package:
    """The parts of an XLSX file by their names in lower case."""

    def __init__(self, content: bytes) -> None:
        """Look at what the zip says it holds; unpack nothing yet.

        Raises:
            BatchRefused: when it is no workbook, would unpack too far, or has more than values.

        """
        if content.startswith(_OLE):
            sentence = "This is an old or protected workbook: save it as .xlsx without a password."
            raise BatchRefused(BatchFault.not_a_sheet, sentence)
        if not content.startswith(_ZIP):
            raise BatchRefused(BatchFault.not_a_sheet, "This is no XLSX workbook.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _BROKEN as error:
            sentence = "The workbook ends before its end, or is damaged."
            raise BatchRefused(BatchFault.truncated, sentence) from error
        self._parts = _by_name(self._zip.infolist())
        self._bound()
        self._bound_lists()
        if not {WORKBOOK, CONTENT_TYPES} <= self._parts.keys():
            raise BatchRefused(BatchFault.not_a_sheet, "The file holds no XLSX workbook.")
        self._only_values()

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a part of that name."""
        return name in self._parts

    def part(self, name: str) -> bytes:
        """Return a part, which is XML in UTF-8 without a document type.

        Raises:
            BatchRefused: when it is not.

        """
        buffer = bytearray()
        try:
            with self._zip.open(self._parts[name]) as packed:
                # In pieces: asked for all at once, a part is inflated past the size it states.
                while piece := packed.read(_PIECE_BYTES):
                    buffer += piece
        except KeyError as error:
            sentence = f"The workbook has no part {name}."
            raise BatchRefused(BatchFault.not_a_sheet, sentence) from error
        except _BROKEN as error:
            sentence = f"The workbook's part {name} is damaged."
            raise BatchRefused(BatchFault.truncated, sentence) from error
        content = bytes(buffer)
        _look_at(name, content)
        return content

    def related(self) -> list[str]:
        """Return the names of the parts that say what belongs to what."""
        return [name for name in self._parts if name.endswith(".rels")]

    def _bound(self) -> None:
        if len(self._parts) > PARTS_MAX:
            sentence = f"The workbook has more than {PARTS_MAX:,} parts."
            raise BatchRefused(BatchFault.bomb, sentence)
        if sum(one.file_size for one in self._parts.values()) > UNPACKED_MAX:
            sentence = f"The workbook unpacks to more than {UNPACKED_MAX // 1_048_576} MiB."
            raise BatchRefused(BatchFault.bomb, sentence)
        for name, one in self._parts.items():
            if one.file_size > _FREE_BYTES + RATIO_MAX * one.compress_size:
                sentence = f"The workbook's part {name} unpacks to over {RATIO_MAX} times its size."
                raise BatchRefused(BatchFault.bomb, sentence)
            if one.flag_bits & 1 or one.compress_type not in _PLAIN_WAYS:
                sentence = "The workbook is protected or packed in an unusual way: save it anew."
                raise BatchRefused(BatchFault.not_a_sheet, sentence)

    def _bound_lists(self) -> None:
        for name, one in self._parts.items():
            is_list = name in {WORKBOOK, RELATIONS, CONTENT_TYPES}
            most = LIST_MAX if is_list else LINKS_MAX
            if (is_list or name.endswith(".rels")) and one.file_size > most:
                sentence = (
                    f"The workbook's part {name} is larger than {most // 1_048_576} MiB:"
                    " paste the list alone as values into a new workbook."
                )
                raise BatchRefused(BatchFault.too_large, sentence)

    def _only_values(self) -> None:
        types = self.part(CONTENT_TYPES).lower()
        if any(word in name for word in _MACROS for name in self._parts) or b"macro" in types:
            sentence = "The workbook has macros or controls: save it as .xlsx without them."
            raise BatchRefused(BatchFault.macros, sentence)
        if any(name.startswith(_LINKS) for name in self._parts):
            sentence = "The workbook takes values from other places: paste them as values."
            raise BatchRefused(BatchFault.external_links, sentence)


def _by_name(parts: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for part in parts:
        name = part.filename.replace("\\", "/").lstrip("/").lower()
        if name in found:
            sentence = f"The workbook has two parts {name}: readers would differ on which counts."
            raise BatchRefused(BatchFault.not_a_sheet, sentence)
        found[name] = part
    return found


def _look_at(name: str, content: bytes) -> None:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        sentence = f"The workbook's part {name} defines entities."
        raise BatchRefused(BatchFault.entities, sentence)
    said = _ENCODING.match(content[:_PROLOG_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip())
    if b"\0" in content or (said and said[1].lower() not in _ENCODINGS):
        sentence = f"The workbook's part {name} is not in UTF-8: save it anew."
        raise BatchRefused(BatchFault.not_a_sheet, sentence)
