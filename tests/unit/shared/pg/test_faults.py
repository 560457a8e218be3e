"""Driver errors, translated once: whose fault it is, and whether to try again."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.errors import Unavailable
from shared.pg.faults import Contended, DoubtfulCommit, Unreachable, fault_of, translated

CONTENDED = [
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
]
UNREACHABLE = [
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    ConnectionRefusedError,
    TimeoutError,
    PoolTimeoutError,
]
OURS = [
    asyncpg.UniqueViolationError,
    asyncpg.CheckViolationError,
    asyncpg.UndefinedTableError,
    ValueError,
]


def wrapped(origin: Exception, *, lost: bool = False) -> DBAPIError:
    return DBAPIError("select 1", None, origin, connection_invalidated=lost)


@pytest.mark.parametrize("kind", CONTENDED)
def test_another_transaction_in_the_way_is_contention(kind: type[Exception]) -> None:
    assert isinstance(fault_of(kind("x")), Contended)
    assert isinstance(fault_of(wrapped(kind("x"))), Contended)


@pytest.mark.parametrize("kind", UNREACHABLE)
def test_a_server_out_of_reach_is_the_environments(kind: type[Exception]) -> None:
    assert isinstance(fault_of(kind("x")), Unreachable)


@pytest.mark.parametrize("kind", OURS)
def test_everything_else_is_ours(kind: type[Exception]) -> None:
    assert fault_of(kind("x")) is None
    with pytest.raises(kind), translated():
        raise kind("x")


def test_a_connection_lost_under_sqlalchemy_is_the_environments() -> None:
    assert isinstance(fault_of(wrapped(ValueError("x"), lost=True)), Unreachable)


def test_a_translated_fault_keeps_its_cause() -> None:
    cause = asyncpg.DeadlockDetectedError("x")
    with pytest.raises(Contended) as caught, translated():
        raise cause
    assert caught.value.__cause__ is cause


def test_what_is_translated_already_stays() -> None:
    with pytest.raises(DoubtfulCommit), translated():
        raise DoubtfulCommit


def test_only_a_doubtful_commit_leaves_the_outcome_unknown() -> None:
    assert DoubtfulCommit().outcome == "unknown"
    assert Contended().outcome == Unreachable().outcome == Unavailable().outcome == "none"
