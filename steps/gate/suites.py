"""The owner's own suites: each not worse than the champion by more than its epsilon."""

from typing import Any

from steps.gate.checks import Scores, not_worse
from steps.gate.evidence import Evidence
from steps.records import Check
from steps.settings import GateSettings

NAME = "user suites"
_WORST = ("FAIL", "INCONCLUSIVE", "PASS")


def user_suites(evidence: Evidence, settings: GateSettings) -> Check:
    """Every suite of ``examine.suites`` for itself; the check is as good as the worst.

    An item that failed is wrong for the candidate and right for the champion, so that no failure opens the gate; where
    the champion's failures may be why a suite is refused, the evidence is at fault and nothing is decided.
    """
    if not evidence.expected_suites:
        return Check(name=NAME, status="NOT_APPLICABLE", reason="examine.suites names none")
    found = {suite: _one(evidence, suite, settings) for suite in evidence.expected_suites}
    status = next(word for word in _WORST if word in {check.status for check in found.values()})
    reason = "; ".join(f"{suite}: {check.reason}" for suite, check in found.items() if check.status == status)
    return Check(name=NAME, status=status, reason=reason, figures={s: c.figures for s, c in found.items()})


def _one(evidence: Evidence, suite: str, settings: GateSettings) -> Check:
    candidate, champion = (_scores(evidence, suite, model, failed) for model, failed in _FAILED.items())
    check = not_worse(
        suite,
        candidate,
        champion,
        settings,
        epsilon=settings.epsilon_suites,
        at_least=settings.min_probes,
        what="the suite",
    )
    asked = {m: [a.score for a in evidence.suites if (a.suite, a.model) == (suite, m)] for m in ("base", *_FAILED)}
    scores = {m: round(sum(found) / len(found), 4) for m, found in asked.items() if found}
    check = check.model_copy(update={"figures": {**check.figures, "scores": scores}})
    failed = {m: sum(a.error is not None for a in evidence.suites if (a.suite, a.model) == (suite, m)) for m in _FAILED}
    if not any(failed.values()):
        return check
    said = " and ".join(f"{number} with the {model}" for model, number in failed.items() if number)
    told: dict[str, Any] = {"reason": f"{check.reason}; items that failed: {said}"}
    if check.status == "FAIL" and failed["champion"]:
        told["status"] = "INCONCLUSIVE"
    return check.model_copy(update={**told, "figures": {**check.figures, "failed": failed}})


_FAILED = {"candidate": 0.0, "champion": 1.0}  # what an item without a score counts as


def _scores(evidence: Evidence, suite: str, model: str, failed: float) -> Scores:
    rows = [a for a in evidence.suites if (a.suite, a.model) == (suite, model)]
    return {a.id: (failed if a.error else a.score, a.id) for a in rows}
