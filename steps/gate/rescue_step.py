"""The step: the night's verdict. Where only forgetting refuses the candidate, a smaller scale of it is tried first."""

import shutil
from pathlib import Path
from typing import Any

from steps.gate.step import JUDGEMENT, GateFigures, verdict_text
from steps.gate.verdict import RESCUED, read_verdict
from steps.manifest import StepRecord
from steps.night import Night
from steps.records import Verdict
from steps.step import Step
from steps.workspace import VERDICT, write_text


class RescueFigures(GateFigures):
    """The verdict; ``scale``: of tonight's change, if a smaller one passed; ``left_out``: suites it goes without."""

    scale: float | None = None
    left_out: str | None = None


class RescueStep(Step[RescueFigures]):
    """Try less of tonight's change where only forgetting refuses it, and write the night's verdict.

    Where a kind failed its suite and others did not, tonight's lessons are trained once more without it. If a smaller
    scale, or that, passes, the verdict is about that one, and it lies in the night's folder ``rescued``. A candidate
    that was built again is not rescued: it has no change of tonight's.
    """

    name = "rescue"
    asset = "verdict"
    figures = RescueFigures
    kinds = ("scipy", "mlflow")

    def parameters(self, night: Night) -> Any:
        return night.settings.gate.model_dump(mode="json")

    def inputs(self, night: Night) -> list[Path]:
        return [night.folder / JUDGEMENT, night.workspace.manifest(night.date, "gate")]

    def outputs(self, night: Night) -> list[Path]:
        return [night.folder / VERDICT, night.folder / RESCUED]

    def work(self, night: Night) -> RescueFigures:
        from steps.gate.evidence import collect_evidence
        from steps.gate.leaving import left_out_verdict, not_learned
        from steps.gate.rescue import may_be_rescued, rescue

        shutil.rmtree(night.folder / RESCUED, ignore_errors=True)
        verdict = Verdict.from_json((night.folder / JUDGEMENT).read_text(encoding="utf-8"))
        if verdict.verdict in ("REJECT", "INCONCLUSIVE") and not night.rebuilds:
            evidence = collect_evidence(night)
            if failed := not_learned(verdict, evidence):
                verdict = left_out_verdict(night, evidence, verdict, failed)
            elif may_be_rescued(verdict):
                verdict = rescue(evidence, verdict, settings=night.settings, workspace=night.workspace)
        write_text(night.folder / VERDICT, verdict.model_dump_json(indent=2) + "\n")
        out = ",".join(sorted(verdict.left_out))
        scale = float(verdict.binding["scale"]) if "scale" in verdict.binding else None
        return RescueFigures(verdict=verdict.verdict, reasons=list(verdict.reasons), scale=scale, left_out=out or None)

    def summary(self, record: StepRecord[RescueFigures]) -> str:
        return verdict_text(record.night, record.figures)

    def result(self, night: Night, record: StepRecord[RescueFigures]) -> dict[str, Any]:
        return read_verdict(night.workspace, night.date).model_dump(mode="json")
