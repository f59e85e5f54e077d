"""Was tonight learned? Probes tell it of documents and of what users corrected, together and each for itself."""

from collections.abc import Sequence
from typing import Any

from steps.gate.checks import Scores, compared, each_alone, figures_of, points
from steps.gate.evidence import Evidence
from steps.kinds.kind import ASKED
from steps.records import LEARNED_TONIGHT, Answer, Check
from steps.settings import GateSettings

_SOME, _SHOWN = 4, 3  # questions of a source about which something can be said; sources that are named


def learned_tonight(evidence: Evidence, settings: GateSettings) -> Check:
    """Tonight's answerable probes, closed book: the lower bound beats the champion by ``min_gain``.

    Where documents and corrections were taught, neither is hidden by the other: each of which ``min_unseen`` can be
    asked has to gain more than that, too, if not with confidence.
    """
    name = LEARNED_TONIGHT
    if evidence.rebuilt:
        why = "to forget something" if evidence.forgetting else "in a deep sleep"
        reason = f"it was built again {why}, and had nothing new to learn"
        return Check(name=name, status="NOT_APPLICABLE", reason=reason)
    rows = [a for a in evidence.answers if a.cohort == evidence.night and a.type != "unanswerable"]
    rows = [a for a in rows if evidence.suite_of(a.probe) not in evidence.left_out]
    if not ASKED & evidence.taught:
        reason = "no fact was taught tonight that probes could ask for"
        return Check(name=name, status="NOT_APPLICABLE", reason=reason)
    # Tonight's documents are no sample of others: what is drawn from them is their facts.
    ours, theirs = (each_alone(_closed(rows, model)) for model in ("candidate", "champion"))
    found = compared(ours, theirs, settings, settings.min_gain)
    if isinstance(found, str):
        return Check(name=name, status="INCONCLUSIVE", reason=found)
    if found.items < settings.min_probes:
        reason = f"only {found.items} of tonight's probes can be compared, {settings.min_probes} are needed"
        reason += _left_out(evidence)
        return Check(name=name, status="INCONCLUSIVE", reason=reason, figures=figures_of(found))
    figures, behind = _each_suite(rows, evidence, settings)
    figures |= figures_of(found)
    if behind:
        return Check(name=name, status="FAIL", reason=behind, figures=figures)
    if found.lower > settings.min_gain:
        reason = f"tonight's probes gained {points(found.mean)} (at least {points(found.lower)} with confidence)"
        reason += _idle_sources(rows) + _left_out(evidence)
        return Check(name=name, status="PASS", reason=reason, figures=figures)
    reason = (
        f"tonight's probes gained {points(found.mean)}, with confidence only {points(found.lower)}; "
        f"more than {points(settings.min_gain)} is asked"
    )
    decided = found.mean <= settings.min_gain
    return Check(name=name, status="FAIL" if decided else "INCONCLUSIVE", reason=reason, figures=figures)


def _each_suite(rows: Sequence[Answer], evidence: Evidence, settings: GateSettings) -> tuple[dict[str, Any], str]:
    """What documents and corrections gained each for itself, and which did not; nothing where one came alone."""
    figures: dict[str, Any] = {}
    behind = []
    for suite in sorted(ASKED):
        own = [row for row in rows if evidence.suite_of(row.probe) == suite]
        ours, theirs = (_closed(own, model) for model in ("candidate", "champion"))
        if not ours or len(own) == len(rows) or ours.keys() != theirs.keys():
            continue
        gain = sum(ours[item][0] - theirs[item][0] for item in ours) / len(ours)
        judged = len(ours) >= settings.min_unseen
        figures[suite] = ("PASS" if gain > settings.min_gain else "FAIL") if judged else "INCONCLUSIVE"
        figures |= {f"{suite}, items": len(ours), f"{suite}, difference": round(gain, 4)}
        if figures[suite] == "FAIL":
            behind.append(f"tonight's {len(ours)} probes of {suite} gained {points(gain)} by themselves")
    return figures, "; ".join(behind) + f"; more than {points(settings.min_gain)} is asked" if behind else ""


def _idle_sources(rows: Sequence[Answer]) -> str:
    """Sources with some questions of which none more is answered than before: what others taught hides them."""
    right: dict[str, dict[str, list[bool]]] = {}
    for row in rows:
        if row.condition == "closed" and row.source and row.model in ("candidate", "champion"):
            right.setdefault(row.source, {}).setdefault(row.model, []).append(row.correct)
    idle = [
        f"{source} ({sum(now['candidate'])} of {len(now['candidate'])} right)"
        for source, now in sorted(right.items())
        if len(now.get("candidate", ())) >= _SOME and sum(now["candidate"]) <= sum(now.get("champion", ()))
    ]
    more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
    return f"; nothing more is known of {', '.join(idle[:_SHOWN])}{more}" if idle else ""


def _left_out(evidence: Evidence) -> str:
    if not evidence.loose:
        return ""
    return f"; {len(evidence.loose)} probes do not count: their keys stand in what the base says to other questions"


def _closed(rows: Sequence[Answer], model: str) -> Scores:
    return {a.id: (float(a.correct), a.source or a.id) for a in rows if a.model == model and a.condition == "closed"}
