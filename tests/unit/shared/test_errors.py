"""The tree of faults: each with its code, its status and a sentence."""

import pytest

from shared import errors
from shared.errors import FieldError, InvariantBroken, ServiceError, Unavailable, YikeError
from tests.support.tables import cases

# class            status  code               retryable  outcome
TREE = """
  BadRequest       400     malformed_json     no         -
  Unauthenticated  401     unauthenticated    no         -
  NotAllowed       403     not_allowed        no         -
  NotKnown         404     not_found          no         -
  Conflict         409     state_conflict     no         -
  TooLarge         413     too_large          no         -
  Malformed        422     invalid_request    no         -
  TooMany          429     too_many_requests  yes        -
  Unavailable      503     unavailable        yes        none
"""


@cases(TREE)
def test_a_fault_knows_what_it_is(row: list[str]) -> None:
    name, status, code, retryable, outcome = row
    fault = getattr(errors, name)()
    assert isinstance(fault, ServiceError)
    assert (fault.status, fault.code) == (int(status), code)
    assert fault.retryable is (retryable == "yes")
    assert (fault.outcome or "") == outcome
    assert fault.detail == str(fault)
    assert fault.detail.endswith((".", ">`.", "again.", "it."))


def test_a_fault_takes_its_own_words() -> None:
    error = FieldError("/a", "missing", "Is missing.")
    fault = errors.Conflict("Frozen.", code="frozen", errors=(error,), headers={"A": "b"})
    assert (fault.detail, fault.code, fault.errors) == ("Frozen.", "frozen", (error,))
    assert fault.headers == {"A": "b"}
    assert errors.Conflict.code == "state_conflict"


def test_who_should_come_back_is_told_when() -> None:
    assert Unavailable().headers == {"Retry-After": "1"}
    assert Unavailable(retry_after_s=9).headers == {"Retry-After": "9"}


def test_a_broken_invariant_is_no_answer() -> None:
    assert not issubclass(InvariantBroken, YikeError)
    assert issubclass(InvariantBroken, AssertionError)


@pytest.mark.parametrize("kind", [YikeError, errors.StartupRefused, ServiceError])
def test_the_docstring_is_the_default_sentence(kind: type[YikeError]) -> None:
    assert kind().detail == (kind.__doc__ or "").splitlines()[0]
