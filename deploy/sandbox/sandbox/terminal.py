"""What the launcher says while it works: a progress bar, or plain lines where nobody watches."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Terminal:
    """Sentences and progress on standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.began = time.monotonic()
        self._bar = _bar(self.console)
        self._part = self._bar.add_task("", total=None, visible=False)

    def __enter__(self) -> Self:
        """Show the bar, where there is a terminal."""
        if self.console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.update(self._part, visible=False)
        self._bar.stop()

    def say(self, sentence: str) -> None:
        """Say one thing that was done, with the seconds since the start."""
        self.console.print(f"[dim]{self._elapsed()}[/dim] {sentence}")

    def begin(self, words: str, steps: int) -> None:
        """Begin a part of the day that takes some steps."""
        if self.console.is_terminal:
            self._bar.reset(self._part, description=words, total=steps, visible=True)
        else:
            self.say(f"{words} ({steps:,})")

    def advance(self, steps: int) -> None:
        """Take steps."""
        if self.console.is_terminal:
            self._bar.advance(self._part, steps)

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self.began:6.1f} s"


def _bar(console: Console) -> Progress:
    return Progress(
        TimeElapsedColumn(),
        TextColumn("{task.description}", table_column=None),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )
