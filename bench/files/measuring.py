"""What principles the traces of a real world make, and how many of them hold for tasks that were not seen."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape

from bench.files.package import fetched, file_system, tasks
from bench.files.playing import episode
from bench.tables import plain_table
from steps.kinds.cleaning import Cleaning
from steps.kinds.trace.kind import Trace, TraceEntry
from steps.kinds.trace.principles import Principle, principles, teaching, warnings
from steps.records import Experience, content_id

NIGHT = "2026-12-01"
SHOWN = 12


@dataclass(frozen=True)
class Held:
    """Of the situations of unseen traces that show what is right: in how many a learned principle says the same.

    ``other``: in how many the reason is that of a principle that does something else.
    """

    situations: int
    same: int
    other: int


def experiences(rows: Sequence[dict[str, Any]]) -> list[Experience]:
    """Return traces as a night has them, redacted."""
    found = []
    for row in rows:
        entry = TraceEntry.model_validate({key: value for key, value in row.items() if key != "source"})
        kept = Trace().shown(entry, Cleaning(1_000_000))
        number = content_id("trace", kept.title, kept.text)
        about = {"kind": "trace", "source": row["source"], "record": None, "title": kept.title, "text": kept.text}
        found.append(Experience(id=number, night=NIGHT, payload=kept.payload, **about))
    return found


def held(learned: Sequence[Principle], unseen: Sequence[Experience]) -> Held:
    """Hold the principles of some traces against others."""
    taught = [one for one in learned if one.refused is None]
    does, reasons = {one.does for one in taught}, {reason for one in taught for reason in one.reasons}
    same = other = count = 0
    for experience in unseen:
        for principle in principles([experience]):
            count += len(principle.support)
            same += len(principle.support) * (principle.does in does)
            known = not principle.reasons.isdisjoint(reasons)
            other += len(principle.support) * (known and principle.does not in does)
    return Held(count, same, other)


def measure(*, seed: int = 0) -> None:
    """Play all tasks, learn from half of them, and print the principles and what they say of the other half."""
    folder = fetched()
    world = file_system(folder)
    rows = [row for task, gold in tasks(folder) if (row := episode(task, gold, world))]
    random.Random(seed).shuffle(rows)
    met, unseen = experiences(rows[: len(rows) // 2]), experiences(rows[len(rows) // 2 :])
    learned = principles(met)
    found = held(learned, unseen)
    console = Console()
    console.width = max(console.width, 130)
    table = plain_table(f"Principles of {len(met)} traces, most supported first")
    for name in ("because", "is done", "traces", "against", "not taught"):
        table.add_column(name, overflow="fold")
    for one in sorted(learned, key=lambda one: -one.traces)[:SHOWN]:
        cells = (one.reason or "-", one.act, str(one.traces), str(one.counter), one.refused or "")
        table.add_row(*map(escape, cells))
    console.print(table)
    steps = sum(len(teaching(experience)) for experience in met)
    taught = sum(one.refused is None for one in learned)
    console.print(
        f"{steps} situations show what is right, {warnings(met).total()} tries were refused; {len(learned)} principles "
        f"({taught} taught). In {len(unseen)} other traces: {found.situations} situations, in {found.same} a principle "
        f"does the same, in {found.other} one of the same reason does otherwise.",
        highlight=False,
    )
