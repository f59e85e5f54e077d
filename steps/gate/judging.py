"""From evidence to a verdict: every condition is checked, and one that does not hold is enough."""

from steps.gate import conditions
from steps.gate.evidence import Evidence
from steps.records import Check, Verdict
from steps.settings import Settings


def judge(evidence: Evidence, settings: Settings) -> Verdict:
    """Turn evidence into a verdict: any FAIL rejects, else anything INCONCLUSIVE stays so, else PROMOTE."""
    if evidence.nothing_new:
        return Verdict(night=evidence.night, verdict="NO_OP", reasons=(f"{evidence.nothing_new}: the champion stays",))
    if evidence.faults:
        return Verdict(
            night=evidence.night, verdict="INCONCLUSIVE", reasons=tuple(evidence.faults), binding=evidence.binding
        )
    checks = tuple(condition.judge(evidence, settings.gate) for condition in conditions.CONDITIONS)
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
