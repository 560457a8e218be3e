"""A JSON-lines journal, so that a bank or a platform remembers over a restart what it did.

A row is flushed before its effect shows outside; a last line that was cut off by a kill
never had an effect and is dropped.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Rows appended to one file, or to nothing where no path was given."""

    def __init__(self, path: Path | None) -> None:
        """Remember where the rows lie; the file is made at the first row."""
        self._path = path

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield what was written before, oldest first, and cut off a torn last line."""
        if self._path is None or not self._path.exists():
            return
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield json.loads(line)
        with self._path.open("r+b") as torn:
            torn.truncate(whole)

    def write(self, kind: str, **fields: Any) -> None:  # noqa: ANN401 - rows are plain JSON
        """Append one row and hand it to the operating system."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"kind": kind, **fields}, ensure_ascii=False) + "\n")
