"""Where a correction was lost on its way: from what was said, over the lessons made of it, to the answers next day."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.benchmark_run import BenchmarkRun
from bench.corrections.arms import WEIGHTS
from bench.corrections.data import Correction, Corrections, Topic, session
from bench.corrections.marking import says
from bench.corrections.measures import GENERAL
from bench.corrections.records import CorrectionMark
from steps.records import Dream, Experience
from steps.workspace import read_records

CAUSES = {
    "no lesson": "nothing was made of it",
    "value wrong": "no lesson's answer gives the new value",
    "statement wrong": "a lesson names the old value, even to deny it, or most do not give the new one",
    "not learned": "the lessons are right, the user's question is not answered the morning after",
    "paraphrase": "the user's question is answered, two of three paraphrases are not",
    "none": "nothing is wrong",
}


@dataclass(frozen=True)
class Fate:
    """What became of one correction: its cause of failure, a lesson of it, and how its question was answered."""

    correction: str
    said: str
    cause: str
    lessons: int
    lesson: str
    answer: str


def fates(runs: Sequence[BenchmarkRun], corrections: Corrections, marks: Iterable[CorrectionMark]) -> list[Fate]:
    """Return the fate of every correction in the arm ``WEIGHTS``, seed by seed, night by night."""
    asked = [m for m in marks if m.arm == WEIGHTS and m.after == m.cohort and m.cohort]
    found = []
    for seed, benchmark in enumerate(runs, start=1):
        for topic, number, lessons in _told(benchmark, corrections, max((m.after for m in asked), default=0)):
            own = [m for m in asked if m.seed == seed and m.correction == session(topic, number)]
            if own:
                found.append(_fate(topic, number, lessons, cause_of(topic, number, lessons, own), own))
    return found


def faults(benchmark: BenchmarkRun, corrections: Corrections, nights: int) -> list[Fate]:
    """Return what is wrong with the lessons of the first ``nights`` nights, before anything is trained."""
    return [
        _fate(topic, number, lessons, fault_of(topic, number, lessons) or "none", [])
        for topic, number, lessons in _told(benchmark, corrections, nights)
    ]


def false_lessons(benchmark: BenchmarkRun, corrections: Corrections, nights: int) -> list[str]:
    """Return what the first ``nights`` nights would teach though nobody corrected anything: small talk, ratings."""
    found = []
    for night in benchmark.stream.nights[1 : nights + 1]:
        real = {session(topic, number) for topic, number in corrections.of_night(night.number)}
        for name, lessons in _lessons(benchmark, night.date).items():
            found += [] if name in real else [f"{lesson.question} -> {lesson.answer}" for lesson in lessons]
    return found


def _told(benchmark: BenchmarkRun, corrections: Corrections, nights: int) -> Iterator[tuple[Topic, int, list[Dream]]]:
    for night in benchmark.stream.nights[1 : nights + 1]:
        lessons = _lessons(benchmark, night.date)
        for topic, number in corrections.of_night(night.number):
            yield topic, number, lessons.get(session(topic, number), [])


def counted(found: Iterable[Fate]) -> dict[str, int]:
    """How many corrections failed of which cause, in the order of ``CAUSES``."""
    counts = Counter(fate.cause for fate in found)
    return {cause: counts[cause] for cause in CAUSES if counts[cause]}


def cause_of(topic: Topic, number: int, lessons: Sequence[Dream], marks: Sequence[CorrectionMark]) -> str:
    """The first thing that went wrong, a key of ``CAUSES``."""
    if all(m.correct for m in marks if m.metric == "efficacy"):
        general = sum(m.correct for m in marks if m.metric == "paraphrase") >= GENERAL
        return "none" if general else "paraphrase"
    return fault_of(topic, number, lessons) or "not learned"


def fault_of(topic: Topic, number: int, lessons: Sequence[Dream]) -> str | None:
    """What is wrong with the lessons themselves, a key of ``CAUSES``, or None."""
    one, old = topic.corrections[number], topic.old_values(number)
    good = [lesson for lesson in lessons if _gives(lesson, one)]
    if not lessons:
        return "no lesson"
    if not good:
        return "value wrong"
    if len(good) * 2 < len(lessons) or any(says(lesson.answer, old) for lesson in lessons):
        return "statement wrong"
    return None


def _gives(lesson: Dream, one: Correction) -> bool:
    """Whether it teaches the value: as its answer, or in its question where it asks the other way round."""
    return says(lesson.answer, one.answers) or says(lesson.question, one.answers)


def _fate(topic: Topic, number: int, lessons: list[Dream], cause: str, marks: list[CorrectionMark]) -> Fate:
    one = topic.corrections[number]
    shown = next((x for x in lessons if not _gives(x, one)), lessons[0] if lessons else None)
    answer = next((m.answer for m in marks if m.metric == "efficacy"), "")
    return Fate(
        correction=session(topic, number),
        said=one.said,
        cause=cause,
        lessons=len(lessons),
        lesson=f"{shown.question} -> {shown.answer}" if shown else "",
        answer=answer,
    )


def _lessons(benchmark: BenchmarkRun, date: str) -> dict[str, list[Dream]]:
    """A night's lessons by the session that they were made from."""
    corpus = read_records(benchmark.workspace.dataset("corpus", date), Experience)
    named = {e.id: str(e.payload.get("session")) for e in corpus}
    found: dict[str, list[Dream]] = {}
    for dream in read_records(benchmark.workspace.dataset("dreams", date), Dream):
        if not dream.rehearsal and dream.experience in named:
            found.setdefault(named[dream.experience], []).append(dream)
    return found
