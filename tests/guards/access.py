"""Who may call what, and about whom."""

from typing import Final

from tests.guards.guard import Edit, Guard

_WEB: Final = "shared/shared/web/"
_ESCROW: Final = "services/escrow/escrow/"
_KEYS: Final = "tests/unit/shared/web/test_keys.py::"
_TESTS: Final = "tests/integration/escrow/"
_WALK: Final = f"{_TESTS}test_access_walk.py::"
_ANOTHERS: Final = (f"{_WALK}test_another_partys_data_is_neither_read_nor_written",)

GUARDS: Final = (
    Guard(
        "A route admits its roles alone",
        (Edit(f"{_WEB}principals.py", "if principal.role not in self.roles:", "if False:"),),
        ("tests/unit/shared/web/test_principals.py::test_a_route_admits_its_roles",),
    ),
    Guard(
        "A key's secret proves it",
        (
            Edit(
                f"{_WEB}keys.py",
                "not hmac.compare_digest(known.digest, digest_of(secret)) or ",
                "",
            ),
        ),
        (f"{_KEYS}test_a_wrong_secret_is_refused",),
    ),
    Guard(
        "A revoked key is not read",
        (
            Edit(
                f"{_WEB}keys.py",
                "api_key.c.prefix == prefix, api_key.c.revoked_at.is_(None))",
                "api_key.c.prefix == prefix)",
            ),
        ),
        ("tests/integration/shared/test_keys.py::test_a_revoked_key_is_refused",),
    ),
    Guard(
        "A revoked key that is in use holds for a second at most",
        (
            Edit(
                f"{_WEB}keys.py",
                "    api_key.c.revoked_at.is_(None),\n",
                "",
            ),
        ),
        ("tests/integration/shared/test_keys.py::test_a_revoked_key_in_use_holds_for_a_second",),
    ),
    Guard(
        "A key revoked here is refused at once",
        (
            Edit(
                f"{_ESCROW}access/api.py",
                '        raise NotKnown\n    escrow.keys.forget(record["prefix"])\n',
                "        raise NotKnown\n",
            ),
        ),
        (f"{_TESTS}test_access.py::test_a_revoked_key_is_refused_at_once",),
    ),
    Guard(
        "No stale key is believed while the database fails",
        (
            Edit(
                f"{_WEB}keys.py",
                "        if known is None or known.until < time.monotonic():\n",
                "        if known is None:\n",
            ),
        ),
        (f"{_KEYS}test_while_the_database_fails_no_stale_key_is_believed",),
    ),
    Guard(
        "A flood of keys stays bounded",
        (Edit(f"{_WEB}keys.py", "if len(self._known) > KEYS_MAX:", "if False:"),),
        (f"{_KEYS}test_a_flood_of_keys_stays_bounded",),
    ),
    Guard(
        "A key takes the scope of its role and no other",
        (
            Edit(
                f"{_ESCROW}access/service.py", "if not scope_fits(Role(role), scope):", "if False:"
            ),
        ),
        (f"{_TESTS}test_access.py::test_the_command_line_refuses_a_scope_that_does_not_fit",),
    ),
    Guard(
        "An institution asks for itself alone",
        (
            Edit(
                f"{_WEB}principals.py",
                "    if own is not None and institution_id not in {None, own}:\n"
                "        raise NotAllowed\n",
                "",
            ),
            Edit(
                f"{_WEB}principals.py",
                "    asked = own or institution_id\n",
                "    asked = institution_id or own\n",
            ),
        ),
        (
            (
                "tests/unit/shared/web/test_principals.py"
                "::test_an_institutions_key_may_leave_the_institution_out"
            ),
        ),
    ),
    Guard(
        "An institution releases its own lessons alone",
        (
            Edit(
                f"{_ESCROW}releases/api.py",
                "if body.institution_id != principal.institution_id:",
                "if False:",
            ),
        ),
        _ANOTHERS,
    ),
    Guard(
        "An institution registers its own contracts alone",
        (
            Edit(
                f"{_ESCROW}contracts/api.py",
                "if any(signed.institution_id != principal.institution_id"
                " for signed in body.items):",
                "if False:",
            ),
        ),
        _ANOTHERS,
    ),
    Guard(
        "An institution's key acts on that institution alone",
        (
            Edit(
                f"{_ESCROW}edge.py",
                "            if principal.institution_id != institution_id:",
                "            if False:",
            ),
        ),
        _ANOTHERS,
    ),
    Guard(
        "A bank acts on its own accounts alone",
        (
            Edit(
                f"{_ESCROW}edge.py",
                "            if principal.bank_id != bank_id:",
                "            if False:",
            ),
        ),
        _ANOTHERS,
    ),
    Guard(
        "An authority acts within its district alone",
        (
            Edit(
                f"{_ESCROW}edge.py",
                "    if not area_covers(principal.district_code, district):\n"
                "        raise NotAllowed\n",
                "",
            ),
        ),
        _ANOTHERS,
    ),
    Guard(
        "An authority describes what is its own already",
        (
            Edit(
                f"{_ESCROW}custody/api.py",
                "        await _may_move_here(request, principal, institution_id)\n",
                "",
            ),
        ),
        (f"{_WALK}test_a_district_supervisor_cannot_pull_an_institution_into_its_district",),
    ),
    Guard(
        "An authority moves nothing out of its district",
        (
            Edit(
                f"{_ESCROW}custody/api.py",
                "        if not area_covers(principal.district_code, body.district_code):\n"
                "            raise NotAllowed\n",
                "",
            ),
        ),
        (f"{_WALK}test_a_district_supervisor_cannot_push_an_institution_into_another_district",),
    ),
    Guard(
        "A bank does not file over another bank's account",
        (
            Edit(
                f"{_ESCROW}custody/banks.py",
                "if held_by is not None and held_by != principal.bank_id:",
                "if False:",
            ),
        ),
        (f"{_WALK}test_a_bank_cannot_take_over_another_banks_account",),
    ),
    Guard(
        "A family sees its own contract alone",
        (
            Edit(
                f"{_ESCROW}contracts/reading_api.py",
                'if found is None or guardian_ref not in {None, found["guardian_ref"]}:',
                "if found is None:",
            ),
        ),
        (f"{_TESTS}test_contract_reading.py::test_a_family_sees_its_own_contract_alone",),
    ),
    Guard(
        "A family asks for its own refund alone",
        (
            Edit(
                f"{_ESCROW}refunds/api.py",
                "if own is None or found.guardian_ref != own:",
                "if own is None:",
            ),
        ),
        (f"{_TESTS}test_refunds.py::test_a_family_asks_for_its_own_contract_alone",),
    ),
    Guard(
        "A city's app says whom it speaks for",
        (
            Edit(
                f"{_ESCROW}contracts/reading_api.py",
                "if own is None and named is None:",
                "if False:",
            ),
        ),
        (f"{_TESTS}test_contract_reading.py::test_a_citys_app_says_whom_it_speaks_for",),
    ),
    Guard(
        "A bank reads its own reconciliations alone",
        (
            Edit(
                f"{_ESCROW}bank/statements_api.py",
                " or principal.bank_id not in {None, found.bank_id}:",
                ":",
            ),
            Edit(
                f"{_ESCROW}bank/statements_api.py",
                "found.span.institution_id, bank_id=found.bank_id)",
                "found.span.institution_id, bank_id=principal.bank_id)",
            ),
        ),
        (f"{_TESTS}test_statements.py::test_only_the_bank_and_the_district_read_a_reconciliation",),
    ),
    Guard(
        "An auditor reads the findings of its district alone",
        (
            Edit(
                f"{_ESCROW}audit/api.py",
                "if area_covers(principal.district_code, districts.get(_whose(one)))",
                "if districts",
            ),
        ),
        (f"{_TESTS}test_audit.py::test_findings_are_shown_where_their_institution_is",),
    ),
    Guard(
        "An auditor sums up its district alone",
        (
            Edit(
                f"{_ESCROW}audit/api.py",
                "area_stem(principal.district_code))",
                'area_stem(""))',
            ),
        ),
        (f"{_TESTS}test_audit.py::test_a_city_sees_its_districts_and_the_operator_all",),
    ),
    Guard(
        "Only services and operators read the feed",
        (
            Edit(
                f"{_ESCROW}events/api.py",
                "allow(Role.service, Role.operator)",
                "allow(*Role)",
            ),
        ),
        (f"{_TESTS}test_events.py::test_only_services_and_the_operator_read_the_feed",),
    ),
)
