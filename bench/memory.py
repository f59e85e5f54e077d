"""A night examined by day: its probes asked of the base and the champion, without and with what memory holds.

Both look up as the server does, on the night's own day and as nobody in particular; the answers are free generation,
closed book, marked as the examination marks them. Nothing is written into the workspace.
"""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich import box
from rich.console import Console
from rich.table import Table

from bench.estimates import paired_estimate
from bench.tables import points
from steps.anchors import read_anchors
from steps.consolidate.adapter import load_adapter
from steps.errors import SlumberError
from steps.examine.items import NO_DOCUMENT, ProbeItem, probe_items
from steps.examine.retired import retire
from steps.gate.verdict import decided_on, read_verdict
from steps.marking import holds, right
from steps.memory.encoder import Encoder, encoder
from steps.memory.files import memory_path, opened
from steps.memory.looking_up import look_up
from steps.memory.notes import Note
from steps.memory.prompting import with_notes
from steps.memory.store import Memory
from steps.model.chat import question_chat
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.settings import MemorySettings, Settings
from steps.workspace import Workspace

ARMS = {
    "nothing": "the base, without notes",
    "weights": "the night's model, without notes",
    "memory": "the base, with notes",
    "both": "the night's model, with notes",
}


@dataclass(frozen=True)
class Asked:
    """A probe, the notes that were found for it, and whether one of them holds its answer."""

    item: ProbeItem
    notes: list[Note]
    found: bool


def measure(settings: Settings, workspace: Workspace, night: str, *, most: int | None = None) -> dict[str, list[bool]]:
    """Ask, print the tables and return which probes each arm answered. ``most``: at most so many probes.

    Raises:
        SlumberError: the night has no adapter, or its memory is not written.
    """
    verdict = read_verdict(workspace, night)
    adapter = decided_on(workspace, verdict) / "adapter"
    if not adapter.is_dir():
        raise SlumberError(f"Night {night} left no adapter in {workspace.root}: name a night that learned something.")
    path = memory_path(workspace, None)
    if not path.exists():
        raise SlumberError(f"There is no memory in {workspace.root}: run `slumber remember --night {night}` first.")
    items = retire(probe_items(workspace, night), workspace=workspace, night=night)[0]
    items = spread(items, most) if most else items
    today, reader = date.fromisoformat(night), encoder()
    with opened(path) as memory:
        asked = [_asked(memory, item, settings.memory, today, reader) for item in items]
        general = read_anchors(settings.anchors)
        disturbed = sum(bool(notes_for(memory, one.prompt, settings.memory, today, reader)) for one in general)
    plain = [question_chat(one.item.probe.question) for one in asked]
    noted = [with_notes(chat, one.notes) for chat, one in zip(plain, asked, strict=True)]
    marks: dict[str, list[bool]] = {}
    for weights, (without, within) in ((False, ("nothing", "memory")), (True, ("weights", "both"))):
        base = load_base(settings.model)
        if weights:
            load_adapter(base.model, adapter).eval()
        model = LocalModel(base, settings.examine.batch_tokens)
        for name, chats in ((without, plain), (within, noted)):
            replies = model.generate(f"probes, {name}", chats, max_new_tokens=settings.examine.max_new_tokens)
            answers = [one.item.probe.answers for one in asked]
            marks[name] = [right(reply.text, key) for reply, key in zip(replies, answers, strict=True)]
        del model, base
        gc.collect()
    console = Console()
    console.print(answered_table(asked, marks, night=night))
    console.print(compared_table(asked, marks))
    console.print(f"Notes are put before {disturbed} of {len(general)} questions of the anchor suite.")
    return marks


def spread(items: Sequence[ProbeItem], most: int) -> list[ProbeItem]:
    """Return at most so many of the items, evenly from the first to the last: of all nights."""
    count = min(most, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def answered_table(asked: Sequence[Asked], marks: Mapping[str, Sequence[bool]], *, night: str) -> Table:
    """What each arm answered, by what is asked: each night's probes, and those whose answer is left open."""
    table = Table(title=f"Answered on {night}, right/asked", box=box.SIMPLE_HEAD, title_justify="left")
    groups: dict[str, list[int]] = {"all with an answer": [n for n, one in enumerate(asked) if one.item.probe.answers]}
    for cohort in sorted({one.item.probe.night for one in asked}):
        groups[f"of {cohort}"] = [n for n in groups["all with an answer"] if asked[n].item.probe.night == cohort]
    groups["whose note ends"] = [n for n in groups["all with an answer"] if _ends(asked[n])]
    groups["left open"] = [n for n, one in enumerate(asked) if not one.item.probe.answers]
    table.add_column("arm")
    for name in groups:
        table.add_column(name, justify="right")
    for name, says in ARMS.items():
        table.add_row(f"{name}: {says}", *(_share([marks[name][n] for n in places]) for places in groups.values()))
    table.add_row("a note holds the answer", *(_share([asked[n].found for n in places]) for places in groups.values()))
    return table


def compared_table(asked: Sequence[Asked], marks: Mapping[str, Sequence[bool]]) -> Table:
    """Paired differences on the probes with an answer, with an interval clustered by document."""
    table = Table(title="Difference in points, 95 % by document", box=box.SIMPLE_HEAD, title_justify="left")
    for name in ("arm", "against", "difference", "won", "lost"):
        table.add_column(name, justify="left" if name in ("arm", "against") else "right")
    places = [n for n, one in enumerate(asked) if one.item.probe.answers]
    clusters = [asked[n].item.source or NO_DOCUMENT for n in places]
    for ours, theirs in (("both", "weights"), ("both", "memory"), ("memory", "weights"), ("weights", "nothing")):
        mine, others = [marks[ours][n] for n in places], [marks[theirs][n] for n in places]
        found = paired_estimate([float(one) for one in mine], [float(one) for one in others], clusters)
        won = sum(a and not b for a, b in zip(mine, others, strict=True))
        lost = sum(b and not a for a, b in zip(mine, others, strict=True))
        table.add_row(ours, theirs, points(found), str(won), str(lost))
    return table


def _asked(memory: Memory, item: ProbeItem, knobs: MemorySettings, today: date, reader: Encoder) -> Asked:
    notes = notes_for(memory, item.probe.question, knobs, today, reader)
    return Asked(item, notes, any(holds(note.said, item.probe.answers) for note in notes))


def notes_for(memory: Memory, question: str, knobs: MemorySettings, today: date, reader: Encoder) -> list[Note]:
    """Return what the server would look up for nobody in particular."""
    found = look_up(
        [memory],
        question,
        encoder=reader,
        today=today,
        user=None,
        persisted=knobs.persisted,
        most=knobs.notes,
        min_score=knobs.min_score,
    )
    return [near.note for near in found]


def _ends(one: Asked) -> bool:
    experience = one.item.experience
    return any(note.valid_until and experience and note.experience == experience.id for note in one.notes)


def _share(marks: Sequence[bool]) -> str:
    return f"{100 * sum(marks) / len(marks):.0f} % ({sum(marks)}/{len(marks)})" if marks else "-"
