"""The step that writes notes: what triage called temporary, and what of the rest is to be looked up."""

from collections import Counter
from datetime import date

from pydantic import Field

from steps.consolidate.left_out import LeftOut
from steps.manifest import Figures
from steps.memory.files import memory_path, opened
from steps.memory.remembering import Change, bring, to_bring
from steps.night import Night
from steps.step import Step


class MemoryFigures(Figures):
    """How many notes came, changed, left and ended; how many there are, and why."""

    written: int = 0
    changed: int = 0
    removed: int = 0
    ended: int = 0
    notes: int = 0
    why: dict[str, int] = Field({})


class RememberStep(Step[MemoryFigures]):
    """Write what is to be looked up into memory, with its end; purge what has ended.

    Nights that are not there yet are brought along. Done again, it writes nothing twice.

    Raises:
        SlumberError: the notes cannot be read or written, or the encoder is not installed.
    """

    name = "remember"
    asset = "champion"
    figures = MemoryFigures
    kinds = ("sqlite",)
    always = True

    def work(self, night: Night) -> MemoryFigures:
        from steps.memory.encoder import encoder

        knobs = night.settings.memory
        if not knobs.enabled:
            return MemoryFigures(skipped="memory.enabled is false")
        if night.deep:
            return MemoryFigures(skipped="a deep sleep meets nothing")
        with opened(memory_path(night.workspace, night.key.tenant)) as memory:
            change, left_out = Change(), LeftOut(night.workspace)
            for one in to_bring(memory, night.workspace, night.date, persisted=knobs.persisted):
                change += bring(
                    memory, night.workspace, one, persisted=knobs.persisted, encoder=encoder(), left_out=left_out
                )
            with memory.connection:
                ended = memory.purge(min(date.fromisoformat(night.date), _today(night)))
            if ended or change.removed:
                memory.compact()
            why = Counter(note.why for note in memory.notes())
        return MemoryFigures(**change.model_dump(), ended=ended, notes=why.total(), why=dict(why))


def _today(night: Night) -> date:
    """A night of a day to come ends nothing before its day."""
    return night.settings.schedule.today()
