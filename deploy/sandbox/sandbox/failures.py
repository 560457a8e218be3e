"""What can stop the launcher, said so that the reader knows what to do next."""

from pathlib import Path

TAIL_LINES = 15
"""Lines shown of a log: what fits on a screen beside the sentence."""

TAIL_WIDTH = 240
"""Characters shown of a line: a log line in JSON says early what it is about."""


class LaunchFailed(Exception):
    """Something did not start or did not stay up; the message says what to do.

    `tail` is the end of the log concerned, as it was at that moment.
    """

    def __init__(self, sentence: str, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.tail = _tail(log)


def _tail(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
    return "\n".join(line[:TAIL_WIDTH] for line in lines)
