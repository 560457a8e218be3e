"""An institution of the city that misbehaves, because whoever started it asked for that.

`make run MISBEHAVE=runaway@2026-12-05` plants one failure at the city's last institution, from a
day on; each Saturday plays what was planned since the one before. Without a day it begins on the
Saturday that is played. Only what leaves the account is played: runaway, structuring, dormant.
"""

from datetime import date, timedelta
from typing import Final

from sandbox.city.memory import Memory
from sandbox.city.places import Place
from sandbox.city.town import Town
from sandbox.misbehaving.acts import Failure, Standing
from sandbox.misbehaving.plans import plan
from sandbox.misbehaving.playing import Asked, NotAFailureError, asked, play_day

PLAYED: Final = (Failure.runaway, Failure.structuring, Failure.dormant)
"""Failures that a bank's counter can play by itself."""

PUPILS: Final = 90
"""As many as the city's institutions have."""


def refuse_unplayable(word: str) -> None:
    """Refuse what is no failure, or none that the running city can play.

    Raises:
        NotAFailureError: saying what can be asked for.

    """
    if not word:
        return
    kind = word.partition("@")[0]
    kinds = ", ".join(one.value for one in PLAYED)
    if kind not in kinds.split(", "):
        message = f"MISBEHAVE: the city can play {kinds}; write {PLAYED[0].value}@2026-12-05."
        raise NotAFailureError(message)
    if "@" in word:
        asked(word)


async def stray(town: Town, city: list[Place], memory: Memory) -> None:
    """Play the acts of the planted failure since the last Saturday, up to this one."""
    if not town.misbehaves:
        return
    today = memory.played[-1]
    planted = _planted(town.misbehaves, today)
    place = city[-1]
    standing = Standing(place.id, place.category, PUPILS)
    acts = plan(planted.kind, memory.seed, planted.start, standing)
    before = memory.played[-2] if len(memory.played) > 1 else planted.start - timedelta(days=1)
    client = town.banks.client(place.bank_id)
    for number in range(1, (today - before).days + 1):
        day = before + timedelta(days=number)
        played = await play_day(client, place.account_number, acts, day)
        town.tally.strayed_fen += played.taken_fen


def _planted(word: str, today: date) -> Asked:
    return asked(word if "@" in word else f"{word}@{today}")
