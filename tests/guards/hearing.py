"""The registry's word in the books: each event once, none of them a stop, and a person's last."""

from typing import Final

from tests.guards.guard import Edit, Guard

_ESCROW: Final = "services/escrow/escrow/"
_FEED: Final = f"{_ESCROW}events/registry.py"
_HEARD: Final = f"{_ESCROW}events/heard.py"
_WORD: Final = f"{_ESCROW}domain/registry.py"
_FREEZES: Final = f"{_ESCROW}domain/freezes.py"
_ROUTES: Final = f"{_ESCROW}custody/freezes_api.py"
_UNIT: Final = "tests/unit/escrow/domain/"
_TAKEN: Final = f"{_UNIT}test_registry.py::"
_UNDERSTOOD: Final = "tests/unit/escrow/events/test_heard.py::"
_READ: Final = "tests/integration/escrow/test_registry.py::"
_CONFIRMED: Final = "tests/integration/escrow/test_confirm.py::"

_ONCE: Final = (
    Guard(
        "The place in the feed moves with what was read there",
        (
            Edit(
                _FEED,
                "            await place.move(tx, FEED, following)\n        return came\n",
                "        async with self._database.ledger() as other:\n"
                "            await place.move(other, FEED, following)\n        return came\n",
            ),
        ),
        (f"{_READ}test_a_crash_between_the_posting_and_the_place_undoes_both",),
    ),
    Guard(
        "A page that another worker took in is left alone",
        (
            Edit(
                _FEED,
                "            if not await place.hold(tx, FEED, after):\n",
                "            if await place.hold(tx, FEED, after) is None:\n",
            ),
        ),
        (f"{_READ}test_two_workers_that_read_the_same_page_take_it_in_once",),
    ),
    Guard(
        "An event of before changes nothing",
        (
            Edit(
                _WORD,
                "    if before is not None and command.sequence <= before.sequence:\n",
                "    if False:\n",
            ),
        ),
        (f"{_TAKEN}test_an_event_of_before_changes_nothing",),
    ),
    Guard(
        "What a person lifted does not come back by the same event",
        (
            Edit(
                _WORD,
                "    return all((one.institution_id, one.registry_event_id) != event"
                " for one in placed)\n",
                "    return True\n",
            ),
        ),
        (f"{_TAKEN}test_what_a_person_lifted_does_not_come_back_by_the_same_event",),
    ),
    Guard(
        "An entry of the feed that is no event is set aside",
        (Edit(_FEED, ", keeps_unreadable=True", ""),),
        (f"{_READ}test_what_cannot_be_understood_is_set_aside_and_the_rest_taken_in",),
    ),
    Guard(
        "An event that is not understood is set aside",
        (
            Edit(
                _FEED,
                '            found.aside.append(_Aside(str(event.id), "not_understood", '
                "event.type))\n",
                "            raise\n",
            ),
        ),
        (f"{_READ}test_what_cannot_be_understood_is_set_aside_and_the_rest_taken_in",),
    ),
    Guard(
        "An event that cannot be posted is set aside alone",
        (
            Edit(
                _FEED,
                "            return await self._post_singly(tx, found)\n",
                "            raise\n",
            ),
        ),
        (f"{_READ}test_one_poisoned_event_does_not_stop_the_feed",),
    ),
    Guard(
        "What fails of a page leaves nothing behind",
        (
            Edit(
                _FEED,
                "        async with tx.transaction():  # a savepoint",
                "        if tx is not None:  # a savepoint",
            ),
        ),
        (f"{_READ}test_one_poisoned_event_does_not_stop_the_feed",),
    ),
    Guard(
        "What passes sets nothing aside",
        (
            Edit(
                _FEED,
                "                raise\n            return await",
                "                pass\n            return await",
            ),
            Edit(
                _FEED,
                "                    raise\n                fault =",
                "                    pass\n                fault =",
            ),
        ),
        (
            f"{_READ}test_what_passes_sets_nothing_aside",
            f"{_READ}test_a_lock_lost_on_the_second_try_keeps_the_page_whole",
        ),
    ),
    Guard(
        "An event speaks of an institution that can be one",
        (Edit(_HEARD, "    subject: InstitutionIdField\n", "    subject: str\n"),),
        (f"{_UNDERSTOOD}test_whom_it_speaks_of_and_its_number_must_fit",),
    ),
    Guard(
        "What only describes costs no event",
        (
            Edit(
                _HEARD,
                "    except ValidationError:\n        return None\n",
                "    except ValidationError:\n        raise\n",
            ),
        ),
        (f"{_UNDERSTOOD}test_what_only_describes_is_left_out_where_it_does_not_fit",),
    ),
)
_FREEZING: Final = (
    Guard(
        "Missing changes nothing in the books",
        (Edit(_WORD, "    if command.type == _MISSING:\n", "    if False:\n"),),
        (
            f"{_TAKEN}test_missing_does_nothing_whatever_it_asks",
            f"{_READ}test_missing_never_freezes",
        ),
    ),
    Guard(
        "A stale source's word places no freeze",
        (
            Edit(
                _WORD,
                "command.effect != Effect.freeze or command.is_stale",
                "command.effect != Effect.freeze",
            ),
        ),
        (f"{_TAKEN}test_a_stale_source_changes_nothing_by_itself",),
    ),
    Guard(
        "A stale source's word is no objection",
        (Edit(_WORD, "return word if word.is_stale else replace", "return replace"),),
        (f"{_TAKEN}test_a_stale_source_changes_nothing_by_itself",),
    ),
    Guard(
        "The registry's objections stand against new contracts",
        (
            Edit(
                f"{_ESCROW}domain/custody.py",
                "    reasons += standing.objections\n",
                "",
            ),
        ),
        (
            (
                f"{_READ}test_a_revoked_licence_holds_back_what_goes_to_the_institution"
                "_and_nothing_else"
            ),
        ),
    ),
    Guard(
        "A freeze withdraws payouts and lets refunds go",
        (
            Edit(
                _FREEZES, "        if seen.kind is InstructionKind.payout:\n", "        if True:\n"
            ),
        ),
        (
            f"{_UNIT}test_refunds.py::test_a_freeze_leaves_a_planned_refund_alone",
            f"{_UNIT}test_refunds.py::test_the_registrys_freeze_leaves_a_planned_refund_alone",
        ),
    ),
    Guard(
        "A freeze that a person placed is not the registry's to confirm",
        (Edit(_FREEZES, "    if freeze.registry_event_id is None:\n", "    if False:\n"),),
        (f"{_CONFIRMED}test_what_is_not_in_force_or_not_the_registrys_is_not_confirmed",),
    ),
    Guard(
        "What was lifted is not confirmed",
        (
            Edit(
                _FREEZES,
                "    if freeze.lifted_at is not None:\n        return Refused(",
                "    if False:\n        return Refused(",
            ),
        ),
        (f"{_UNIT}test_confirmations.py::test_only_a_protective_freeze_in_force_is_confirmed",),
    ),
    Guard(
        "A freeze is confirmed once",
        (Edit(_FREEZES, "    if freeze.confirmed_at is not None:\n", "    if False:\n"),),
        (f"{_UNIT}test_confirmations.py::test_an_officer_confirms_a_protective_freeze_once",),
    ),
    Guard(
        "An authority confirms within its district alone",
        (
            Edit(
                _ROUTES,
                "    await may_act_on(request, principal, found.institution_id)\n"
                "    command = ConfirmFreeze(",
                "    command = ConfirmFreeze(",
            ),
        ),
        (f"{_CONFIRMED}test_only_the_districts_supervisor_confirms",),
    ),
    Guard(
        "An authority lifts within its district alone",
        (
            Edit(
                _ROUTES,
                "    await may_act_on(request, principal, found.institution_id)\n"
                "    command = LiftFreeze(",
                "    command = LiftFreeze(",
            ),
        ),
        (f"{_CONFIRMED}test_only_the_districts_supervisor_lifts",),
    ),
)

GUARDS: Final = (*_ONCE, *_FREEZING)
