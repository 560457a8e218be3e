"""Money as whole fen.

One currency (CNY), one unit (fen, a hundredth of a yuan), one type (`int`).
The only division is `split`, which loses nothing, and `share`, which rounds down and says so.
"""

from typing import NewType

Fen = NewType("Fen", int)
Bps = NewType("Bps", int)

FEN_MAX = 10**15
"""Largest amount on the wire: a JavaScript client still reads it exactly (below 2**53)."""

BPS_WHOLE = 10_000
"""Basis points in a whole."""

ZERO = Fen(0)


def lesson_fee(total: Fen, lessons: int, lesson_no: int) -> Fen:
    """Return one lesson's fee in fen: `total / lessons` rounded down, the rest on the last.

    Raises:
        ValueError: when the lesson number lies outside `1..lessons`.

    """
    if not 1 <= lesson_no <= lessons:
        message = f"lesson_no must lie in 1..{lessons}"
        raise ValueError(message)
    fee, remainder = divmod(total, lessons)
    return Fen(fee + remainder if lesson_no == lessons else fee)


def split(total: Fen, parts: int) -> list[Fen]:
    """Split an amount in fen into equal parts, with the remainder on the last; sums to `total`."""
    return [lesson_fee(total, parts, number) for number in range(1, parts + 1)]


def share(amount: Fen, ratio: Bps) -> Fen:
    """Return `ratio` basis points of an amount in fen, rounded down."""
    return Fen(amount * ratio // BPS_WHOLE)


def yuan(amount: int) -> str:
    """Format fen for people: `480000` becomes `4,800.00`."""
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{cents:02d}"
