"""Sheets that bureaus send: nothing in them may hurt, and nothing of them is guessed."""

from typing import Final

from tests.guards.guard import Edit, Guard

_REGISTRY: Final = "services/registry-sync/registry_sync/"
_SOURCE: Final = f"{_REGISTRY}source/"
_CELLS: Final = f"{_SOURCE}cells.py"
_PACKAGE: Final = f"{_SOURCE}package.py"
_MARKUP: Final = f"{_SOURCE}markup.py"
_IMPORTS: Final = f"{_REGISTRY}imports/api.py"
_SHEETS: Final = f"{_REGISTRY}sync/sheets.py"
_UNIT: Final = "tests/unit/registry_sync/source/"
_READ: Final = f"{_UNIT}test_sheets.py::"
_OPENED: Final = f"{_UNIT}test_package.py::"
_BROUGHT: Final = "tests/integration/registry/test_imports.py::"

GUARDS: Final = (
    Guard(
        "An id that is a number is never repaired",
        (
            Edit(
                _CELLS,
                "        raise not_text(cell, RowFault.numeric_id)\n",
                "        text = word_of(cell)\n",
            ),
        ),
        (f"{_UNIT}test_cells.py::test_an_id_that_is_a_number_is_never_repaired",),
    ),
    Guard(
        "An id that was a number is not believed as text",
        (
            Edit(_CELLS, "    if _SCIENTIFIC.fullmatch(text):\n", "    if False:\n"),
            Edit(_CELLS, " and not _SCIENTIFIC.fullmatch(cell)", ""),
        ),
        (f"{_UNIT}test_cells.py::test_a_licence_number_keeps_its_own_form",),
    ),
    Guard(
        "A credit code has its check digit",
        (Edit(_CELLS, " and _checks(code)", ""),),
        (f"{_UNIT}test_cells.py::test_a_credit_code_is_checked",),
    ),
    Guard(
        "A formula without a result is not an empty cell",
        (
            Edit(
                _MARKUP,
                "if self._is_error or (self._is_formula and not self._has_value):",
                "if self._is_error:",
            ),
        ),
        (f"{_READ}test_a_formula_without_a_value_is_set_aside_and_one_with_a_value_is_read",),
    ),
    Guard(
        "An error in a cell is not an empty cell",
        (
            Edit(
                _MARKUP,
                "if self._is_error or (self._is_formula and not self._has_value):",
                "if self._is_formula and not self._has_value:",
            ),
        ),
        (f"{_READ}test_an_error_in_a_cell_is_not_an_empty_cell",),
    ),
    Guard(
        "A sheet has so many rows and no more",
        (
            Edit(
                f"{_SOURCE}sheets.py",
                "            if self._rows > ROWS_MAX:\n",
                "            if False:\n",
            ),
        ),
        (f"{_READ}test_too_many_rows_are_refused",),
    ),
    Guard(
        "A cell far out takes no room",
        (
            Edit(_MARKUP, "    if column > COLUMNS_MAX:\n", "    if False:\n"),
            Edit(_MARKUP, "    if row > _LAST_ROW:\n", "    if False:\n"),
        ),
        (f"{_READ}test_a_cell_far_out_takes_no_room",),
    ),
    Guard(
        "A file too large is not read",
        (Edit(f"{_SOURCE}sheets.py", "    if len(content) > SIZE_MAX:\n", "    if False:\n"),),
        (f"{_READ}test_a_file_too_large_is_refused",),
    ),
    Guard(
        "A hidden sheet is not read",
        (Edit(f"{_SOURCE}workbook.py", 'if said.get("state", "") not in _SEEN:', "if False:"),),
        (f"{_READ}test_hidden_sheets_are_not_read_and_hidden_rows_and_columns_are_told",),
    ),
    Guard(
        "Two rows of one licence that differ are both set aside",
        (Edit(f"{_SOURCE}gathered.py", "            self._spoil(key)\n", "            pass\n"),),
        (f"{_UNIT}test_parse.py::test_rows_of_one_site_that_differ_are_all_set_aside",),
    ),
    Guard(
        "A row beside one that cannot be read is not believed",
        (
            Edit(
                f"{_SOURCE}gathered.py", "            self._spoil(row.key)\n", "            pass\n"
            ),
        ),
        (f"{_UNIT}test_parse.py::test_a_row_beside_one_that_cannot_be_read_is_not_believed",),
    ),
    Guard(
        "A field twice in a line is not believed",
        (Edit(f"{_SOURCE}lines.py", "    if len(found) != len(pairs):\n", "    if False:\n"),),
        (f"{_UNIT}test_lines.py::test_a_broken_line_is_set_aside_alone",),
    ),
    Guard(
        "A workbook with macros is refused",
        (
            Edit(
                _PACKAGE,
                'if any(word in name for word in _MACROS for name in self._parts) or b"macro" in',
                'if b"macro" in',
            ),
        ),
        (f"{_OPENED}test_macros_are_refused",),
    ),
    Guard(
        "A workbook that may have macros is refused",
        (Edit(_PACKAGE, ' or b"macro" in types', ""),),
        (f"{_OPENED}test_a_workbook_that_may_have_macros_is_refused",),
    ),
    Guard(
        "A workbook that takes values from elsewhere is refused",
        (Edit(_PACKAGE, "any(name.startswith(_LINKS) for name in self._parts)", "False"),),
        (f"{_OPENED}test_links_to_other_files_are_refused",),
    ),
    Guard(
        "A workbook that points to other files is refused",
        (Edit(f"{_SOURCE}workbook.py", "        _refuse_links(package)\n", ""),),
        (f"{_OPENED}test_a_relation_to_another_file_is_refused_and_a_hyperlink_is_not",),
    ),
    Guard(
        "A part that defines entities is refused",
        (Edit(_PACKAGE, 'b"<!DOCTYPE" in content or b"<!ENTITY" in content', "False"),),
        (f"{_OPENED}test_a_part_that_defines_entities_is_refused",),
    ),
    Guard(
        "A part in another encoding hides no entities",
        (
            Edit(
                _PACKAGE,
                """b"\\0" in content or (said and said[1].lower() not in _ENCODINGS)""",
                "False",
            ),
        ),
        (f"{_OPENED}test_a_part_in_another_encoding_is_refused",),
    ),
    Guard(
        "A part unpacks to so many times its size and no more",
        (
            Edit(
                _PACKAGE,
                "if one.file_size > _FREE_BYTES + RATIO_MAX * one.compress_size:",
                "if False:",
            ),
        ),
        (f"{_OPENED}test_a_bomb_is_not_unpacked",),
    ),
    Guard(
        "A workbook unpacks to so much and no more",
        (
            Edit(
                _PACKAGE,
                "if sum(one.file_size for one in self._parts.values()) > UNPACKED_MAX:",
                "if False:",
            ),
        ),
        (f"{_OPENED}test_many_parts_that_unpack_to_too_much_are_a_bomb",),
    ),
    Guard(
        "A text is not copied for each of the cells that share it",
        (
            Edit(
                f"{_SOURCE}texts.py", "        if self._total > TEXT_MAX:\n", "        if False:\n"
            ),
        ),
        (f"{_OPENED}test_a_text_that_many_cells_share_is_not_copied_for_each",),
    ),
    Guard(
        "A list of a workbook's parts is small",
        (Edit(_PACKAGE, "        self._bound_lists()\n", ""),),
        (f"{_OPENED}test_a_list_of_parts_is_small",),
    ),
    Guard(
        "A part is not unpacked past the size that it states",
        (
            Edit(
                _PACKAGE,
                "                while piece := packed.read(_PIECE_BYTES):\n"
                "                    buffer += piece\n",
                "                buffer += packed.read()\n",
            ),
        ),
        (f"{_OPENED}test_a_part_that_lies_about_its_size_takes_no_room",),
    ),
    Guard(
        "A workbook has no two parts of one name",
        (Edit(_PACKAGE, "        if name in found:\n", "        if False:\n"),),
        (f"{_OPENED}test_two_parts_of_one_name_are_refused",),
    ),
    Guard(
        "A sheet is accepted by an officer",
        (
            Edit(
                _IMPORTS,
                "    registry: Shared, principal: Officer, import_id",
                "    registry: Shared,\n"
                "    principal: Annotated[Principal, Depends(allow(*Role))],\n"
                "    import_id",
            ),
        ),
        (f"{_BROUGHT}test_only_an_officer_accepts_a_sheet",),
    ),
    Guard(
        "A sheet is brought by an officer",
        (
            Edit(
                _IMPORTS,
                "    principal: Officer,\n    source: SourcePath,",
                "    principal: Annotated[Principal, Depends(allow(*Role))],\n"
                "    source: SourcePath,",
            ),
        ),
        (f"{_BROUGHT}test_who_may_bring_a_sheet_and_where",),
    ),
    Guard(
        "A sheet is accepted once",
        (
            Edit(
                f"{_REGISTRY}sync/sheets.py",
                '    if row.state != "preview" and not row.is_broken_off:\n',
                "    if False:\n",
            ),
        ),
        (f"{_BROUGHT}test_what_an_officer_accepts_applies_once",),
    ),
    Guard(
        "An older sheet is not accepted after a newer one",
        (
            Edit(
                f"{_REGISTRY}sync/sheets.py",
                " WHERE source = :source AND import_id <= :id",
                " WHERE source = :source AND import_id = :id",
            ),
        ),
        (f"{_BROUGHT}test_a_newer_sheet_that_was_accepted_ends_older_previews",),
    ),
    Guard(
        "A sheet is brought by who may decide for its district",
        (
            Edit(
                _SHEETS,
                "    if not all(area_covers(by.area_code, one) for one in found):\n",
                "    if False:\n",
            ),
        ),
        (f"{_BROUGHT}TestADistrictsOfficer::test_brings_no_institution_of_another",),
    ),
    Guard(
        "A sheet is accepted by who may decide for its district",
        (Edit(_SHEETS, "    await _refuse_outside(database, held, kept.parsed, by)\n", ""),),
        (f"{_BROUGHT}TestADistrictsOfficer::test_accepts_no_list_that_reaches_further",),
    ),
    Guard(
        "A sheet leaves out nothing of another district",
        (
            Edit(
                _SHEETS,
                "for name, _ in [*held, *(one.key for one in parsed.records)]",
                "for name, _ in [one.key for one in parsed.records]",
            ),
        ),
        (f"{_BROUGHT}TestADistrictsOfficer::test_leaves_out_no_institution_of_another",),
    ),
    Guard(
        "Of two sheets accepted at one moment the newer applies",
        (
            Edit(
                f"{_REGISTRY}sync/accept.py",
                "if arrived.import_id is not None and await",
                "if False and await",
            ),
        ),
        (f"{_BROUGHT}test_of_two_sheets_accepted_at_one_moment_the_newer_applies",),
    ),
)
