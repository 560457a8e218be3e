"""The public look-up: what everybody may know, as often as one may ask, and only as text."""

from typing import Final

from tests.guards.guard import Edit, Guard

_REGISTRY: Final = "services/registry-sync/registry_sync/"
_API: Final = f"{_REGISTRY}lookup/api.py"
_ACCOUNTS: Final = f"{_REGISTRY}lookup/accounts.py"
_THROTTLE: Final = f"{_REGISTRY}lookup/throttle.py"
_PAGES: Final = "shared/shared/web/pages.py"
_UNIT: Final = "tests/unit/registry_sync/lookup/"
_ASKED: Final = "tests/integration/registry/test_lookup.py::"
_SHOWN: Final = "tests/integration/registry/test_lookup_pages.py::"

GUARDS: Final = (
    Guard(
        "Evidence is for those with a key",
        (
            Edit(
                _API,
                "        if caller is not None:\n            told =",
                "        if True:\n            told =",
            ),
            Edit(_API, "told if caller is not None else None", "told"),
        ),
        (f"{_ASKED}test_evidence_is_for_those_with_a_key",),
    ),
    Guard(
        "Evidence of another time is for those with a key",
        (Edit(_API, "told if caller is not None else None", "told"),),
        (f"{_ASKED}test_evidence_of_another_time_is_for_those_with_a_key",),
    ),
    Guard(
        "One without a key looks up so often and no more",
        (
            Edit(
                _API,
                "        desk.admit(request)\n    told:",
                "        pass\n    told:",
            ),
        ),
        (f"{_SHOWN}test_too_many_look_ups_are_told_when_to_come_back",),
    ),
    Guard(
        "One without a key searches so often and no more",
        (
            Edit(
                _API,
                "        desk.admit(request)\n    wanted",
                "        pass\n    wanted",
            ),
        ),
        (f"{_SHOWN}test_too_many_searches_are_told_when_to_come_back",),
    ),
    Guard(
        "One without a key reads pages so often and no more",
        (
            Edit(f"{_REGISTRY}lookup/pages.py", "    desk.admit(request)\n    asked", "    asked"),
            Edit(f"{_REGISTRY}lookup/pages.py", "    desk.admit(request)\n    seen", "    seen"),
        ),
        (f"{_SHOWN}test_too_many_pages_are_told_when_to_come_back",),
    ),
    Guard(
        "A network of version six is one caller",
        (
            Edit(
                _THROTTLE,
                "    return str(IPv6Address(int(address) >> shift << shift))\n",
                "    return str(address) if shift else host or ''\n",
            ),
        ),
        (f"{_UNIT}test_throttle.py::test_a_network_of_version_six_is_one_caller",),
    ),
    Guard(
        "Only so many callers are remembered",
        (
            Edit(
                _THROTTLE,
                "        if len(self._full_at) > self._callers_max:\n",
                "        if False:\n",
            ),
        ),
        (f"{_UNIT}test_throttle.py::test_only_so_many_callers_are_remembered_the_last_ones",),
    ),
    Guard(
        "A page shows what was said as text",
        (Edit(_PAGES, "            autoescape=True,\n", "            autoescape=False,\n"),),
        (f"{_SHOWN}test_what_is_said_comes_out_as_text",),
    ),
    Guard(
        "A page lets nothing in",
        (Edit(_PAGES, "default-src 'none'; style-src", "style-src"),),
        (f"{_SHOWN}test_a_page_is_small_kept_for_a_minute_and_lets_nothing_in",),
    ),
    Guard(
        "A refusal is kept by nobody",
        (Edit(_PAGES, "        if status == HTTPStatus.OK:\n", "        if True:\n"),),
        (f"{_SHOWN}test_a_refusal_is_a_page_that_goes_on",),
    ),
    Guard(
        "An allowance that is not true is none",
        (Edit(_ACCOUNTS, "may_charge is True", "bool(may_charge)"),),
        (f"{_UNIT}test_accounts.py::test_an_allowance_that_is_not_true_is_none",),
    ),
    Guard(
        "What the key may not know is not said to be missing",
        (
            Edit(
                _ACCOUNTS,
                "    if answer.status_code == httpx.codes.NOT_FOUND:\n",
                "    if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.FORBIDDEN}:\n",
            ),
        ),
        (f"{_UNIT}test_accounts.py::test_what_the_key_may_not_know_is_not_known_and_the_rest_is",),
    ),
    Guard(
        "Curiosity costs escrow so much and no more",
        (Edit(_ACCOUNTS, ' or self._throttle.wait_s("", now)', ""),),
        (f"{_UNIT}test_accounts.py::test_curiosity_costs_escrow_no_more_than_so_much",),
    ),
    Guard(
        "Escrow rests after it did not answer",
        (Edit(_ACCOUNTS, " or now < self._resting_until", ""),),
        (f"{_UNIT}test_accounts.py::test_any_other_answer_is_no_answer_and_rests",),
    ),
)
