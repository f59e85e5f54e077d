"""From evidence to a verdict: every condition is checked, and one that does not hold is enough."""

from steps.gate.canaries import no_canary_surfaced
from steps.gate.checks import general_abilities, learned_tonight, no_suite_lost
from steps.gate.evidence import Evidence
from steps.gate.forgotten import forgotten_on_request
from steps.gate.kept import kept_earlier
from steps.gate.planted import self_test
from steps.gate.suites import user_suites
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
    knobs = settings.gate
    checks = (
        learned_tonight(evidence, knobs),
        kept_earlier(evidence, knobs),
        general_abilities(evidence, knobs, against="champion"),
        general_abilities(evidence, knobs, against="base"),
        no_suite_lost(evidence, knobs),
        no_canary_surfaced(evidence, knobs),
        user_suites(evidence, knobs),
        forgotten_on_request(evidence, knobs),
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
