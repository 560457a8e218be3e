"""HTTP: bounds, shapes, and that nothing of the input or of us is told to whoever asks."""

from typing import Final

from tests.guards.guard import Edit, Guard

_WEB: Final = "shared/shared/web/"
_UNIT: Final = "tests/unit/shared/web/"
_EDGE: Final = f"{_UNIT}test_edge.py::"
_BODIES: Final = f"{_UNIT}test_bodies.py::"
_PROBLEMS: Final = f"{_UNIT}test_problems.py::"

GUARDS: Final = (
    Guard(
        "A body that says it is over the limit is not read",
        (Edit(f"{_WEB}edge.py", " or (length.isdigit() and int(length) > body_max)", ""),),
        (f"{_EDGE}test_a_declared_body_over_the_limit_is_refused_unread",),
    ),
    Guard(
        "A body that does not say how long it is, is counted",
        (Edit(f"{_WEB}edge.py", "        if size > body_max:", "        if False:"),),
        (f"{_EDGE}test_a_chunked_body_over_the_limit_is_refused",),
    ),
    Guard(
        "A length beyond all numbers is refused",
        (Edit(f"{_WEB}edge.py", "len(length) > len(str(body_max)) or ", ""),),
        (f"{_EDGE}test_a_length_beyond_all_numbers_is_refused",),
    ),
    Guard(
        "Requests in work are bounded",
        (Edit(f"{_WEB}edge.py", "if self._in_work > IN_WORK_MAX:", "if False:"),),
        (f"{_EDGE}test_a_flood_is_told_to_come_back",),
    ),
    Guard(
        "No path has NUL in it",
        (Edit(f"{_WEB}edge.py", 'if "\\0" in scope["path"]:', "if False:"),),
        (f"{_EDGE}test_strange_addresses_are_refused_not_failed",),
    ),
    Guard(
        "No query has NUL in it",
        (Edit(f"{_WEB}queries.py", 'if b"%00" in query or b"\\0" in query:', "if False:"),),
        (f"{_UNIT}test_queries.py::test_all_else_is_refused",),
    ),
    Guard(
        "No body has NUL in it",
        (Edit(f"{_WEB}bodies.py", "    if _NUL in raw:", "    if False:"),),
        (f"{_BODIES}test_a_wrong_field_is_named",),
    ),
    Guard(
        "A batch has at most a thousand items, which is 413",
        (Edit(f"{_WEB}bodies.py", "if any(map(_is_full_batch, found)):", "if False:"),),
        (f"{_BODIES}test_the_limit_fits_and_one_more_does_not",),
    ),
    Guard(
        "A field that nobody knows is refused",
        (Edit(f"{_WEB}fields.py", 'extra="forbid", strict=True', 'extra="ignore", strict=True'),),
        (f"{_BODIES}test_a_wrong_field_is_named",),
    ),
    Guard(
        "A number is a number, not a text or a truth",
        (
            Edit(
                f"{_WEB}fields.py",
                "Field(ge=1, le=LESSON_NO_MAX, strict=True)",
                "Field(ge=1, le=LESSON_NO_MAX, strict=False)",
            ),
        ),
        (f"{_BODIES}test_a_wrong_field_is_named",),
    ),
    Guard(
        "An amount is from 1 to 10 to the 15",
        (
            Edit(
                f"{_WEB}fields.py",
                "FenField = Annotated[Fen, Field(ge=1, le=FEN_MAX, strict=True",
                "FenField = Annotated[Fen, Field(strict=True",
            ),
        ),
        (
            (
                "tests/integration/escrow/test_acceptance.py"
                "::test_an_amount_is_a_whole_number_from_1_to_10_to_the_15"
            ),
        ),
    ),
    Guard(
        "An institution's id has its check digit",
        (
            Edit(
                f"{_WEB}fields.py",
                "if uscc.calc_check_digit(institution_id[:17]) != institution_id[17]:",
                "if False:",
            ),
        ),
        (f"{_UNIT}test_fields.py::test_of_an_institution_id_the_check_digit_is_verified",),
    ),
    Guard(
        "A time has its offset",
        (
            Edit(f"{_WEB}fields.py", 'tz_constraint="aware"', "tz_constraint=None"),
            Edit(f"{_WEB}fields.py", 'f"^{_DAY}[Tt]{_TIME}{_OFFSET}$"', 'f"^{_DAY}[Tt]{_TIME}"'),
        ),
        (f"{_UNIT}test_fields.py::test_an_instant_is_rfc_3339_with_its_offset",),
    ),
    Guard(
        "A name is given once in an object",
        (Edit(f"{_WEB}bodies.py", "        refuse_repeated_names(raw, body)", "        pass"),),
        (f"{_BODIES}test_a_name_given_twice_is_refused",),
    ),
    Guard(
        "A query parameter is given once",
        (Edit(f"{_WEB}queries.py", "if len(set(names)) != len(names):", "if False:"),),
        (f"{_UNIT}test_queries.py::test_all_else_is_refused",),
    ),
    Guard(
        "A query parameter that a route does not have is refused",
        (
            Edit(
                f"{_WEB}queries.py",
                "if known is not None and not known.issuperset(names):",
                "if False:",
            ),
        ),
        (f"{_UNIT}test_queries.py::test_a_misspelt_filter_is_refused",),
    ),
    Guard(
        "A cursor's parts are of their kinds",
        (Edit(f"{_WEB}paging.py", " or not all(map(_fits, parts, kinds)):", ":"),),
        (f"{_UNIT}test_paging.py::test_garbage_is_refused",),
    ),
    Guard(
        "A cursor nested without end is no fault of ours",
        (Edit(f"{_WEB}paging.py", ", binascii.Error, RecursionError)", ", binascii.Error)"),),
        (f"{_UNIT}test_paging.py::test_a_cursor_nested_without_end_is_refused",),
    ),
    Guard(
        "A problem tells no more than twenty faults",
        (
            Edit(
                f"{_WEB}problems.py", "for error in islice(found, ERRORS_MAX)", "for error in found"
            ),
            Edit(f"{_WEB}problems.py", "fault.errors[:ERRORS_MAX]", "fault.errors"),
        ),
        (f"{_BODIES}test_a_thousand_faults_are_told_as_twenty",),
    ),
    Guard(
        "A problem names fields only where their names are ours",
        (
            Edit(
                f"{_WEB}problems.py",
                "        if isinstance(step, str) and not _is_ours(step):\n            break\n",
                "",
            ),
        ),
        (f"{_BODIES}test_nothing_that_was_sent_comes_back",),
    ),
    Guard(
        "A problem's sentences are ours",
        (Edit(f"{_WEB}problems.py", "    if kind not in _FOREIGN:", "    if True:"),),
        (f"{_PROBLEMS}test_what_pydantic_says_of_the_input_is_never_passed_on",),
    ),
    Guard(
        "A fault of ours tells the caller nothing of itself",
        (
            Edit(
                f"{_WEB}problems.py",
                "_answer(request, ServiceError(INTERNAL))",
                "_answer(request, ServiceError(str(error)))",
            ),
        ),
        (f"{_PROBLEMS}test_a_fault_of_ours_tells_the_caller_nothing_of_itself",),
    ),
    Guard(
        "A body read wrongly leaves nothing of itself in a log",
        (
            Edit(f"{_WEB}fields.py", ", hide_input_in_errors=True", ""),
            Edit(f"{_WEB}bodies.py", "raise _refusal(found) from None", "raise _refusal(found)"),
        ),
        (f"{_BODIES}test_a_refusal_carries_nothing_of_the_body",),
    ),
    Guard(
        "A caller's request id is taken only where it is harmless",
        (
            Edit(
                f"{_WEB}edge.py",
                "if given is not None and _SANE_ID.fullmatch(given):",
                "if given is not None:",
            ),
        ),
        (
            f"{_EDGE}test_a_sane_request_id_is_kept",
            f"{_EDGE}test_an_endless_request_id_is_replaced",
        ),
    ),
    Guard(
        "Callers cannot make series: methods",
        (Edit(f"{_WEB}edge.py", ' if scope["method"] in _METHODS else "other"', ""),),
        (f"{_EDGE}test_invented_methods_make_one_series",),
    ),
    Guard(
        "Callers cannot make series: paths",
        (Edit(f"{_WEB}edge.py", "scope.get(TEMPLATE, UNMATCHED)", 'scope["path"]'),),
        (f"{_EDGE}test_paths_that_nobody_has_make_one_series",),
    ),
    Guard(
        "No answer is kept by what lies between",
        (Edit(f"{_WEB}edge.py", '    (b"cache-control", b"no-store"),\n', ""),),
        (f"{_EDGE}test_no_answer_may_be_cached",),
    ),
    Guard(
        "No line of a log names a person or an account",
        (
            Edit(
                "shared/shared/log.py",
                "return name in _PRIVATE_NAMES or name.startswith(_PRIVATE_PREFIXES)",
                "return False",
            ),
        ),
        ("tests/unit/shared/test_log.py::test_private_values_are_replaced",),
    ),
    Guard(
        "No cell of a sheet is run as a formula",
        (
            Edit(
                "services/escrow/escrow/custody/sheets.py",
                """return f"'{text}" if text.startswith(_FORMULA) else text""",
                "return text",
            ),
        ),
        (
            (
                "tests/unit/escrow/custody/test_sheets.py"
                "::test_what_a_spreadsheet_would_run_is_opened_with_an_apostrophe"
            ),
        ),
    ),
    Guard(
        "A failing round ends no loop",
        (
            Edit(
                "shared/shared/work/loop.py",
                "        except Exception as error:",
                "        except ZeroDivisionError as error:",
            ),
        ),
        ("tests/unit/shared/work/test_loop.py::test_a_fault_ends_a_round_and_not_the_loop",),
    ),
)
