"""What was to be forgotten on request: the candidate may not know it any better than the base, which never met it."""

from steps.gate.evidence import Evidence
from steps.gate.losses import lost_more
from steps.records import Check
from steps.settings import GateSettings

NAME = "forgotten on request"


def forgotten_on_request(evidence: Evidence, settings: GateSettings) -> Check:
    """The questions about it: by an exact test, the candidate answers no more of them than the base does.

    So few that the test could not tell must not be answered at all, unless the base does.
    """
    if not evidence.forgetting:
        return Check(name=NAME, status="NOT_APPLICABLE", reason="nothing was to be forgotten")
    marks = {who: {a.id: a.correct for a in evidence.forgotten if a.model == who} for who in ("base", "candidate")}
    base, candidate = marks["base"], marks["candidate"]
    if not base or base.keys() != candidate.keys():
        reason = "base and candidate were not asked for what was to be forgotten"
        return Check(name=NAME, status="INCONCLUSIVE", reason=reason)
    ids = sorted(base)
    p = lost_more([base[i] for i in ids], [candidate[i] for i in ids])
    blind = lost_more([False] * len(ids), [True] * len(ids)) >= 1 - settings.confidence
    anew = sum(candidate[i] and not base[i] for i in ids)
    knew = sum(a.correct for a in evidence.forgotten if a.model == "champion")
    figures = {"items": len(ids), "base": sum(base.values()), "champion": knew, "candidate": sum(candidate.values())}
    reason = (
        f"of {len(ids)} questions about it the candidate answers {figures['candidate']}, "
        f"the base, which never met it, {figures['base']}, the champion {knew}"
    )
    failed = p < 1 - settings.confidence or (blind and anew > 0)
    return Check(name=NAME, status="FAIL" if failed else "PASS", reason=reason, figures={**figures, "p": round(p, 4)})
