"""Candidates walk through the gate on the tiny model: a good, a forgetful, a lazy, a subtly harmful, a tampered one.

Examination, gate, registry and promotion are a night's own. Only the candidates are planted (``bench/toy_model.py``).
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.toy_model import ToyModel, asked, facts, make_toy_model, write_day
from orchestration.lineage import RegistryLineage
from steps.consolidate.adapter import WEIGHTS
from steps.consolidate.step import ConsolidateFigures, ConsolidateStep
from steps.errors import SlumberError
from steps.gate.verdict import read_verdict
from steps.lifecycle import step_of
from steps.night import Night
from steps.progress import say
from steps.records import LEARNED_TONIGHT, Verdict
from steps.registry import Registry, Version, reading, registration
from steps.registry.lineage import opened_registry
from steps.workspace import Workspace

FIRST, SECOND = "2026-01-01", "2026-01-02"
_SHOWN = (LEARNED_TONIGHT, "kept earlier nights", "general abilities against champion")
YESTERDAY = facts(("ship", "tower", "mill", "well", "barn"))
TODAY = facts(("ford", "gate", "inn", "kiln", "quay"), turned=1)  # or a forgetful candidate would hardly forget


@dataclass(frozen=True)
class Walk:
    """How one candidate fared. ``serves``: whether it became champion; ``said``: what promotion had to say."""

    candidate: str
    verdict: Verdict
    serves: bool
    said: str


def walk_through_the_gate() -> list[Walk]:
    """Plant the candidates, let each try to become champion after one good night, print and return what came of it."""
    with tempfile.TemporaryDirectory(prefix="slumber-gate-") as temporary:
        toy = make_toy_model(Path(temporary) / "toy")
        workspace = Workspace(Path(temporary) / "workspace")
        write_day(workspace, FIRST, YESTERDAY)
        write_day(workspace, SECOND, TODAY)
        say("Planting candidates on a tiny model ...")
        everything = [*asked(YESTERDAY), *asked(TODAY), *toy.general]
        champion = toy.adapter("champion", [*asked(YESTERDAY), *toy.general])
        forgetful = toy.adapter("forgetful", asked(TODAY), start=champion)
        lazy = toy.changed("lazy", champion, lambda weight: weight * 1.0001)
        harmful = toy.adapter("harmful", [*asked(YESTERDAY), *asked(TODAY), *toy.wrong_about(3)], start=champion)
        good = toy.adapter("good", everything, start=champion)
        walks = [walk(toy, workspace, FIRST, "first night", champion)]
        walks += [
            walk(toy, workspace, SECOND, "forgetful", forgetful),
            walk(toy, workspace, SECOND, "lazy", lazy),
            walk(toy, workspace, SECOND, "subtly harmful, wrong about 3 of 40 anchors", harmful),
            walk(toy, workspace, SECOND, "good, tampered with after its verdict", good, tamper=_tamper),
            walk(toy, workspace, SECOND, "good", good),
        ]
    console = Console()
    console.width = max(console.width, 120)  # the table needs it; a narrower terminal scrolls
    console.print(_table(walks))
    return walks


def walk(
    toy: ToyModel,
    workspace: Workspace,
    night: str,
    name: str,
    adapter: Path,
    *,
    tamper: Callable[[Registry, Version], None] | None = None,
) -> Walk:
    say(f"{name}: examining, judging, promoting ...")
    tonight = Night.of(toy.settings, workspace, night, lineage=RegistryLineage())
    folder = tonight.folder / "adapter"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(adapter, folder)
    registry = opened_registry(toy.settings, workspace)
    ConsolidateStep().vouch(tonight, ConsolidateFigures())
    for step in ("examine", "gate", "rescue", "register"):
        record = step_of(step).run(tonight)
    if tamper and record.figures.version:
        tamper(registry, reading.version(registry, record.figures.version))
    promotion = step_of("promote").run(tonight).figures
    return Walk(name, read_verdict(workspace, night), promotion.promoted, promotion.message)


def _tamper(registry: Registry, version: Version) -> None:
    """Change one byte of the adapter where the registry keeps it."""
    with tempfile.TemporaryDirectory() as temporary:
        kept = reading.adapter_of(registry, version, Path(temporary) / "adapter")
        if kept is None:
            raise SlumberError("There is no adapter to tamper with.")
        weights = bytearray((kept / WEIGHTS).read_bytes())
        weights[-1] ^= 1
        changed = Path(temporary) / WEIGHTS
        changed.write_bytes(weights)
        registration.attach(registry, version.run_id, {f"adapter/{WEIGHTS}": changed})


def _table(walks: list[Walk]) -> Table:
    table = Table(title="Through the gate; changes against the champion in points")
    table.add_column("candidate")
    for shown in _SHOWN:
        table.add_column(shown, justify="right")
    for shown in ("verdict", "serves", "why not"):
        table.add_column(shown)
    for walk in walks:
        changes = [_change(walk.verdict, name) for name in _SHOWN]
        table.add_row(walk.candidate, *changes, walk.verdict.verdict, "yes" if walk.serves else "no", _why_not(walk))
    return table


def _change(verdict: Verdict, name: str) -> str:
    figures = next(check.figures for check in verdict.checks if check.name == name)
    return f"{100 * figures['difference']:+.1f}" if figures else "-"


def _why_not(walk: Walk) -> str:
    """The conditions that did not hold; where all did, what promotion found."""
    if walk.serves:
        return "-"
    failed = [check.name for check in walk.verdict.checks if check.status in ("FAIL", "INCONCLUSIVE")]
    return "\n".join(failed) or walk.said
