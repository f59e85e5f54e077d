"""The step: a judgement on tonight's candidate, bound to digests of its evidence."""

from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Verdict
from steps.step import Step
from steps.workspace import write_text

JUDGEMENT = "judgement.json"


class GateFigures(Figures):
    """The verdict and its reasons, as they are in the night's file, and how many conditions passed and did not."""

    verdict: str
    reasons: list[str]
    checks: dict[str, int] = Field({})


def verdict_text(night: str, figures: GateFigures) -> str:
    """What the command line says of a verdict."""
    return "\n".join([f"{figures.verdict} of night {night}", *(f"  {reason}" for reason in figures.reasons)])


class GateStep(Step[GateFigures]):
    """Decide whether the candidate may serve. Nothing is promoted from here.

    What it says of the candidate as it is lies in ``judgement.json``; the verdict is rescue's to write.
    """

    name = "gate"
    asset = "verdict"
    figures = GateFigures
    kinds = ("scipy", "mlflow")
    runs_with = ("rescue",)

    def parameters(self, night: Night) -> Any:
        from steps.gate.evidence import bound

        return [night.settings.gate.model_dump(mode="json"), bound(night)]

    def inputs(self, night: Night) -> list[Path]:
        made = [night.workspace.manifest(night.date, step) for step in ("consolidate", "examine")]
        return [*made, night.folder / "examination"]

    def outputs(self, night: Night) -> list[Path]:
        return [night.folder / JUDGEMENT]

    def work(self, night: Night) -> GateFigures:
        from steps.gate.evidence import collect_evidence, made_otherwise
        from steps.gate.judging import judge

        evidence = collect_evidence(night)
        evidence.faults += made_otherwise(night)
        verdict = judge(evidence, night.settings)
        write_text(night.folder / JUDGEMENT, verdict.model_dump_json(indent=2) + "\n")
        return GateFigures(
            verdict=verdict.verdict, reasons=list(verdict.reasons), checks=Counter(one.status for one in verdict.checks)
        )

    def summary(self, record: StepRecord[GateFigures]) -> str:
        return verdict_text(record.night, record.figures)

    def result(self, night: Night, record: StepRecord[GateFigures]) -> dict[str, Any]:
        return Verdict.from_json((night.folder / JUDGEMENT).read_text(encoding="utf-8")).model_dump(mode="json")
