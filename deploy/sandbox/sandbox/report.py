"""The summary that `make run` prints last, and the file it leaves for scripts."""

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sandbox.city.counters import Paid
from sandbox.city.revoking import Revoked
from sandbox.city.tally import Tally
from sandbox.mirror import Mirrored
from sandbox.services import Stack
from shared.money import yuan

WORDS = {
    "already_released": "the lesson had been released before",
    "contract_unknown": "no such contract at this institution",
    "contract_not_funded": "nothing was paid in for the contract yet",
    "not_yet_taught": "the lesson had not ended",
    "lesson_out_of_range": "the contract has no such lesson",
    "refund_in_progress": "the contract is being refunded",
    "contract_closed": "the contract is closed",
    "institution_frozen": "the institution is frozen",
    "held_insufficient": "the contract no longer holds the fee",
    "span_too_long": "longer than three months",
    "too_many_lessons": "more than 60 lessons",
    "amount_over_cap": "more than 5,000 yuan",
    "charged_too_early": "charged more than a month ahead",
    "fee_below_one_fen": "less than one fen a lesson",
}
"""Refusals in words a newcomer understands."""


RETAINED = {"floor": "a floor", "payout_frozen": "a freeze"}
"""What keeps a payout back, in words."""


@dataclass(slots=True)
class Played:
    """A Saturday that was played, and what was found after it."""

    day: str
    tally: Tally
    paid: Paid
    faults: Counter[str]
    books: dict[str, int]
    """The trial balance: fen by account kind, over all institutions."""
    verified: bool
    findings: str
    """The verification's first words: the first wrong row, where there is one."""
    verification: dict[str, Any] = field(default_factory=dict)
    seconds: int = 0
    mirrored: Mirrored | None = None
    revoked: Revoked | None = None


def summary(console: Console, played: Played) -> None:
    """Print what the day came to."""
    table = Table(title=f"Saturday {played.day}", title_justify="left", show_header=False, box=None)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for label, words in _rows(played):
        table.add_row(label, escape(words))
    console.print()
    console.print(table)


def by_hand(console: Console, stack: Stack, keys: dict[str, Any]) -> None:
    """Print the addresses, the keys, and calls to copy."""
    console.print()
    console.print("[bold]To try by hand[/bold]")
    rows = {
        "escrow": f"{stack.escrow_url}   API: {stack.escrow_url}/openapi.json",
        "registry": f"{stack.registry_url}   API: {stack.registry_url}/openapi.json",
        "public look-up": f"{stack.registry_url}/   pages for citizens, no key",
        "supervision": f"{stack.registry_url}/supervise   any name, the supervisor's key",
        "national platform": f"{stack.platform_url}   its desk: {stack.platform_url}/docs",
        "bank that pulls": f"{stack.bank_url}   its counter: {stack.bank_url}/docs",
        "bank that is pushed to": f"{stack.pushed_url}   its counter: {stack.pushed_url}/docs",
        "logs": str(stack.folder.logs),
        **{f"key {party}": key for party, key in keys.items() if isinstance(key, str)},
    }
    for number, (institution_id, key) in enumerate(keys["institutions"].items()):
        if number == 0:
            rows[f"key {institution_id}"] = key
            page = f"{stack.registry_url}/institutions/{institution_id}"
            rows["public look-up"] += f"; this one's: {page}"
    for label, words in rows.items():
        console.print(f"  {label:<24} {words}", markup=False)
    console.print()
    for line in _examples(stack, keys):
        console.print(f"  {line}", markup=False)
    console.print()
    console.print("Everything stays up until Ctrl-C; `make stop` stops it from elsewhere.")


def _rows(played: Played) -> Iterator[tuple[str, str]]:
    tally, paid = played.tally, played.paid
    released = tally.releases["released"]
    if tally.institutions:
        yield "institutions", f"{tally.institutions} registered, each with a custody account"
    yield "contracts", _outcomes(tally.contracts, tally.contract_refusals)
    yield "deposits", f"{tally.deposits:,} for {yuan(tally.deposited_fen)} yuan"
    yield "lessons released", f"{released:,} in {tally.batches:,} batches of one class"
    transfers = f"the banks paid {yuan(paid.amount_fen)} in {paid.payments:,} transfers"
    yield "yuan moved", f"{yuan(tally.released_fen)} out of escrow; {transfers}, one per lesson"
    yield "refused, and why", _reasons(tally.release_refusals)
    yield (
        "answered again",
        (
            f"{tally.releases['exists']:,} lessons claimed twice under their own id, "
            f"{tally.replays:,} requests repeated: nothing moved twice"
        ),
    )
    yield "retained", _retained(tally, played.books.get("institution_payable", 0))
    yield "refunds", _counted(tally.refunds) + f", {yuan(tally.refunded_fen)} yuan"
    waiting_fen = played.books.get("unmatched_receipt", 0)
    yield (
        "mistyped deposits",
        f"{tally.allocated} allocated by hand; {yuan(waiting_fen)} yuan wait without a contract",
    )
    if tally.strayed_fen:
        yield "taken by the planted failure", f"{yuan(tally.strayed_fen)} yuan"
    yield "taken by the bank", f"{yuan(played.books.get('unbacked_debit', 0))} yuan uninstructed"
    yield "the banks' slips", _counted(played.faults) or "none"
    yield "paid twice", f"{len(paid.twice)} lines!" if paid.twice else "nothing"
    yield "statements", _counted(tally.reconciled)
    yield "books verified", _verified(played)
    if played.mirrored is not None:
        yield "registry", _mirrored(played.mirrored)
    if played.revoked is not None:
        yield "licence revoked", _revoked(played.revoked)
    first = tally.first_release_s
    begun = f"; the first lesson was released after {first:.0f} s" if first is not None else ""
    yield "time taken", f"{played.seconds} s in all{begun}"


def _mirrored(held: Mirrored) -> str:
    fresh = "stale" if held.stale else "fresh"
    return (
        f"{held.sites:,} sites of the national platform, version {held.version} ({held.result}), "
        f"{fresh}; {held.set_aside:,} rows set aside, {held.withheld:,} changes wait for two people"
    )


def _revoked(revoked: Revoked) -> str:
    if revoked.after_s is None:
        return f"at the platform, and NOT frozen here in time: see the logs\n{revoked.name}"
    refunds = "refunds stay open" if revoked.may_refund else "refunds are NOT open"
    return (
        f"at the platform; frozen here after {revoked.after_s:.1f} s (new contracts and payouts), "
        f"{refunds}; an officer confirmed it\n{revoked.name}"
    )


def _verified(played: Played) -> str:
    whole = played.verification.get("whole") or {}
    if played.verified and whole.get("clean", True):
        counted = f"{whole.get('movements', 0):,} movements"
        return f"yes: every balance recomputed from {counted} agrees"
    return f"NO: {played.findings}"


def _outcomes(outcomes: Counter[str], refusals: Counter[str]) -> str:
    told = f"{outcomes['accepted']:,} accepted"
    return f"{told}; refused: {_reasons(refusals)}" if refusals else told


def _reasons(codes: Counter[str]) -> str:
    if not codes:
        return "nothing"
    return "\n".join(f"{n:,} {code} ({WORDS.get(code, code)})" for code, n in codes.most_common())


def _retained(tally: Tally, still_fen: int) -> str:
    lines = [
        f"{tally.retained_lessons[reason]:,} lessons, {yuan(fen)} yuan by "
        + RETAINED.get(reason, reason)
        for reason, fen in tally.retained_fen.most_common()
    ]
    return "\n".join([*lines, f"{yuan(still_fen)} yuan of it still waits at the end of the day"])


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{n:,} {word.replace('_', ' ')}" for word, n in counts.items() if n)


def _examples(stack: Stack, keys: dict[str, Any]) -> Iterator[str]:
    """Yield calls that work as they stand."""
    url = stack.escrow_url

    def get(key: str, path: str) -> str:
        return f"curl -sH {shlex.quote(f'Authorization: Bearer {key}')} {shlex.quote(url + path)}"

    yield get(keys["auditor"], "/v1/audit/trial-balance")
    for institution_id, key in keys["institutions"].items():
        yield get(key, f"/v1/institutions/{institution_id}/balances")
        yield get(key, "/v1/contracts?state=open&limit=3")
        break
    yield get(keys["service"], "/v1/events?limit=3")
    yield f"curl -s {shlex.quote(f'{stack.registry_url}/v1/institutions?q=示例&limit=3')}"
