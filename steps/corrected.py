"""What people corrected, and what became of it in a night: the lines of its pages in Dagster, MLflow and the report.

Each names its source, the trace of the answer that was corrected. What was wrongly said stands beside it as it is kept,
redacted; it is in no lesson.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from steps.examine.pairs import before_and_after, closed_book
from steps.kinds.conversation.asked import asked_key
from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.turns import corrections
from steps.kinds.table import kind_of
from steps.night import Night
from steps.records import Answer, Carried, Dream, Experience, Held, Probe, Record, Triaged
from steps.review.decisions import decisions
from steps.workspace import each_record, read_records

State = Literal["learned", "not learned", "taught", "waits", "rejected", "not taught"]
R = TypeVar("R", bound=Record)
Part = tuple[str, int]  # an experience and the number of one of its parts


@dataclass(frozen=True)
class Corrected:
    """One answer that was corrected.

    Attributes:
        right: what is right, as it was said; ``by`` whom, if that is known.
        trace: of the answer, None where it came with a file; ``source``: the experience's.
        state: what came of it; "taught" is not examined, or not yet. ``why``: where that needs a reason.
        before: the answer of what served, as the night examined it; ``after``: the candidate's. ``knew``: whether the
            former was right.
    """

    question: str
    wrong: str
    right: str
    by: str | None
    source: str
    trace: str | None
    state: State
    why: str = ""
    before: str | None = None
    after: str | None = None
    knew: bool | None = None


def corrected(night: Night, answers: Iterable[Answer] = ()) -> list[Corrected]:
    """Return what people corrected: what the night met, and what earlier nights left and this one teaches.

    ``answers``: of the night's examination, marked; without them nothing is learned yet.
    """
    dreams = [dream for dream in _of_night(night, "dreams", Dream) if dream.experience is not None]
    rows = {row.experience: row for row in _of_night(night, "triage", Triaged)}
    probes = [probe for probe in _of_night(night, "holdouts", Probe) if probe.origin == "user"]
    asked = {(probe.experience, probe.question): probe.id for probe in probes}
    pairs = {b.probe: (b, a) for b, a in before_and_after(closed_book(answers)) if a.cohort == night.date}
    fates, found = _Fates(night, rows, dreams), []
    for experience, parts in _met(night, rows, dreams):
        known = rows[experience.id].known if parts is None else ()
        for number, one in enumerate(corrections(experience.payload)):
            if number in known or (parts is not None and number not in parts):
                continue
            state, why = fates.of((experience.id, number), one)
            pair = pairs.get(asked.get((experience.id, one.question), "")) if state == "taught" else None
            found.append(_line(experience, one, state, why, pair))
    return found


def traces_of(found: Sequence[Corrected]) -> list[str]:
    """Return the traces, each once, that lessons of the night were made of."""
    taught = ("learned", "not learned", "taught")
    return list(dict.fromkeys(one.trace for one in found if one.trace and one.state in taught))


def trace_of(experience: Experience, place: int | None) -> str | None:
    """Return the trace that holds the answer at ``place`` of a talk."""
    traces: Mapping[str, str] = experience.payload.get("traces") or {}
    return traces.get(str(place))


class _Fates:
    """What became of parts of the night, and why."""

    def __init__(self, night: Night, rows: Mapping[str, Triaged], dreams: Sequence[Dream]):
        self._rows, self._dreamt = rows, night.dataset("dreams").exists()
        self._held: dict[Part, Held] = {(h.experience, h.sentence): h for row in rows.values() for h in row.held}
        self._decided = decisions(night.workspace) if self._held else {}
        self._taught = {(d.experience, d.sentence) for d in dreams}
        self._questions = {asked_key(d.question) for d in dreams if d.verification.get("asked")}
        self._carried: set[Part] = {
            (row.experience, n) for row in _of_night(night, "carried", Carried) for n in row.waiting
        }

    def of(self, part: Part, one: Correction) -> tuple[State, str]:
        """Return the fate of a part that corrects something, and a reason where it needs one."""
        row = self._rows.get(part[0])
        if part in self._taught:
            return "taught", ""
        if part in self._held:
            return self._waiting(self._held[part])
        if row is not None and part[1] in row.withheld:
            return "not taught", "it ends soon, or is its user's own: it is looked up in memory"
        if row is not None and row.verdict != "persist":
            return "not taught", row.reason
        if asked_key(one.question) in self._questions:
            return "not taught", "the same question was corrected again later"
        if part in self._carried or not self._dreamt:
            return "waits", "carried over to the next nights" if self._dreamt else "nothing is dreamt yet"
        return "not taught", "no lesson of it was kept"

    def _waiting(self, held: Held) -> tuple[State, str]:
        decision = self._decided.get(held.id)
        if decision is None:
            return "waits", f"{held.why}; slumber review accept {held.id[:8]} has it learned"
        if decision.accept:
            return "waits", f"accepted by {decision.by}: the next night learns it"
        return "rejected", f"by {decision.by}{f': {decision.reason}' if decision.reason else ''}"


def _line(
    experience: Experience, one: Correction, state: State, why: str, pair: tuple[Answer, Answer] | None
) -> Corrected:
    told: dict[str, Any] = {}
    if pair:
        before, after = pair
        state = "learned" if after.correct else "not learned"
        told = {"before": before.answer, "after": after.answer, "knew": before.correct}
    return Corrected(
        question=one.question,
        wrong=one.wrong,
        right=one.said,
        by=one.by,
        source=experience.source,
        trace=trace_of(experience, one.place),
        state=state,
        why=why,
        **told,
    )


def _met(
    night: Night, rows: Mapping[str, Triaged], dreams: Sequence[Dream]
) -> Iterator[tuple[Experience, set[int] | None]]:
    """Yield the talks of the night, then those of earlier nights of which it teaches something, with what that is."""
    earlier: dict[str, set[int]] = {}
    for dream in dreams:
        if dream.experience and dream.experience not in rows and dream.sentence is not None:
            earlier.setdefault(dream.experience, set()).add(dream.sentence)
    for _, experience in each_record(night.dataset("corpus"), Experience) if rows else ():
        if kind_of(experience).corrected and experience.id in rows:
            yield experience, None
    for name in reversed(night.nights("corpus", tonight=False)):
        if not earlier:
            return
        for _, experience in each_record(night.workspace.dataset("corpus", name), Experience):
            parts = earlier.pop(experience.id, None)
            if parts is not None and kind_of(experience).corrected:
                yield experience, parts


def _of_night(night: Night, name: str, kind: type[R]) -> list[R]:
    """A dataset of the night; none where no step has written it yet."""
    path = night.dataset(name)
    return read_records(path, kind) if path.is_file() else []
