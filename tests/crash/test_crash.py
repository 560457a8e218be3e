"""Rounds of `kill -9` under load: what was acknowledged is there, once, and paid once.

`CRASH_ROUNDS` (10) says how many, `CRASH_SEED` which; a round that fails prints the seed and
its number, and `CRASH_SEED=... CRASH_FIRST=<number> CRASH_ROUNDS=1` plays it again.
A killed process loses nothing that the kernel already has: this shows that we survive the
end of processes, not the loss of power.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import httpx
import pytest

from tests.crash.asking import FEE_FEN
from tests.crash.rig import Rig
from tests.crash.town import BATCHES, CALLERS, Load, Town, faults_of

ROUNDS: Final = int(os.environ.get("CRASH_ROUNDS", "10"))
FIRST: Final = int(os.environ.get("CRASH_FIRST", "0"))
SEED: Final = os.environ.get("CRASH_SEED") or secrets.token_hex(4)
VICTIMS: Final = ("serve", "postgres", "work")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Return running processes that a test may kill."""
    rig = Rig(tmp_path)
    try:
        yield rig
    finally:
        rig.stop()


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_kill_loses_or_doubles_what_was_acknowledged(rig: Rig) -> None:
    town = Town(rig)
    for number in range(FIRST, FIRST + ROUNDS):
        chance = Random(f"{SEED}:{number}")
        victims = [chance.choice(VICTIMS) for _ in range(chance.choice((1, 1, 2)))]
        told = f"CRASH_SEED={SEED} CRASH_FIRST={number} CRASH_ROUNDS=1 ({', '.join(victims)})"
        sys.stderr.write(f"round {number + 1 - FIRST} of {ROUNDS}: {told}\n")
        try:
            play(rig, town, number, chance, victims)
        except BaseException as fault:
            fault.add_note(f"Play it again: {told}; logs in {rig.folder}")
            raise
    settle(rig, town)


def play(rig: Rig, town: Town, number: int, chance: Random, victims: list[str]) -> None:
    """Play one round: load, kills in the middle of it, and the books held against the answers."""
    names = town.enrol(number)
    httpx.put(f"{rig.bank_url}/faults", json=faults_of(chance)).raise_for_status()
    load = Load()
    threads = town.teach(names, load)
    marks = sorted(chance.sample(range(1, CALLERS * BATCHES), len(victims)))
    for mark, victim in zip(marks, victims, strict=True):
        load.wait_for(mark)
        rig.kill(victim)
        rig.restart(victim)
    for thread in threads:
        thread.join(timeout=180)
    assert not load.faults, load.faults[0]
    assert not any(thread.is_alive() for thread in threads)
    town.released_fen += len(load.acknowledged) * FEE_FEN

    stands = rig.released(list(load.acknowledged))
    assert stands == {asked: [movement] for asked, movement in load.acknowledged.items()}
    assert rig.payments()["paid_twice"] == []
    assert rig.report("new").findings == ()
    rig.let_leases_end()


def settle(rig: Rig, town: Town) -> None:
    """Let everything come to rest: every lesson paid once, the books equal to the bank's."""
    httpx.put(f"{rig.bank_url}/faults", json={}).raise_for_status()

    def is_paid() -> bool:
        rig.keep_up()
        rig.let_leases_end()
        return bool(rig.payments()["amount_fen"] == town.released_fen)

    rig.wait_until(is_paid, 180)
    rig.wait_until(lambda: town.balances()["payment_clearing"] == 0, 180)
    counted = rig.payments()
    assert counted["paid_twice"] == []
    assert counted["payments"] == town.released_fen // FEE_FEN
    whole = rig.report("whole")
    assert whole.findings == ()
    assert whole.movements > 0
