"""The conditions of the gate. Each returns a Check with its figures; none passes on missing evidence."""

from collections.abc import Sequence

from steps.gate.evidence import Evidence
from steps.gate.losses import holm, lost_more
from steps.gate.statistics import PairedDifference, paired_difference
from steps.records import AnchorAnswer, Answer, Check
from steps.settings import GateSettings

Right = dict[str, bool]  # item id -> right or wrong
Scores = dict[str, tuple[float, str]]  # item id -> score, cluster
_NIGHT = "night "


def general_abilities(evidence: Evidence, settings: GateSettings, *, against: str) -> Check:
    """The anchor suite: not worse than ``against`` ("champion", or "base" for night 0) by more than its epsilon.

    Night 0 has one of its own, for what every night may lose adds up.
    """
    return not_worse(
        f"general abilities against {'night 0' if against == 'base' else against}",
        _anchors(evidence.anchors, "candidate"),
        _anchors(evidence.anchors, against),
        settings,
        epsilon=settings.epsilon_night_zero if against == "base" else settings.epsilon_anchors,
        at_least=settings.min_anchors,
        what="general abilities, by how probable the right answers are,",
    )


def no_suite_lost(evidence: Evidence, settings: GateSettings) -> Check:
    """No suite alone lost more items than it won: what one lost is not made up for by what others won.

    Suites: each earlier cohort closed book and all of them together, reading with the document given, not knowing what
    nothing was said of, each general ability. Exact one-sided McNemar tests against the champion, corrected for their
    number (Holm).
    """
    name = "no suite lost more than it won"
    suites = suites_of(evidence)
    if not suites:
        return Check(name=name, status="INCONCLUSIVE", reason="there are no answers to compare")
    p_values, lost = {}, {}
    for suite, (candidate, champion) in suites.items():
        if candidate.keys() != champion.keys():
            reason = f"{suite}: the two models were not asked the same items"
            return Check(name=name, status="INCONCLUSIVE", reason=reason)
        pairs = [(candidate[i], champion[i]) for i in champion]
        p_values[suite] = lost_more(*zip(*pairs, strict=True))
        won = sum(ours and not theirs for ours, theirs in pairs)
        lost[suite] = f"{won} won, {sum(theirs and not ours for ours, theirs in pairs)} lost of {len(pairs)}"
    corrected = holm(p_values)
    figures = {suite: f"{lost[suite]}, p {p:.3f}" for suite, p in corrected.items()}
    fired = [suite for suite, p in corrected.items() if p < 1 - settings.confidence]
    if fired:
        reason = "; ".join(f"{suite}: {lost[suite]}" for suite in fired)
        return Check(name=name, status="FAIL", reason=reason, figures=figures)
    reason = f"none of {len(suites)} suites lost more than chance explains"
    return Check(name=name, status="PASS", reason=reason, figures=figures)


def suites_of(evidence: Evidence) -> dict[str, tuple[Right, Right]]:
    """Return what candidate and champion had right, by suite and item."""
    found: dict[str, tuple[Right, Right]] = {}
    rows = [(a.model, a.id, a.correct, _suite_of(a, evidence)) for a in evidence.answers]
    rows += [(a.model, a.id, a.correct, a.ability.replace("_", " ")) for a in evidence.anchors]
    earlier = {row[3] for row in rows if row[3] and row[3].startswith(_NIGHT)}
    for model, item, correct, suite in rows:
        if suite and model in ("candidate", "champion"):
            found.setdefault(suite, ({}, {}))[model == "champion"][item] = correct
            if suite in earlier and len(earlier) > 1:
                found.setdefault("all earlier nights", ({}, {}))[model == "champion"][item] = correct
    return found


def _suite_of(answer: Answer, evidence: Evidence) -> str | None:
    if answer.type == "unanswerable":
        return "not knowing" if answer.condition == "closed" else None
    if answer.condition == "open":
        return "reading with the document given"
    return f"{_NIGHT}{answer.cohort}" if evidence.is_earlier(answer.cohort, answer.probe) else None


def not_worse(
    name: str, candidate: Scores, other: Scores, settings: GateSettings, *, epsilon: float, at_least: int, what: str
) -> Check:
    """Whether the lower bound of the paired difference rules out a loss of ``epsilon``."""
    found = compared(candidate, other, settings, epsilon)
    if isinstance(found, str):
        return Check(name=name, status="INCONCLUSIVE", reason=found)
    figures = {**figures_of(found), "epsilon": epsilon}
    if found.items < at_least:
        reason = f"only {found.items} items can be compared, {at_least} are needed"
        return Check(name=name, status="INCONCLUSIVE", reason=reason, figures=figures)
    change = f"{what} changed by {points(found.mean)} (not below {points(found.lower)} with confidence)"
    if found.lower > -epsilon:
        return Check(name=name, status="PASS", reason=change, figures=figures)
    loss = f"a loss of {100 * epsilon:.1f} points"
    if found.mean <= -epsilon or found.items >= found.needed:
        reason = f"{change}; {loss} is not allowed"
        return Check(name=name, status="FAIL", reason=reason, figures=figures)
    reason = f"{change}; {found.items} items cannot rule out {loss}, about {found.needed} could"
    return Check(name=name, status="INCONCLUSIVE", reason=reason, figures=figures)


def compared(candidate: Scores, other: Scores, settings: GateSettings, epsilon: float) -> PairedDifference | str:
    """Pair two models on identical items, or say why they cannot be compared."""
    if not candidate or not other:
        return "there are no answers to compare"
    if candidate.keys() != other.keys():
        return f"the two models were not asked the same items ({len(candidate.keys() ^ other.keys())} differ)"
    ids = sorted(candidate)
    return paired_difference(
        [candidate[i][0] for i in ids],
        [other[i][0] for i in ids],
        [candidate[i][1] for i in ids],
        confidence=settings.confidence,
        power=settings.power,
        epsilon=epsilon,
    )


def each_alone(scores: Scores) -> Scores:
    """The same scores, each item a cluster of its own: for documents that are all there is, and no sample."""
    return {item: (score, item) for item, (score, _) in scores.items()}


def _anchors(rows: Sequence[AnchorAnswer], model: str) -> Scores:
    """Graded: the probability of the right option tells two models apart with far fewer items than right or wrong."""
    return {a.id: (a.score, a.id) for a in rows if a.model == model}


def figures_of(found: PairedDifference) -> dict[str, float | int]:
    """What a check shows of a comparison."""
    return {
        "difference": round(found.mean, 4),
        "lower_bound": round(found.lower, 4),
        "upper_bound": round(found.upper, 4),
        "items": found.items,
        "clusters": found.clusters,
        "better": found.better,
        "worse": found.worse,
        "design_effect": round(found.design_effect, 2),
        "detectable": round(found.detectable, 4),
        "items_needed": found.needed,
    }


def points(share: float) -> str:
    """A share in points, with its sign."""
    return f"{100 * share:+.1f} points"
