"""Run arms over a stream, night by night; whatever is complete on disk is not done again."""

from dataclasses import dataclass
from pathlib import Path

from bench.arms import Arm
from bench.benchmark_run import BenchmarkRun, Clock
from bench.examination import examine_arm
from bench.provenance import machine
from bench.records import AnchorMark, Mark, NightCost
from bench.stream import Night
from steps.progress import say
from steps.workspace import read_records, write_records, write_text


@dataclass(frozen=True)
class Plan:
    """``anchors_every``: nights between two examinations of general abilities; the last night always has one."""

    arms: tuple[Arm, ...]
    anchors_every: int


def run_arms(benchmark: BenchmarkRun, plan: Plan) -> tuple[list[Mark], list[AnchorMark], list[NightCost]]:
    """Run every arm over every night and return all marks, anchor marks and costs."""
    benchmark.claim()
    stream = benchmark.stream
    dreaming = any(arm.dreams for arm in plan.arms)
    for night in stream.nights:
        say(f"Night {night.number} of {len(stream.nights)}: {night.inbox}")
        benchmark.prepare(night, dreaming=dreaming)
    for arm in plan.arms:
        if arm.name == "no-update":
            _night(benchmark, arm, 0, plan)
        numbers = [len(stream.nights)] if arm.last_only else range(1, len(stream.nights) + 1)
        for number in numbers:
            if arm.learn or arm.follows or arm.retrieves:
                _night(benchmark, arm, number, plan)
    return _collect(benchmark, plan)


def _night(benchmark: BenchmarkRun, arm: Arm, number: int, plan: Plan) -> None:
    folder = benchmark.arm(arm.name, number)
    if (folder / "cost.json").exists():
        return
    last = len(benchmark.stream.nights)
    say(f"{arm.name}: {'before the first night' if not number else f'night {number} of {last}'}")
    clock = Clock()
    done = arm.learn(benchmark, number) if arm.learn else None
    clock.lap("setting up")
    source = benchmark.arm(arm.follows, number) / "adapter" if arm.follows else None
    cohorts: tuple[Night, ...] = benchmark.stream.nights[: number or last]
    marks, anchors = examine_arm(
        benchmark,
        arm,
        after=number,
        adapter=done.adapter if done else source,
        cohorts=list(cohorts),
        given=number in (0, last),
        anchors=number in (0, last) or bool(plan.anchors_every and number % plan.anchors_every == 0),
    )
    clock.lap("examining")
    seconds = dict(clock.seconds)
    dreamt = benchmark.dreamt(benchmark.stream.nights[number - 1]) if number and arm.dreams and arm.learn else None
    if dreamt:
        seconds = {"dreaming": dreamt.seconds, **seconds}
    if done:
        seconds["training"] = done.seconds
        seconds["setting up"] = max(0.0, seconds["setting up"] - done.seconds)
    write_records(folder / "marks.jsonl", marks)
    write_records(folder / "anchors.jsonl", anchors)
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


def _collect(benchmark: BenchmarkRun, plan: Plan) -> tuple[list[Mark], list[AnchorMark], list[NightCost]]:
    marks: list[Mark] = []
    anchors: list[AnchorMark] = []
    costs: list[NightCost] = []
    for arm in plan.arms:
        for number in range(len(benchmark.stream.nights) + 1):
            folder: Path = benchmark.arm(arm.name, number)
            if (folder / "cost.json").exists():
                marks += read_records(folder / "marks.jsonl", Mark)
                anchors += read_records(folder / "anchors.jsonl", AnchorMark)
                costs.append(NightCost.from_json((folder / "cost.json").read_text(encoding="utf-8")))
    return marks, anchors, costs
