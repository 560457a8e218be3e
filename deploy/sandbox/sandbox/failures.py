"""What can stop the launcher, said so that the reader knows what to do next."""

from pathlib import Path

TAIL_LINES = 20
"""Lines shown of a log: what fits on a screen beside the sentence."""


class LaunchFailed(Exception):
    """Something did not start or did not stay up; the message says what to do.

    `log` is the log that tells more.
    """

    def __init__(self, sentence: str, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.log = log

    def tail(self) -> str:
        """Return the end of the log concerned, or nothing where there is none."""
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])
