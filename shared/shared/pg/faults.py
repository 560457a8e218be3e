"""Driver errors, translated once.

A deadlock, a lock or statement time-out, a full pool, disk or memory, or a lost server is
the environment's: `Unavailable`, with nothing written, safe to try again.
A connection lost while committing is different: the answer is unknown.
Everything else stays what it is, a fault of ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.errors import Unavailable


class Contended(Unavailable):
    """Another posting holds what this one needs: try again."""


class Unreachable(Unavailable):
    """The database cannot be reached: try again."""


class DoubtfulCommit(Unavailable):
    """The database went away while committing: ask again under the same key."""

    outcome = "unknown"


_CONTENDED: Final = frozenset({"40P01", "40001", "55P03", "57014"})
_UNREACHABLE: Final = frozenset(
    {"57P01", "57P02", "57P03", "25P03", "53000", "53100", "53200", "53300", "53400"}
    | {"28P01", "28000", "3D000"}  # the wrong server answers, or it is being restored
)


def _sqlstate(error: BaseException | None) -> str | None:
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else None


def fault_of(error: BaseException) -> Unavailable | None:
    """Return the environment's fault that a driver error stands for, or None."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = _sqlstate(origin)
    if state in _CONTENDED:
        return Contended()
    lost = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, TimeoutError)
    if state in _UNREACHABLE or isinstance(origin, (*lost, PoolTimeoutError)):
        return Unreachable()
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unreachable()
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raise the environment's faults of the block as `Unavailable`, others as they are."""
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        raise fault from error
