"""What the city remembers from one Saturday to the next, in one file of its own."""

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter

from sandbox.city.enrolment import Class


@dataclass(slots=True)
class Memory:
    """The city's seed, the Saturdays it has begun, and its classes."""

    seed: int
    played: list[date] = field(default_factory=list)
    is_founded: bool = False
    """The institutions are registered and have their accounts and keys."""
    classes: list[Class] = field(default_factory=list)
    freeze_id: str | None = None
    """The freeze that was placed on the last Saturday and left."""


_memory: TypeAdapter[Memory] = TypeAdapter(Memory)


def recall(path: Path) -> Memory | None:
    """Return what was remembered, or None in a city without a past."""
    return _memory.validate_json(path.read_bytes()) if path.exists() else None


def remember(path: Path, memory: Memory) -> None:
    """Write the memory whole: beside the file first, then in its place."""
    beside = path.with_suffix(".next")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as whole:
        whole.write(_memory.dump_json(memory))
    beside.replace(path)
