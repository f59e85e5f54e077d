"""Progress of long work: what, how far, how long. A bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from steps.structured import is_asked, write_line

LOG_SECONDS = 15.0
console = Console(stderr=True, highlight=False)
_hushed = False


def hush() -> None:
    """Let this process say nothing more: another one does the same, and says it."""
    global _hushed
    _hushed = True


class Meter:
    """Counts done units of one task; ``advance`` is cheap enough to be called for every unit."""

    def __init__(self, what: str, total: int, bar: Progress | None):
        self.what, self.total, self.done, self.note = what, max(total, 1), 0, ""
        self._bar, self._task = bar, bar.add_task(what, total=self.total, note="") if bar else TaskID(0)
        self._start = self._said = time.perf_counter()

    def advance(self, units: int = 1, note: str = "") -> None:
        """Count ``units`` more as done; ``note`` is shown beside the figures (a loss, say)."""
        self.done, self.note = self.done + units, note or self.note
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, note=self.note)
        elif not _hushed and time.perf_counter() - self._said > LOG_SECONDS:
            self._said = time.perf_counter()
            self._line()

    def _line(self) -> None:
        spent = time.perf_counter() - self._start
        text = f"  {self.what}: {self.done}/{self.total} after {spent:.0f} s"
        if self.done:  # before, nothing tells how long one takes
            text += f", about {spent / self.done * max(self.total - self.done, 0):.0f} s left"
        text += f"  {self.note}"
        if is_asked():
            write_line(text)
            return
        print(text.rstrip(), file=sys.stderr, flush=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Meter]:
    """Show the progress of ``total`` units of ``what`` on standard error while the block runs."""
    if _hushed or is_asked() or not console.is_terminal:
        yield Meter(what, total, None)
        return
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
    )
    with Progress(
        *columns, TimeRemainingColumn(), TextColumn("{task.fields[note]}"), console=console, transient=True
    ) as bar:
        yield Meter(what, total, bar)


def say(text: str) -> None:
    """Print one line of what the night is doing to standard error."""
    if _hushed:
        return
    if is_asked():
        write_line(text)
        return
    console.print(text, markup=False)
