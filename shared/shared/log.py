"""Logs: one JSON object per line, on stderr, without personal data.

What we log names no person in the first place; redaction is the belt to that brace.
Standard-library loggers (uvicorn, SQLAlchemy) go through the same processors.
An exception is written as its type, where it happened, and the first line of its message
with long digit runs masked: messages of drivers and parsers quote what they were given.
The access log, one line per request, is gathered and written a few times a second: a
system call per line would be a third of a small request.
"""

import asyncio
import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.time import wall_clock

REDACTED: Final = "[redacted]"

MESSAGE_MAX: Final = 300
"""Characters of an exception's message: enough to tell faults apart."""

DEPTH_MAX: Final = 6
"""Levels of nesting that redaction follows; deeper values are replaced whole."""

_PRIVATE_NAMES: Final = frozenset(
    {
        "guardian_ref", "student_ref", "account_number", "account_name", "name", "phone",
        "key", "authorization", "creditor_name", "creditor_account", "password", "secret",
    }
)  # fmt: skip
_PRIVATE_PREFIXES: Final = ("counterparty_", "settlement_")
_DIGIT_RUN: Final = re.compile(r"[0-9]{6,}")
_KEY: Final = re.compile(r"\byk_[A-Za-z0-9]+_[A-Za-z0-9_-]+")

FLUSH_S: Final = 0.2
"""How late an access line may be written, and how many are lost in a crash."""

_Raised = tuple[type[BaseException], BaseException, TracebackType | None]


class Lines:
    """Gathers lines and writes them together."""

    def __init__(self, file: TextIO) -> None:
        """Take the file."""
        self._file = file
        self._waiting: list[str] = []

    def add(self, line: str) -> None:
        """Take a line, to be written soon; called within a running event loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(FLUSH_S, self.flush)
        self._waiting.append(line)

    def flush(self) -> None:
        """Write what was gathered."""
        if self._waiting:
            lines, self._waiting = self._waiting, []
            self._file.write("\n".join([*lines, ""]))
            self._file.flush()


class _Access:
    """Where access lines go; nowhere until `configure` wants them."""

    lines: Lines | None = None
    service = ""


def configure(service: str, level: str = "info") -> None:
    """Send every log line of this process to stderr as JSON, at `level` and above."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = _processors(service)
    structlog.configure(
        processors=[*shared, _rendered],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _rendered],
        )
    )
    _Access.lines = Lines(sys.stderr) if number <= logging.INFO else None
    _Access.service = service
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(number)


def _processors(service: str) -> list[Processor]:
    def name_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_service,
        describe_exception,
        redact,
    ]


def access(  # noqa: PLR0913 - one argument a field of the line
    *,
    method: str,
    route: str,
    status: int,
    elapsed_s: float,
    role: str,
    request_id: str,
    institution_id: str = "",
) -> None:
    """Log a request; every value is from a closed set or checked, so none needs escaping."""
    if _Access.lines is None:
        return
    _Access.lines.add(
        f'{{"event":"request","method":"{method}","route":"{route}","status":{status},'
        f'"ms":{elapsed_s * 1000:.1f},"role":"{role}","request_id":"{request_id}",'
        f'"institution_id":"{institution_id}",'
        f'"level":"info","timestamp":"{wall_clock().isoformat()}","service":"{_Access.service}"}}'
    )


def flush() -> None:
    """Write the access lines that were gathered."""
    if _Access.lines is not None:
        _Access.lines.flush()


def describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the exception's type, masked message and frames."""
    given = event.pop("exc_info", None)
    found = sys.exc_info() if given is True else given
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[0] is not None:
        event["exception"] = _described(found)
    return event


def _described(found: _Raised) -> dict[str, Any]:
    kind, error, trace = found
    lines = str(error).splitlines()
    frames = traceback.extract_tb(trace)
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "message": masked(lines[0][:MESSAGE_MAX]) if lines else "",
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def masked(text: str) -> str:
    """Replace keys and runs of six digits or more: accounts, phones, codes."""
    return _DIGIT_RUN.sub("[digits]", _KEY.sub(REDACTED, text))


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the values of private names at any depth, and digit runs in the sentence."""
    for name, value in event.items():
        if is_private(name):
            event[name] = REDACTED
        elif isinstance(value, (dict, list, tuple)):
            event[name] = _redacted(value, DEPTH_MAX)
    if isinstance(event.get("event"), str):
        event["event"] = masked(event["event"])
    return event


def is_private(name: str) -> bool:
    """Say whether a field's value may name a person, an account or a secret."""
    return name in _PRIVATE_NAMES or name.startswith(_PRIVATE_PREFIXES)


def _redacted(value: object, depth: int) -> object:
    if depth == 0:
        return REDACTED
    if isinstance(value, Mapping):
        return {
            name: REDACTED if is_private(str(name)) else _redacted(inner, depth - 1)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_redacted(inner, depth - 1) for inner in value]
    return value


def _rendered(_: WrappedLogger, __: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)
