"""The arms: ways to learn from corrections. All that learn go on from the same night of documents."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.benchmark_run import BenchmarkRun
from bench.corrections.data import Corrections
from bench.training import Taught, taught_answers
from steps.checkpoint import AdapterCheckpoint
from steps.consolidate.step import ConsolidateStep
from steps.errors import SlumberError
from steps.kinds.table import kind_of
from steps.night import Night, Told

Learn = Callable[[BenchmarkRun, Corrections, int], Taught]
WEIGHTS = "weights"


@dataclass(frozen=True)
class Arm:
    """``learn`` trains after night n; None: nothing is trained. ``follows``: it serves another arm's adapters.

    ``looks_up``: answers are given with the best of all that was said ("best"), or with what the server would find in
    memory ("memory"). A learner's night 0 is that of ``WEIGHTS``.
    """

    name: str
    says: str
    learn: Learn | None = None
    follows: str | None = None
    looks_up: Literal["nothing", "best", "memory"] = "nothing"

    @property
    def adapted(self) -> bool:
        return bool(self.learn or self.follows)


def learn_weights(benchmark: BenchmarkRun, corrections: Corrections, number: int) -> Taught:
    """Consolidate what night ``number`` dreamt on top of the night before; one that taught nothing leaves it as it is.

    Raises:
        SlumberError: night 0 taught nothing.
    """
    night, yesterday = benchmark.stream.nights[number], adapter_of(benchmark, WEIGHTS, number - 1)
    known = tuple(n.date for n in benchmark.stream.nights[:number])
    told = Told(begins_with=AdapterCheckpoint(yesterday, known) if yesterday else None)
    record = ConsolidateStep().run(Night.of(benchmark.settings, benchmark.workspace, night.date, lineage=told))
    figures, out = record.figures, _fresh(benchmark, WEIGHTS, number)
    learned = benchmark.workspace.night_dir(night.date) / "adapter"
    if figures.skipped and yesterday is None:
        raise SlumberError(f"Night 0 taught nothing ({figures.skipped}): there is nothing to hold corrections against.")
    partial = out.with_name("partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(yesterday if figures.skipped and yesterday else learned, partial)
    partial.rename(out)
    return Taught(out, figures.training_seconds or 0.0, figures.example_tokens or 0, figures.examples)


def _plain(benchmark: BenchmarkRun, corrections: Corrections, number: int) -> Taught:
    pairs = [(topic.question, topic.corrections[n].answers[0]) for topic, n in corrections.of_night(number)]
    yesterday = adapter_of(benchmark, "plain" if number > 1 else WEIGHTS, number - 1)
    return taught_answers(benchmark.settings, pairs, start=yesterday, out=_fresh(benchmark, "plain", number))


ARMS = {
    arm.name: arm
    for arm in (
        Arm("base", "no update: the untouched base"),
        Arm(
            "look-up",
            "the base with the best of all passages and corrections before the question (BM25), recognised or not",
            looks_up="best",
        ),
        Arm("memory", "the base with the notes that the server looks up", looks_up="memory"),
        Arm("plain", "plain fine-tuning on question and right answer, night after night, without rehearsal", _plain),
        Arm(WEIGHTS, "this repository's nights", learn_weights),
        Arm("weights+look-up", "the same model with the best passage or correction", follows=WEIGHTS, looks_up="best"),
        Arm("weights+memory", "the same model with what the server looks up", follows=WEIGHTS, looks_up="memory"),
    )
}


def chosen_arms(names: list[str]) -> list[Arm]:
    """Return the arms in the order in which they can run; whoever goes on from the night of documents needs it.

    Raises:
        SlumberError: there is no such arm, or one follows an arm that is not chosen.
    """
    unknown = [name for name in names if name not in ARMS]
    if unknown:
        raise SlumberError(f"There is no arm {unknown[0]!r}: the arms are {', '.join(ARMS)}.")
    chosen = [arm for arm in ARMS.values() if arm.name in {"base", *names}]
    lacking = [arm for arm in chosen if arm.follows and arm.follows not in names]
    if lacking:
        raise SlumberError(f"The arm {lacking[0].name} needs {lacking[0].follows}: name both in --arms.")
    return chosen


def adapter_of(benchmark: BenchmarkRun, arm: str, number: int) -> Path | None:
    """The adapter that an arm serves after a night, or None for the base."""
    return benchmark.arm(arm, number) / "adapter" if number >= 0 else None


def notes(benchmark: BenchmarkRun, corrections: Corrections, number: int) -> Iterator[str]:
    """What look-up may put before a question: the documents' passages, and the newest correction of each question."""
    for experience in benchmark.documents(benchmark.stream.nights[0]):
        yield from (passage.context for passage in kind_of(experience).passages(experience))
    for topic in corrections.topics:
        newest = topic.held_after(number)
        if newest is not None:
            yield f"{topic.question} {topic.corrections[newest].said}"


def _fresh(benchmark: BenchmarkRun, arm: str, number: int) -> Path:
    out = benchmark.arm(arm, number) / "adapter"
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    return out
