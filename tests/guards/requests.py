"""The same request again: one effect and one answer, whose it is and where it goes."""

from typing import Final

from tests.guards.guard import Edit, Guard

_LEDGER: Final = "services/escrow/escrow/ledger/"
_HEADER: Final = "shared/shared/web/idempotency.py"
_AGAIN: Final = "tests/integration/escrow/test_idempotency.py::"
_UNIT: Final = "tests/unit/shared/web/test_idempotency.py::"

GUARDS: Final = (
    Guard(
        "A stored answer is found",
        (
            Edit(
                f"{_LEDGER}requests.py",
                'await rows(tx, "read_request", [one.digest for one in requests])',
                "[]",
            ),
        ),
        (
            f"{_AGAIN}test_a_repeated_request_gets_the_first_answer_byte_by_byte",
            f"{_AGAIN}test_a_replay_comes_from_another_process_as_well",
            f"{_AGAIN}test_a_replay_is_answered_after_a_freeze",
            f"{_AGAIN}test_a_replay_is_answered_after_the_contract_is_closed",
        ),
    ),
    Guard(
        "A key that comes back with another body is refused",
        (
            Edit(
                f"{_LEDGER}requests.py",
                "if request.body_digest != self.body_digest:",
                "if False:",
            ),
        ),
        (
            f"{_AGAIN}test_the_same_key_with_another_amount_is_refused",
            f"{_AGAIN}test_the_same_key_with_another_account_is_refused",
            f"{_AGAIN}test_what_failed_and_was_corrected_needs_a_fresh_key",
        ),
    ),
    Guard(
        "The query is part of what was asked",
        (
            Edit(
                "services/escrow/escrow/edge.py",
                'request.url.query.encode() + b"\\0" + await request.body()',
                "await request.body()",
            ),
        ),
        (f"{_AGAIN}test_the_same_key_with_another_query_is_refused",),
    ),
    Guard(
        "A key belongs to its party",
        (
            Edit(
                f"{_LEDGER}requests.py",
                "parts = (principal.encode(), method.encode()",
                "parts = (method.encode()",
            ),
        ),
        (f"{_AGAIN}test_a_key_belongs_to_its_party",),
    ),
    Guard(
        "A key belongs to its path",
        (Edit(f"{_LEDGER}requests.py", "path.encode(), key)", "key)"),),
        (f"{_AGAIN}test_a_key_belongs_to_its_path",),
    ),
    Guard(
        "A party's requests stay its own under its next key",
        (
            Edit(
                "shared/shared/web/principals.py",
                '            return f"institution:{self.institution_id}"',
                '            return f"institution:{self.key_id}"',
            ),
        ),
        (f"{_AGAIN}test_a_party_keeps_its_requests_when_its_key_is_replaced",),
    ),
    Guard(
        "A request that runs in another process is waited for",
        (
            Edit(
                f"{_LEDGER}requests.py",
                'return {row["request_digest"] for row in found}',
                "return set()",
            ),
        ),
        (f"{_AGAIN}test_a_call_whose_first_still_runs_waits_two_seconds_and_then_conflicts",),
    ),
    Guard(
        "A request that runs in the same process is waited for",
        (
            Edit(
                f"{_LEDGER}gather.py",
                "while running := self._keys.get(submission.request.digest):",
                "while running := None:",
            ),
        ),
        (f"{_AGAIN}test_a_call_whose_first_still_runs_waits_two_seconds_and_then_conflicts",),
    ),
    Guard(
        "A request that is twice in one posting is done once",
        (
            Edit(
                f"{_LEDGER}post.py",
                "if one.request is None or one.request.digest not in seen:",
                "if True:",
            ),
        ),
        (
            (
                "tests/integration/escrow/test_post.py"
                "::test_a_request_twice_in_one_posting_is_done_once"
            ),
        ),
    ),
    Guard(
        "The outcomes of a batch are numbered as they were asked",
        (Edit("services/escrow/escrow/edge.py", '        one["index"] = number\n', ""),),
        (
            (
                "tests/integration/escrow/test_acceptance.py"
                "::test_the_results_of_a_batch_are_matched_by_index_and_id"
            ),
        ),
    ),
    Guard(
        "Answers are kept for 90 days, and no longer",
        (Edit(f"{_LEDGER}requests.py", "func.now() - KEPT", "func.now()"),),
        (f"{_AGAIN}test_answers_are_dropped_after_ninety_days_and_not_before",),
    ),
    Guard(
        "Answers are dropped a bounded number at a time",
        (Edit(f"{_LEDGER}requests.py", "        .limit(limit)\n", ""),),
        (f"{_AGAIN}test_answers_are_dropped_after_ninety_days_and_not_before",),
    ),
    Guard(
        "A call that moves money needs a key",
        (Edit(_HEADER, "        if required:", "        if False:"),),
        (f"{_AGAIN}test_a_call_that_needs_a_key_is_refused_without_one",),
    ),
    Guard(
        "A key has at most 255 characters",
        (Edit(_HEADER, "if not key or len(key) > KEY_MAX:", "if not key:"),),
        (f"{_AGAIN}test_a_key_has_1_to_255_characters",),
    ),
    Guard(
        "A key given twice is no key",
        (Edit(_HEADER, " if len(given) == 1 else None", ""),),
        (f"{_UNIT}test_two_keys_are_none",),
    ),
    Guard(
        "A key is printable ASCII",
        (
            Edit(
                _HEADER,
                "return value if _BARE.fullmatch(value) else None",
                "return value",
            ),
        ),
        (f"{_UNIT}test_a_bad_key_is_refused_even_where_none_is_needed",),
    ),
)
