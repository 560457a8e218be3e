"""The bank: nothing sent twice, nothing withdrawn that was shown, nothing of another bank's."""

from typing import Final

from tests.guards.guard import Edit, Guard

_BANK: Final = "services/escrow/escrow/bank/"
_DISPATCH: Final = f"{_BANK}dispatch.py"
_LISTED: Final = "services/escrow/escrow/ledger/instructions.py"
_TESTS: Final = "tests/integration/escrow/"
_SENT: Final = f"{_TESTS}test_dispatch.py::"
_PULLED: Final = f"{_TESTS}test_bank.py::"

GUARDS: Final = (
    Guard(
        "What another worker claimed is not sent",
        (
            Edit(
                _DISPATCH,
                "        if not isinstance(claimed, Accepted):\n            return 0\n",
                "        if not isinstance(claimed, Accepted):\n"
                '            claimed = Accepted(state="planned")\n',
            ),
        ),
        (f"{_SENT}test_two_dispatchers_at_once_send_it_once",),
    ),
    Guard(
        "What is in doubt is asked for, never sent again",
        (
            Edit(
                _DISPATCH,
                '(self._send if claimed.state == "planned" else self._ask)',
                "(self._send)",
            ),
        ),
        (f"{_SENT}test_a_lost_answer_is_asked_for_and_never_sent_again",),
    ),
    Guard(
        "A bank's “never received” counts only after its finality",
        (
            Edit(
                _DISPATCH,
                "is_final = sent is None or now - sent >= timedelta(seconds=due.finality_s)",
                "is_final = sent is None or now >= sent",
            ),
        ),
        (f"{_SENT}test_never_received_means_nothing_before_the_banks_finality",),
    ),
    Guard(
        "A worker that stood still past its claim sends nothing",
        (
            Edit(
                _DISPATCH,
                "        if _is_stale(claimed_at):\n"
                '            return RecordSending(*place, "unknown")\n',
                "",
            ),
        ),
        (f"{_SENT}test_a_worker_that_stood_still_past_its_claim_neither_sends_nor_plans_again",),
    ),
    Guard(
        "A worker that stood still past its claim plans nothing again",
        (
            Edit(
                _DISPATCH,
                "Heard.never_received and is_final and not _is_stale(claimed_at):",
                "Heard.never_received and is_final:",
            ),
        ),
        (f"{_SENT}test_a_worker_that_stood_still_past_its_claim_neither_sends_nor_plans_again",),
    ),
    Guard(
        "No transaction is open while a bank is talked to",
        (
            Edit(
                _DISPATCH,
                "        said = await (",
                "        async with self.database.ledger():\n            said = await (",
            ),
        ),
        (f"{_SENT}test_no_transaction_is_open_while_the_bank_is_talked_to",),
    ),
    Guard(
        "A bank that fails again and again is left alone",
        (
            Edit(
                _DISPATCH,
                "if self.failures[due.endpoint] >= FAILURES_MAX:",
                "if False:",
            ),
        ),
        (f"{_SENT}test_a_failing_bank_is_left_alone_and_others_are_served",),
    ),
    Guard(
        "A claim that still stands is left to whoever has it",
        (
            Edit(
                _LISTED,
                "    AND (i.leased_until IS NULL OR i.leased_until < clock.now)\n",
                "",
            ),
        ),
        (f"{_SENT}test_a_claim_that_still_stands_is_not_due",),
    ),
    Guard(
        "Doubts hold up nothing new",
        (
            Edit(
                _LISTED,
                "  ORDER BY i.instruction_id\n  LIMIT CAST(:limit AS int)\n",
                "  ORDER BY i.instruction_id\n",
            ),
            Edit(
                _LISTED,
                "ORDER BY due.instruction_id\n",
                "ORDER BY due.instruction_id\nLIMIT CAST(:limit AS int)\n",
            ),
        ),
        (f"{_SENT}test_doubts_that_wait_for_finality_hold_up_nothing_new",),
    ),
    Guard(
        "An answer of the bank that is not a clear yes is unknown",
        (
            Edit(
                f"{_BANK}client.py",
                "Heard.received if response.status_code in {200, 202} else Heard.unknown",
                "Heard.received",
            ),
        ),
        (f"{_SENT}test_a_failing_bank_is_left_alone_and_others_are_served",),
    ),
    Guard(
        "A bank that cannot be asked has not said “never”",
        (
            Edit(
                f"{_BANK}client.py",
                "            return Heard.unknown, None\n",
                "            return Heard.never_received, None\n",
            ),
        ),
        (f"{_SENT}test_an_endpoint_that_is_no_address_leaves_it_unknown",),
    ),
    Guard(
        "A bank is not shown what a freeze withdrew meanwhile",
        (
            Edit(
                f"{_BANK}api.py",
                "return [one.body for one in page if one.instruction_id not in gone]",
                "return [one.body for one in page]",
            ),
        ),
        (f"{_TESTS}test_custody.py::test_a_freeze_that_overtakes_a_pull_is_not_shown_to_the_bank",),
    ),
    Guard(
        "A bank that is pushed to does not pull",
        (Edit(f"{_BANK}api.py", 'if delivery == "push":', "if False:"),),
        (f"{_PULLED}test_a_bank_that_is_pushed_to_does_not_pull",),
    ),
    Guard(
        "A bank sees its own instructions alone",
        (
            Edit(
                _LISTED,
                "select(instruction).where(instruction.c.bank_id == bank_id)",
                "select(instruction)",
            ),
        ),
        (f"{_PULLED}test_another_bank_sees_and_says_nothing",),
    ),
    Guard(
        "A bank speaks of its own instructions alone",
        (
            Edit(
                "services/escrow/escrow/ledger/finding.py",
                "        instruction.c.bank_id == bank_id, instruction.c.instruction_id",
                "        instruction.c.instruction_id",
            ),
        ),
        (f"{_PULLED}test_another_bank_sees_and_says_nothing",),
    ),
    Guard(
        "A bank reports entries of its own accounts alone",
        (
            Edit(
                "services/escrow/escrow/deposits/api.py",
                "        custody_account.c.bank_id == principal.bank_id,\n",
                "",
            ),
        ),
        (f"{_PULLED}test_another_bank_sees_and_says_nothing",),
    ),
    Guard(
        "A bank's statement is of its own account",
        (
            Edit(
                f"{_BANK}statements_api.py",
                "        custody_account.c.bank_id == principal.bank_id,\n",
                "",
            ),
        ),
        (f"{_TESTS}test_statements.py::test_another_banks_account_is_unknown",),
    ),
    Guard(
        "A result names lines of its own instruction",
        (
            Edit(
                f"{_BANK}api.py",
                "if named is None or named[0] != instruction_id:",
                "if named is None:",
            ),
        ),
        (f"{_PULLED}test_a_line_of_another_instruction_is_malformed",),
    ),
)
