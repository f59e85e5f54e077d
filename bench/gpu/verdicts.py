"""Whether bfloat16 and float32 come to the same verdict: planted candidates, examined and judged in both.

Examination and gate are a night's own; the model is the tiny one of the gate's demonstration, which knows something.
"""

import shutil
from pathlib import Path
from typing import Any

import torch

from bench.toy_model import ToyModel, asked, facts, make_toy_model, write_day
from steps.consolidate.step import ConsolidateFigures, ConsolidateStep
from steps.examine.step import ExamineStep
from steps.gate.step import JUDGEMENT, GateStep
from steps.night import Night, Told
from steps.records import Verdict
from steps.workspace import Workspace

NIGHT = "2026-01-01"
FORMATS = ("float32", "bfloat16")


def measure_verdicts(folder: Path, device: torch.device) -> dict[str, Any]:
    """Let a good and a lazy candidate be judged in both formats; return the verdicts and whether they agree."""
    toy = make_toy_model(folder / "toy")
    told = facts(("ship", "tower", "mill", "well", "barn"))
    candidates = {"good": toy.adapter("good", [*asked(told), *toy.general]), "lazy": toy.adapter("lazy", [])}
    found: dict[str, dict[str, Any]] = {name: {} for name in candidates}
    for name, adapter in candidates.items():
        for dtype in FORMATS:
            found[name][dtype] = _judged(toy, folder / f"{name}-{dtype}", told, adapter, device=device, dtype=dtype)
    agree = all(len({judged["verdict"] for judged in one.values()}) == 1 for one in found.values())
    return {"candidates": found, "agree": agree}


def _judged(
    toy: ToyModel, folder: Path, told: list[tuple[str, str]], adapter: Path, *, device: torch.device, dtype: str
) -> dict[str, Any]:
    model = toy.settings.model.model_copy(update={"device": device.type, "dtype": dtype})
    workspace = Workspace(folder)
    write_day(workspace, NIGHT, told)
    night = Night.of(toy.settings.model_copy(update={"model": model}), workspace, NIGHT, lineage=Told())
    shutil.copytree(adapter, night.folder / "adapter")
    ConsolidateStep().vouch(night, ConsolidateFigures())
    for step in (ExamineStep(), GateStep()):
        step.run(night)
    verdict = Verdict.from_json((night.folder / JUDGEMENT).read_text(encoding="utf-8"))
    return {"verdict": verdict.verdict, "failed": sorted(c.name for c in verdict.checks if c.status == "FAIL")}
