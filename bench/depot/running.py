"""Run the nights; whatever is complete on disk is not done again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.benchmark_run import Clock
from bench.claims import claim
from bench.depot.arms import Arm
from bench.depot.data import Depot
from bench.depot.examination import examine
from bench.depot.learning import learn
from bench.depot.nights import DepotNights
from bench.depot.records import DepotMark
from bench.provenance import machine
from bench.records import AnchorMark, NightCost
from bench.training import Taught
from steps.progress import say
from steps.records import content_id
from steps.settings import Settings
from steps.workspace import read_records, write_records, write_text


@dataclass(frozen=True)
class Plan:
    """``seeds``: how many runs, each in a folder of its own. ``anchors``: general abilities after the last night."""

    arms: Sequence[Arm]
    nights: int
    seeds: int = 1
    anchors: bool = False


@dataclass(frozen=True)
class Found:
    """All that was done in the cases, general abilities, and what it cost."""

    marks: list[DepotMark]
    anchors: list[AnchorMark]
    costs: list[NightCost]


def run(depot: Depot, settings: Settings, folder: Path, plan: Plan) -> Found:
    """Run every seed, night by night, so that a run that is cut off has whole nights of all arms."""
    found = Found([], [], [])
    for seed in range(1, plan.seeds + 1):
        nights = DepotNights(depot, settings, folder / f"seed-{seed}", seed)
        world = content_id(depot.model_dump(mode="json"))
        claim(nights.folder / "depot.json", world, settings, of="another depot")
        for number in range(1, plan.nights + 1):
            say(f"Seed {seed} of {plan.seeds}, night {number} of {plan.nights}")
            nights.prepare(number, rehearsals=any(arm.rehearsed for arm in plan.arms))
            for arm in plan.arms:
                if not arm.at_once or number == plan.nights:
                    _night(nights, arm, number, plan)
                    _collect(nights, arm, number, found)
    return found


def _folder(nights: DepotNights, arm: Arm, number: int) -> Path:
    return nights.folder / "arms" / arm.name / f"night-{number}"


def _night(nights: DepotNights, arm: Arm, number: int, plan: Plan) -> None:
    folder = _folder(nights, arm, number)
    if (folder / "cost.json").exists():
        return
    say(f"{arm.name}: night {number} of {plan.nights}")
    folder.mkdir(parents=True, exist_ok=True)
    clock, done, adapter = Clock(), None, None
    if arm.learns:
        yesterday = _folder(nights, arm, number - 1) / "adapter"
        adapter = folder / "adapter"
        done = learn(nights, arm, number, adapter, yesterday=yesterday if yesterday.is_dir() else None)
    clock.lap("training")
    abilities = plan.anchors and number == plan.nights and (bool(arm.learns) or arm.name == "no-update")
    marks, anchors = examine(nights, arm, number, adapter=adapter, anchors=abilities)
    clock.lap("examining")
    write_records(folder / "marks.jsonl", marks)
    write_records(folder / "anchors.jsonl", anchors)
    write_text(folder / "cost.json", _cost(arm, number, clock, done).to_json() + "\n")


def _cost(arm: Arm, number: int, clock: Clock, done: Taught | None) -> NightCost:
    return NightCost(
        arm=arm.name,
        after=number,
        seconds=clock.seconds,
        trained_tokens=done.tokens if done else 0,
        tokens_per_second=done.tokens / done.seconds if done and done.seconds else None,
        examples=done.examples if done else 0,
        machine=machine(),
    )


def _collect(nights: DepotNights, arm: Arm, number: int, found: Found) -> None:
    folder = _folder(nights, arm, number)
    found.marks.extend(read_records(folder / "marks.jsonl", DepotMark))
    found.anchors.extend(read_records(folder / "anchors.jsonl", AnchorMark))
    found.costs.append(NightCost.from_json((folder / "cost.json").read_text(encoding="utf-8")))
