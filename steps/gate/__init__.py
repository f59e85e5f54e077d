"""Gate: may the candidate serve? Learned tonight, kept earlier nights, kept general abilities; otherwise it may not.

It fails closed: an exception, a missing file, a mismatch or too few items is INCONCLUSIVE, and only a PROMOTE verdict
can move the champion. Before it is believed it is tested on candidates that must not pass.

First-night policy: without an earlier cohort that condition is not applicable, and general abilities are compared with
night 0, which is then the champion, too.
"""

import shutil
from typing import Any

from steps.gate.evidence import collect_evidence
from steps.gate.judging import judge
from steps.gate.scaling import RESCUED, may_be_rescued, rescue
from steps.manifest import code_sha256, run_once, step_digest
from steps.records import Verdict
from steps.settings import Settings
from steps.workspace import Workspace, write_text

__all__ = ["gate", "judge"]


def gate(*, settings: Settings, workspace: Workspace, night: str) -> Verdict:
    """Decide on tonight's candidate and write ``verdict.json``; the verdict is bound to digests of its evidence.

    Where only forgetting refuses it, a smaller scale of it is tried; if that passes, the verdict is about that one, and
    it lies in the night's folder ``rescued``.
    """
    path, rescued = workspace.night(night) / "verdict.json", workspace.night(night) / RESCUED
    inputs = [workspace.manifest(night, step) for step in ("consolidate", "examine")]

    def work() -> dict[str, Any]:
        shutil.rmtree(rescued, ignore_errors=True)
        evidence = collect_evidence(settings, workspace, night)
        verdict = judge(evidence, settings)
        if may_be_rescued(verdict):
            verdict = rescue(evidence, verdict, settings=settings, workspace=workspace)
        write_text(path, verdict.model_dump_json(indent=2) + "\n")
        return {"verdict": verdict.verdict, "reasons": list(verdict.reasons)}

    parameters = [settings.gate.model_dump(mode="json"), code_sha256()]
    digest = step_digest(parameters=parameters, inputs=[*inputs, workspace.night(night) / "examination"])
    run_once(workspace, night=night, step="gate", digest=digest, outputs=[path, rescued], work=work)
    return Verdict.from_json(path.read_text(encoding="utf-8"))
