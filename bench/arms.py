"""The arms: ways to bring a model up to date, each from the same base, the same nights and the same adapter shape."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.benchmark_run import BenchmarkRun
from bench.peer_examples import PeerExample, peer_examples
from bench.peers import train_sdft, train_sft
from bench.stream import Night as StreamNight
from bench.training import Taught, taught, taught_raw
from steps.checkpoint import AdapterCheckpoint
from steps.consolidate.step import ConsolidateStep
from steps.errors import SlumberError
from steps.night import Night, Told

Learn = Callable[[BenchmarkRun, int], Taught]


@dataclass(frozen=True)
class Arm:
    """``learn`` trains after night n and leaves its adapter in ``benchmark.arm(name, n)``; None: the base serves.

    ``retrieves``: answers are given with the best passage found. ``follows``: the arm serves another arm's adapters.
    ``last_only``: it learns once, after the last night. ``dreams``: it needs the nights' dreams.
    """

    name: str
    says: str
    learn: Learn | None = None
    retrieves: bool = False
    follows: str | None = None
    last_only: bool = False
    dreams: bool = False


def _slumber(benchmark: BenchmarkRun, number: int) -> Taught:
    night = benchmark.stream.nights[number - 1]
    yesterday = _yesterday(benchmark, "slumber", number)
    known = tuple(n.date for n in benchmark.stream.nights[: number - 1])
    told = Told(begins_with=AdapterCheckpoint(yesterday, known) if yesterday else None)
    record = ConsolidateStep().run(Night.of(benchmark.settings, benchmark.workspace, night.date, lineage=told))
    out = _fresh(benchmark, "slumber", number)
    shutil.copytree(benchmark.workspace.night_dir(night.date) / "adapter", out)
    figures = record.figures
    return Taught(out, figures.training_seconds or 0.0, figures.example_tokens or 0, figures.examples)


def _raw(benchmark: BenchmarkRun, number: int) -> Taught:
    documents = benchmark.documents(benchmark.stream.nights[number - 1])
    texts = [f"{e.title}\n\n{e.text}" for e in documents]
    return taught_raw(
        benchmark.settings, texts, start=_yesterday(benchmark, "raw", number), out=_fresh(benchmark, "raw", number)
    )


def _dreams(benchmark: BenchmarkRun, number: int) -> Taught:
    dreams = [d for d in benchmark.dreams(benchmark.stream.nights[number - 1]) if not d.rehearsal]
    return taught(
        benchmark.settings,
        dreams,
        benchmark.corpus(number),
        start=_yesterday(benchmark, "dreams", number),
        out=_fresh(benchmark, "dreams", number),
        plain=True,
    )


def _joint(benchmark: BenchmarkRun, number: int) -> Taught:
    dreams = [d for night in benchmark.stream.nights[:number] for d in benchmark.dreams(night)]
    corpus = benchmark.corpus(number)
    return taught(benchmark.settings, dreams, corpus, start=None, out=_fresh(benchmark, "joint", number), nights=number)


def _trl_sft(benchmark: BenchmarkRun, number: int) -> Taught:
    out, examples = _fresh(benchmark, "trl-sft", number), _peer_examples(benchmark, number)
    run = train_sft(
        settings=benchmark.settings,
        examples=examples,
        start=_yesterday(benchmark, "trl-sft", number),
        out=out,
        seed=benchmark.settings.seed,
        tokens=round(_slumbers(benchmark, number, "example_tokens")),
    )
    return Taught(out, run.seconds, run.tokens, len(examples))


def _trl_sdft(benchmark: BenchmarkRun, number: int) -> Taught:
    out, examples = _fresh(benchmark, "trl-sdft", number), _peer_examples(benchmark, number)
    run = train_sdft(
        settings=benchmark.settings,
        examples=examples,
        start=_yesterday(benchmark, "trl-sdft", number),
        out=out,
        seed=benchmark.settings.seed,
        max_seconds=_slumbers(benchmark, number, "training_seconds"),
    )
    return Taught(out, run.seconds, run.tokens, len(examples))


ARMS = {
    arm.name: arm
    for arm in (
        Arm("no-update", "the base, untouched"),
        Arm("retrieval", "the base with the best passage before the question (BM25)", retrieves=True),
        Arm("raw", "plain fine-tuning on each night's documents, one night after the other", _raw),
        Arm("dreams", "plain fine-tuning on each night's dreams, without rehearsal", _dreams, dreams=True),
        Arm("slumber", "this repository's night", _slumber, dreams=True),
        Arm("slumber+retrieval", "the same model with the best passage", follows="slumber", retrieves=True),
        Arm(
            "joint", "all nights' dreams at once, at the end: the upper reference", _joint, last_only=True, dreams=True
        ),
        Arm("trl-sft", "TRL's SFTTrainer on each night's dreams, on as many tokens as Slumber", _trl_sft, dreams=True),
        Arm("trl-sdft", "TRL's SDFTTrainer on the same, for as long as Slumber trained", _trl_sdft, dreams=True),
    )
}


def chosen_arms(names: list[str]) -> list[Arm]:
    """Return the arms in the order in which they can run: an arm that follows another comes after it.

    Raises:
        SlumberError: there is no such arm, or one lacks the arm that it follows or is measured by.
    """
    unknown = [name for name in names if name not in ARMS]
    if unknown:
        raise SlumberError(f"There is no arm {unknown[0]!r}: the arms are {', '.join(ARMS)}.")
    after_slumber = {"slumber+retrieval", "trl-sft", "trl-sdft"} & set(names)
    needed = {"no-update", *names} | ({"slumber"} if after_slumber else set())
    return [arm for arm in ARMS.values() if arm.name in needed]


def _yesterday(benchmark: BenchmarkRun, arm: str, number: int) -> Path | None:
    return benchmark.arm(arm, number - 1) / "adapter" if number > 1 else None


def _fresh(benchmark: BenchmarkRun, arm: str, number: int) -> Path:
    out = benchmark.arm(arm, number) / "adapter"
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    return out


def _peer_examples(benchmark: BenchmarkRun, number: int) -> list[PeerExample]:
    return peer_examples(benchmark.dreams(benchmark.stream.nights[number - 1]), benchmark.corpus(number))


def _slumbers(benchmark: BenchmarkRun, number: int, figure: str) -> float:
    """What Slumber's training of that night cost, which a peer may cost, too."""
    night: StreamNight = benchmark.stream.nights[number - 1]
    record = ConsolidateStep.read(benchmark.workspace, night.date)
    if record is None:
        raise SlumberError("The peers get what Slumber's training cost: run the arm slumber first.")
    return float(getattr(record.figures, figure))
