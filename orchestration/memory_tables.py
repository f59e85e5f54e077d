"""Notes of memory as tables."""

import re
from collections.abc import Sequence
from datetime import date

from rich import box
from rich.table import Table
from rich.text import Text

from steps.memory.notes import WHY, Note
from steps.memory.store import Near

SHOWN_CHARS, SHOWN_ID = 90, 8


def notes_table(notes: Sequence[Note], today: str) -> Table:
    """A line for each note."""
    owned = any(note.owner for note in notes)
    table = _table("id", "holds until", "why", narrow=(*(("owner",) if owned else ()), "source", "says"))
    for note in notes:
        end = note.valid_until.isoformat() if note.valid_until else "-"
        ended = "" if note.holds(date.fromisoformat(today)) else " (ended)"
        whose = (note.owner or "everyone",) if owned else ()
        cells = (note.id[:SHOWN_ID], f"{end}{ended}", note.why, *whose, _from(note), _cut(note))
        table.add_row(*map(Text, cells))
    table.caption = f"{len(notes)} notes" if len(notes) != 1 else "1 note"
    return table


def note_table(note: Note) -> Table:
    """A note in full."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows = [
        ("id", note.id),
        ("title", note.title or "-"),
        ("says", note.text),
        ("source", note.source),
        ("owner", note.owner or "everyone"),
        ("noted on", note.created_at.isoformat()),
        ("holds until", note.valid_until.isoformat() if note.valid_until else "no end is known"),
        ("why", WHY[note.why]),
        ("night", note.night or "-"),
        ("experience", note.experience or "-"),
    ]
    for old in reversed(note.history):
        end = f", until {old.valid_until}" if old.valid_until else ""
        rows.append((f"before {old.on}", f"{old.title}: {old.text}{end}" if old.title else f"{old.text}{end}"))
    for name, value in rows:
        table.add_row(name, Text(value))
    return table


def near_table(found: Sequence[Near]) -> Table:
    """What a look-up found, the best first."""
    table = _table("id", "likeness", "holds until", narrow=("source", "says"))
    for note, likeness in found:
        end = note.valid_until.isoformat() if note.valid_until else "-"
        table.add_row(*map(Text, (note.id[:SHOWN_ID], f"{likeness:.2f}", end, _from(note), _cut(note))))
    table.caption = None if found else "nothing is like it"
    return table


def _from(note: Note) -> str:
    """The source; of a trace the beginning of its id, which would fold into a tower (`slumber memory show`)."""
    trace = re.fullmatch(r"(traces/tr-[0-9a-f]{6})[0-9a-f]{20,}", note.source)
    return f"{trace[1]}…" if trace else note.source


def _cut(note: Note) -> str:
    colon = "" if note.title.endswith(("?", "!", ":")) else ":"
    said = f"{note.title}{colon} {note.text}" if note.title else note.text
    return said if len(said) <= SHOWN_CHARS else f"{said[: SHOWN_CHARS - 1]}…"


def _table(*columns: str, narrow: tuple[str, ...]) -> Table:
    """A table whose ``narrow`` columns fold. Cells are Text, not markup: they are what people wrote."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True)
    for name in narrow:
        table.add_column(name, overflow="fold", ratio=4 if name == "says" else 1)
    table.expand = True
    return table
