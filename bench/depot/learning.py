"""One arm's night: its lessons are learned on top of what it knows, by the night's own trainer."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.depot.arms import Arm
from bench.depot.nights import DepotNights
from bench.training import Taught
from steps.consolidate.cohorts import learned, with_earlier
from steps.consolidate.trainer import LocalTrainer
from steps.dream.lessons import lesson_of
from steps.lesson import Lesson
from steps.records import Dream, Experience, content_id
from steps.workspace import file_sha256, read_records, write_records


def learn(nights: DepotNights, arm: Arm, number: int, out: Path, *, yesterday: Path | None) -> Taught:
    """Learn night ``number``, on top of ``yesterday``'s adapter, and move the adapter to ``out``.

    Earlier nights' lessons are those that the arm itself was taught.
    """
    assert arm.learns is not None
    numbers = range(1, number + 1) if arm.at_once else [number]
    dreams: list[Dream] = [dream for n in numbers for dream in _dreams(nights, arm, n)]
    known = [] if arm.at_once or not arm.rehearsed else [nights.date(n) for n in range(1, number)]
    dreams += [dream for n in range(1, len(known) + 1) for dream in _dreams(nights, arm, n)]
    if not arm.at_once:
        dreams = with_earlier(dreams, nights.date(number), known, nights.settings.consolidate)
    corpus = {e.id: e for n in range(1, number + 1) for e in nights.traces(n)}
    lessons = [in_words(dream, corpus) for dream in dreams]
    settings = nights.settings.model_copy(update={"seed": nights.settings.seed + nights.seed - 1})
    begun = None if arm.at_once else yesterday
    start = file_sha256(begun) if begun else None
    digest = content_id([lesson.to_json() for lesson in lessons], settings.consolidate.model_dump(), start)
    job = out.with_name("job")
    figures = learned(
        job, LocalTrainer(), digest=digest, settings=settings, lessons=lessons, known=tuple(known), begun=begun
    )
    shutil.rmtree(out, ignore_errors=True)
    (job / "adapter").rename(out)
    shutil.rmtree(job)
    seconds = figures["seconds"] + figures["reading_seconds"]
    return Taught(out, seconds, figures["example_tokens"], figures["examples"])


def in_words(dream: Dream, corpus: dict[str, Experience]) -> Lesson:
    """A lesson as a small model can learn it: the case alone, and the action in natural words instead of a call."""
    if "words" not in dream.verification:
        return lesson_of(dream, corpus)
    asked: tuple[dict[str, str], ...] = ({"role": "user", "content": dream.question},)
    said = {"messages": asked, "completion": str(dream.verification["words"]), "calls": (), "tools": ()}
    return lesson_of(dream, corpus).model_copy(update=said)


def _dreams(nights: DepotNights, arm: Arm, number: int) -> Sequence[Dream]:
    """What an arm is taught on a night; made once, for principles are what the night's code made of them then."""
    assert arm.learns is not None
    path = nights.folder / "dreams" / f"{arm.name}-{number}.jsonl"
    if not path.is_file():
        write_records(path, [*arm.learns(nights, number), *(nights.rehearsal(number) if arm.rehearsed else [])])
    return read_records(path, Dream)
