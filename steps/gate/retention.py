"""Was what earlier nights taught kept? Judged by how firmly each fact is known, not only by answers that flip.

Right and wrong need a hundred probes to rule out a loss of ten points, for a few answers flip in every night; half a
dozen documents have thirty. Of each fact that candidate or champion answers rightly, the least probable token of the
best right reply is compared instead (``steps/examine/min_token_prob.py``): the share that was lost or won, -1 if it is
gone, 0 if it is as firm, +1 if it is new. Nights that forgot lost as many points of it as of right and wrong
(docs/log.md).
"""

from collections import Counter
from collections.abc import Collection

from steps.examine.census import too_few
from steps.gate.checks import Scores, each_alone, not_worse
from steps.gate.evidence import Evidence
from steps.records import Answer, Check
from steps.sampling import LEAST_CORRELATION, documents_needed
from steps.settings import GateSettings

NAME = "kept earlier nights"


def retention(evidence: Evidence, settings: GateSettings) -> Check:
    """Probes of all earlier cohorts pooled, closed book: held as firmly as by the champion, but for epsilon.

    Answers that flip must not cost epsilon either, however firmly the rest is held. And there must be so many probes
    of so many documents that facts which are lost whole, without a sign of it in others, would hardly all be missed;
    unless every fact that was taught is asked for (``steps/examine/census.py``).
    """
    retired: dict[str, int] = dict(sorted(Counter(r.why for r in evidence.retired).items()))
    if not evidence.earlier_cohorts:
        reason = "no earlier night has probes: there is nothing to forget yet"
        if retired:
            reason = f"all probes of earlier nights are retired ({_counted(retired)}): nothing that holds is forgotten"
        return Check(name=NAME, status="NOT_APPLICABLE", reason=reason, figures={"retired": retired} if retired else {})
    unasked = set(evidence.earlier_cohorts) - {a.cohort for a in evidence.answers}
    if unasked:
        reason = f"the cohorts {', '.join(sorted(unasked))} were not examined"
        return Check(name=NAME, status="INCONCLUSIVE", reason=reason)
    candidate, champion = (_earlier(evidence, model) for model in ("candidate", "champion"))
    if any(row.min_token_prob is None for row in (*candidate.values(), *champion.values())):
        reason = "the examination does not say how firmly the models know what earlier nights taught"
        return Check(name=NAME, status="INCONCLUSIVE", reason=reason)
    ours, theirs = _held(candidate, champion), _held(champion, candidate)
    if evidence.every_fact:
        ours, theirs = each_alone(ours), each_alone(theirs)
    check = not_worse(
        NAME,
        ours,
        theirs,
        settings,
        epsilon=settings.epsilon_cohorts,
        at_least=settings.min_probes,
        what="how firmly earlier nights are known",
    )
    if not champion or candidate.keys() != champion.keys():
        return check
    won, lost = (
        sum(one[item].correct and not other[item].correct for item in one)
        for one, other in ((candidate, champion), (champion, candidate))
    )
    reason = f"{check.reason}; right or wrong: {won} won, {lost} lost of {len(champion)}"
    figures = {**check.figures, "won": won, "lost": lost}
    if retired:
        reason, figures["retired"] = f"{reason}; no longer asked: {_counted(retired)}", retired
    if (lost - won) / len(champion) >= settings.epsilon_cohorts:
        return check.model_copy(update={"status": "FAIL", "reason": reason, "figures": figures})
    probes = Counter(row.source or row.id for row in champion.values()).values()
    if not evidence.every_fact and (missed := too_few(probes, settings)):
        reason = _unseen(probes, missed, settings)
        return check.model_copy(update={"status": "INCONCLUSIVE", "reason": reason, "figures": figures})
    return check.model_copy(update={"reason": reason, "figures": figures})


def _unseen(probes: Collection[int], missed: float, settings: GateSettings) -> str:
    """Say that so many ``probes`` of each document could too easily all miss facts that are lost whole."""
    lost = {"share": settings.epsilon_cohorts, "correlation": LEAST_CORRELATION}
    allowed = 1 - settings.confidence
    enough = documents_needed(probes, **lost, confidence=settings.confidence)
    return (
        f"the {sum(probes)} probes of {len(probes)} documents would all miss that "
        f"{100 * settings.epsilon_cohorts:g} % of the facts are gone with a chance of {100 * missed:.0f} %, "
        f"{100 * allowed:.0f} % is allowed; more probes of each would do, or {enough} documents with as many"
    )


def _earlier(evidence: Evidence, model: str) -> dict[str, Answer]:
    return {
        row.id: row
        for row in evidence.answers
        if row.model == model
        and row.condition == "closed"
        and row.type != "unanswerable"
        and evidence.is_earlier(row.cohort, row.probe)
    }


def _held(rows: dict[str, Answer], others: dict[str, Answer]) -> Scores:
    """Each item's least probability as a share of the higher one of two models'; 0 where neither answers rightly.

    Swapping the models turns the sign of a difference and changes nothing else, so that two equal models differ by 0
    on average. What neither knows is noise, in which one may well have ten times the other's.
    """
    scores = {}
    for item, row in rows.items():
        other = others.get(item, row)
        known = row.correct or other.correct
        highest = max(row.min_token_prob or 0.0, other.min_token_prob or 0.0)
        scores[item] = ((row.min_token_prob or 0.0) / highest if known and highest else 0.0, row.source or row.id)
    return scores


def _counted(found: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in found.items())
