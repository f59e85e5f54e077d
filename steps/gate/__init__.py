"""Gate: may the candidate serve? Learned tonight, kept earlier nights, kept general abilities; otherwise it may not.

It fails closed: an exception, a missing file, a mismatch or too few items is INCONCLUSIVE, and only a PROMOTE verdict
can move the champion. Before it is believed it is tested on candidates that must not pass.

First-night policy: without an earlier cohort that condition is not applicable, and general abilities are compared with
night 0, which is then the champion, too.
"""

from typing import Any

from steps.gate.canaries import no_canary_surfaced
from steps.gate.checks import general_abilities, kept_earlier, learned_tonight, no_suite_lost
from steps.gate.evidence import Evidence, collect_evidence
from steps.gate.planted import self_test
from steps.gate.suites import user_suites
from steps.manifest import code_sha256, run_once, step_digest
from steps.records import Check, Verdict
from steps.settings import Settings
from steps.workspace import Workspace, write_text


def gate(*, settings: Settings, workspace: Workspace, night: str) -> Verdict:
    """Decide on tonight's candidate and write ``verdict.json``; the verdict is bound to digests of its evidence."""
    path = workspace.night(night) / "verdict.json"
    inputs = [workspace.manifest(night, step) for step in ("consolidate", "examine")]

    def work() -> dict[str, Any]:
        verdict = judge(collect_evidence(settings, workspace, night), settings)
        write_text(path, verdict.model_dump_json(indent=2) + "\n")
        return {"verdict": verdict.verdict, "reasons": list(verdict.reasons)}

    parameters = [settings.gate.model_dump(mode="json"), code_sha256()]
    digest = step_digest(parameters=parameters, inputs=[*inputs, workspace.night(night) / "examination"])
    run_once(workspace, night=night, step="gate", digest=digest, outputs=[path], work=work)
    return Verdict.from_json(path.read_text(encoding="utf-8"))


def judge(evidence: Evidence, settings: Settings) -> Verdict:
    """Turn evidence into a verdict: any FAIL rejects, else anything INCONCLUSIVE stays so, else PROMOTE."""
    if evidence.nothing_new:
        return Verdict(night=evidence.night, verdict="NO_OP", reasons=(f"{evidence.nothing_new}: the champion stays",))
    if evidence.faults:
        return Verdict(
            night=evidence.night, verdict="INCONCLUSIVE", reasons=tuple(evidence.faults), binding=evidence.binding
        )
    knobs = settings.gate
    checks = (
        learned_tonight(evidence, knobs),
        kept_earlier(evidence, knobs),
        general_abilities(evidence, knobs, against="champion"),
        general_abilities(evidence, knobs, against="base"),
        no_suite_lost(evidence, knobs),
        no_canary_surfaced(evidence, knobs),
        user_suites(evidence, knobs),
        self_test(evidence, knobs),
    )
    return Verdict(
        night=evidence.night,
        verdict=_verdict(checks),
        reasons=tuple(f"{c.name}: {c.reason}" for c in checks if c.status != "NOT_APPLICABLE"),
        checks=checks,
        binding=evidence.binding,
    )


def _verdict(checks: tuple[Check, ...]) -> str:
    statuses = {check.status for check in checks}
    if "FAIL" in statuses:
        return "REJECT"
    if "INCONCLUSIVE" in statuses or "PASS" not in statuses:
        return "INCONCLUSIVE"
    return "PROMOTE"
