"""The principles of a night's traces, with what speaks for each and against it: the lines of its pages."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from steps.kinds.trace.principles import Principle, Seen, principles, warnings
from steps.night import Night
from steps.records import Dream, Experience, Triaged
from steps.workspace import each_record, read_records

SOURCES = 4  # shown of each principle
WARNINGS = 20


@dataclass(frozen=True)
class Agreed:
    """One principle. ``says``: the reason that was given, or what was asked; ``does``: the act in general.

    ``traces``, ``sources``, ``against``: how many show it, of how many users or files, and how many speak against it.
    ``lessons``: cases that are practised; ``why``: why there are none. ``shown_by``, ``denied_by``: some of the traces.
    """

    says: str
    does: str
    traces: int
    sources: int
    against: int
    lessons: int
    why: str
    shown_by: tuple[str, ...]
    denied_by: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """As tables show it."""
        return {
            "principle": self.says,
            "is done": self.does,
            "traces": self.traces,
            "sources": self.sources,
            "against": self.against,
            "lessons": self.lessons,
            "not taught": self.why or None,
            "from": ", ".join(self.shown_by),
            "counter-examples": ", ".join(self.denied_by) or None,
        }

    def line(self) -> str:
        """As a line says it."""
        against = f", {self.against} against" if self.against else ""
        taught = f"{self.lessons} lessons" if self.lessons else f"not taught: {self.why}"
        return f"{self.says} -> {self.does} ({self.traces} traces{against}; {taught})"


def agreed(night: Night) -> list[Agreed]:
    """Return the principles of what the night met and may teach, those with most support first."""
    dreams = [d for d in _rows(night, "dreams", Dream) if "principle" in d.verification and not d.rehearsal]
    held = [d for d in _rows(night, "unseen", Dream) if "principle" in d.verification]
    traces = list(_traces(night, {str(d.experience) for d in (*dreams, *held)}))
    counts = Counter(str(dream.verification["principle"]) for dream in dreams)
    found = [_shown(one, counts[one.id], bool(dreams or held)) for one in principles(traces)]
    return sorted(found, key=lambda one: (-one.traces, one.says))


def warned(night: Night) -> list[dict[str, Any]]:
    """Return what was refused in the night's traces, most often first: it is told, and never imitated."""
    found = warnings(list(_traces(night, set()))).most_common(WARNINGS)
    return [{"tried": did, "refused": why or None, "times": times} for (did, why), times in found]


def _shown(one: Principle, lessons: int, dreamt: bool) -> Agreed:
    why = one.refused or ("" if lessons else "its cases are held out or known" if dreamt else "it waits")
    return Agreed(
        says=one.when,
        does=one.act,
        traces=one.traces,
        sources=one.sources,
        against=one.counter,
        lessons=lessons,
        why=why,
        shown_by=_places(one.support),
        denied_by=_places(one.against),
    )


def _places(seen: Sequence[Seen]) -> tuple[str, ...]:
    found = dict.fromkeys(_place(one.experience) for one in seen)
    more = len(found) - SOURCES
    return (*list(found)[:SOURCES], *([f"and {more} more"] if more > 0 else []))


def _place(experience: Experience) -> str:
    return f"{experience.source}{f' line {experience.record}' if experience.record else ''}"


def _traces(night: Night, taught: set[str]) -> Iterator[Experience]:
    """The night's traces that may teach, and those of earlier nights of which it teaches something."""
    rows = {
        row.experience for row in _rows(night, "triage", Triaged) if row.kind == "trace" and row.verdict == "persist"
    }
    if not rows and not taught:
        return
    path = night.dataset("corpus")
    for _, experience in each_record(path, Experience) if path.is_file() else ():
        if experience.id in rows and experience.kind == "trace":
            yield experience
    left = taught - rows
    for name in reversed(night.nights("corpus", tonight=False)) if left else ():
        for _, experience in each_record(night.workspace.dataset("corpus", name), Experience):
            if experience.id in left:
                left.discard(experience.id)
                yield experience


def _rows(night: Night, name: str, kind: Any) -> list[Any]:
    """A dataset of the night; none where no step has written it yet."""
    path = night.dataset(name)
    return read_records(path, kind) if path.is_file() else []
