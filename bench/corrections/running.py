"""Run the nights: a night of documents, then the corrections; whatever is complete on disk is not done again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.benchmark_run import BenchmarkRun, Clock
from bench.corrections.arms import WEIGHTS, Arm, adapter_of, learn_weights
from bench.corrections.data import Corrections, inboxes
from bench.corrections.examination import examine
from bench.corrections.records import CorrectionMark
from bench.provenance import machine
from bench.records import AnchorMark, NightCost
from steps.progress import say
from steps.settings import Settings
from steps.workspace import read_records, write_records, write_text


@dataclass(frozen=True)
class Plan:
    """``nights``: how many of the corrections' nights. ``seeds``: how many runs, each in a folder of its own,
    from ``first_seed`` on: seeds that are run side by side are read together afterwards.

    ``anchors_every``: nights between two looks at general abilities; 0: before the corrections and at the end only.
    """

    arms: tuple[Arm, ...]
    nights: int
    seeds: int
    anchors_every: int
    first_seed: int = 1


@dataclass(frozen=True)
class Found:
    """All that was answered, and what it cost; ``anchors`` and ``costs`` by seed."""

    marks: list[CorrectionMark]
    anchors: dict[int, list[AnchorMark]]
    costs: dict[int, list[NightCost]]


def run(corrections: Corrections, settings: Settings, folder: Path, plan: Plan) -> tuple[Found, list[BenchmarkRun]]:
    """Run every seed and return what was answered, and where each seed's nights lie."""
    found, runs = Found([], {}, {}), []
    last = plan.first_seed + plan.seeds - 1
    for seed in range(plan.first_seed, last + 1):
        benchmark = one_seed(corrections, settings, folder, seed)
        runs.append(benchmark)
        for number in range(plan.nights + 1):
            say(f"Seed {seed} of {last}, night {number} of {plan.nights}")
            for arm in plan.arms:
                _night(benchmark, corrections, arm, number, plan, seed)
        marks, found.anchors[seed], found.costs[seed] = _collected(benchmark, plan)
        found.marks.extend(marks)
    return found, runs


def dream_only(corrections: Corrections, settings: Settings, folder: Path, nights: int) -> BenchmarkRun:
    """Make the lessons of the first ``nights`` nights of corrections and train nothing, nor write rehearsal."""
    few = settings.dream.model_copy(update={"rehearsals": 0})
    benchmark = one_seed(corrections, settings.model_copy(update={"dream": few}), folder / "lessons", 1)
    for night in benchmark.stream.nights[1 : nights + 1]:
        say(f"Lessons of night {night.number} of {nights}")
        benchmark.prepare(night, dreaming=True)
    return benchmark


def one_seed(corrections: Corrections, settings: Settings, folder: Path, seed: int) -> BenchmarkRun:
    """The run of one seed, in its folder. A night of few facts is learned and does not wait: no gate judges it.

    Raises:
        SlumberError: the folder holds a run of other nights.
    """
    night = settings.night.model_copy(update={"wait": False})
    changed = settings.model_copy(update={"night": night, "seed": settings.seed + seed - 1})
    own = folder / f"seed-{seed}"
    benchmark = BenchmarkRun(inboxes(corrections, own / "inbox"), changed, own)
    benchmark.claim()
    return benchmark


def _night(benchmark: BenchmarkRun, corrections: Corrections, arm: Arm, number: int, plan: Plan, seed: int) -> None:
    """One arm's night; at night 0 a learner serves what ``WEIGHTS`` learned of the documents."""
    folder = benchmark.arm(arm.name, number)
    if (folder / "cost.json").exists():
        return
    say(f"{arm.name}: night {number} of {plan.nights}")
    clock, night = Clock(), benchmark.stream.nights[number]
    done = None
    if not number:
        _documents(benchmark, corrections, learned=arm.adapted)
    elif arm.learn:
        if arm.name == WEIGHTS:
            benchmark.prepare(night, dreaming=True)
        done = arm.learn(benchmark, corrections, number)
    elif arm.looks_up == "memory":
        benchmark.prepare(night, dreaming=False)
    clock.lap("learning")
    serves = (arm.follows or arm.name) if number else WEIGHTS
    marks, anchors = examine(
        benchmark,
        corrections,
        arm,
        after=number,
        adapter=adapter_of(benchmark, serves, number) if arm.adapted else None,
        anchors=_abilities(plan, arm, number),
        seed=seed,
    )
    clock.lap("examining")
    write_records(folder / "marks.jsonl", marks)
    write_records(folder / "anchors.jsonl", anchors)
    seconds = dict(clock.seconds)
    if done:  # what a step says of itself holds even if it had finished before a kill
        dreamt = benchmark.dreamt(night) if arm.name == WEIGHTS else None
        parts = {"dreaming": dreamt.seconds if dreamt else 0.0, "training": done.seconds}
        seconds = parts | {**seconds, "learning": max(0.0, seconds["learning"] - sum(parts.values()))}
    cost = NightCost(
        arm=arm.name,
        after=number,
        seconds=seconds,
        trained_tokens=done.tokens if done else 0,
        tokens_per_second=done.tokens / done.seconds if done and done.seconds else None,
        examples=done.examples if done else 0,
        machine=machine(),
    )
    write_text(folder / "cost.json", cost.to_json() + "\n")


def _abilities(plan: Plan, arm: Arm, number: int) -> bool:
    """Whether general abilities are asked: of what learns, and once of the base that it is held against."""
    if arm.looks_up != "nothing" or not any(one.learn for one in plan.arms):
        return False
    regular = bool(plan.anchors_every and number % plan.anchors_every == 0)
    return not number or (bool(arm.learn) and (number == plan.nights or regular))


def _documents(benchmark: BenchmarkRun, corrections: Corrections, *, learned: bool) -> None:
    """Read the documents of night 0, and learn them once for all arms that go on from them."""
    if not learned:
        benchmark.prepare(benchmark.stream.nights[0], dreaming=False)
    elif not (benchmark.arm(WEIGHTS, 0) / "adapter").is_dir():
        benchmark.prepare(benchmark.stream.nights[0], dreaming=True)
        learn_weights(benchmark, corrections, 0)


def _collected(benchmark: BenchmarkRun, plan: Plan) -> tuple[list[CorrectionMark], list[AnchorMark], list[NightCost]]:
    marks: list[CorrectionMark] = []
    anchors: list[AnchorMark] = []
    costs: list[NightCost] = []
    for folder in _folders(benchmark, plan):
        marks += read_records(folder / "marks.jsonl", CorrectionMark)
        anchors += read_records(folder / "anchors.jsonl", AnchorMark)
        costs.append(NightCost.from_json((folder / "cost.json").read_text(encoding="utf-8")))
    return marks, anchors, costs


def _folders(benchmark: BenchmarkRun, plan: Plan) -> Iterator[Path]:
    for arm in plan.arms:
        for number in range(plan.nights + 1):
            yield benchmark.arm(arm.name, number)
