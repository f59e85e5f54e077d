"""What the server would look up the morning after: the notes that the nights so far leave in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from bench.benchmark_run import BenchmarkRun
from bench.memory import notes_for
from steps.consolidate.left_out import LeftOut
from steps.memory.encoder import encoder
from steps.memory.files import opened
from steps.memory.prompting import note_line
from steps.memory.remembering import bring, to_bring
from steps.memory.store import Memory


def remembered(benchmark: BenchmarkRun, after: int, questions: Sequence[str]) -> list[str | None]:
    """Return what is put before each question after night ``after``, as the server puts it; None where nothing is.

    Asked by nobody in particular, on the day of that night.
    """
    knobs, tonight = benchmark.settings.memory, benchmark.stream.nights[after].date
    found = []
    with _memory(benchmark, tonight, persisted=knobs.persisted) as memory:
        for question in questions:
            notes = notes_for(memory, question, knobs, date.fromisoformat(tonight), encoder())
            found.append("\n".join(map(note_line, notes)) or None)
    return found


@contextmanager
def _memory(benchmark: BenchmarkRun, tonight: str, *, persisted: bool) -> Iterator[Memory]:
    """The notes of the nights until ``tonight``, in a file of that night's own; what is there is not written again."""
    with opened(benchmark.folder / "memory" / f"{tonight}.db") as memory:
        left_out = LeftOut(benchmark.workspace)
        for night in to_bring(memory, benchmark.workspace, tonight, persisted=persisted):
            bring(memory, benchmark.workspace, night, persisted=persisted, encoder=encoder(), left_out=left_out)
        yield memory
