"""The tree of faults that a service answers with.

A business refusal is never here: it is data, one outcome per item.

    YikeError
    |-- ServiceError            carries code, status and the sentence a caller reads
    |   |-- Unauthenticated     401
    |   |-- NotAllowed          403
    |   |-- NotKnown            404
    |   |-- Conflict            409
    |   |-- Malformed           400, 422
    |   |-- TooLarge            413
    |   |-- TooMany             429
    |   `-- Unavailable         503, nothing was written
    `-- StartupRefused          a process that must not start, and what to run first
    InvariantBroken             ours: rolls back, 500, pages
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of one field: where (JSON pointer), which (code), and what to do."""

    pointer: str
    code: str
    detail: str


class YikeError(Exception):
    """Something went wrong that has a name."""

    def __init__(self, detail: str | None = None) -> None:
        """Take the sentence to show, or the class's own docstring."""
        self.detail = detail or (type(self).__doc__ or "").split("\n", maxsplit=1)[0]
        super().__init__(self.detail)


class StartupRefused(YikeError):
    """Things are not as a process needs them to start."""


class ServiceError(YikeError):
    """The request could not be answered."""

    status: ClassVar[int] = 500
    code: str = "internal"
    retryable: bool = False
    outcome: str | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take the sentence, the code where a class has several, and the fields at fault."""
        super().__init__(detail)
        self.code = code or type(self).code
        self.errors = errors
        self.headers: Mapping[str, str] = headers or {}


class Unauthenticated(ServiceError):
    """A valid key is needed: send it as `Authorization: Bearer <key>`."""

    status = 401
    code = "unauthenticated"


class NotAllowed(ServiceError):
    """Doing that needs a key with another role or scope."""

    status = 403
    code = "not_allowed"


class NotKnown(ServiceError):
    """There is no such resource for this key."""

    status = 404
    code = "not_found"


class Conflict(ServiceError):
    """The state of the resource does not allow that."""

    status = 409
    code = "state_conflict"


class Malformed(ServiceError):
    """The request does not have the documented shape."""

    status = 422
    code = "invalid_request"


class BadRequest(ServiceError):
    """The request cannot be read."""

    status = 400
    code = "malformed_json"


class TooLarge(ServiceError):
    """The request is larger than the documented limit: split it."""

    status = 413
    code = "too_large"


class TooMany(ServiceError):
    """More requests are waiting than this process takes: try again after `Retry-After`."""

    status = 429
    code = "too_many_requests"
    retryable = True


class Unavailable(ServiceError):
    """The service cannot answer just now and has written nothing: try again."""

    status = 503
    code = "unavailable"
    retryable = True
    outcome = "none"

    def __init__(self, detail: str | None = None, *, retry_after_s: int = 1) -> None:
        """Take the sentence and after how many seconds a retry makes sense."""
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)})


class InvariantBroken(AssertionError):
    """The books contradict what was decided: a bug of ours, rolled back."""
