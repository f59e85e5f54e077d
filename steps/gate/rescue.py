"""Rescue before refusal: where a candidate only forgot too much, less of what tonight added to it may do.

Scales are tried on one half of the documents and anchors, and the one chosen is judged on the other half alone: whoever
chooses and judges on the same items lets candidates pass by luck.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from steps.consolidate.adapter import scaled_adapter
from steps.consolidate.step import ConsolidateStep
from steps.examine.eval_set import EvalSet, Replies, ask_all
from steps.examine.examination import whole_eval_set
from steps.examine.kinds.table import SUITES
from steps.examine.min_token_prob import ask_token_scores, with_scores
from steps.examine.reading import right_replies, write_examination
from steps.gate import conditions
from steps.gate.checks import general_abilities
from steps.gate.evidence import Evidence
from steps.gate.judging import judge
from steps.gate.kinds import TONIGHT
from steps.gate.learned import learned_tonight
from steps.gate.retention import retention
from steps.gate.verdict import RESCUED
from steps.kinds.kind import ASKED
from steps.records import LEARNED_TONIGHT, Check, Verdict, content_id
from steps.settings import Settings
from steps.workspace import Workspace, file_sha256

NAME = "smaller scale"
_CHOOSING, _JUDGING = 0, 1


def may_be_rescued(verdict: Verdict) -> bool:
    """Whether forgetting alone refuses: what it learned, what it keeps to itself and the gate's own test all hold."""
    must_hold = {condition.name for condition in conditions.CONDITIONS if not condition.rescuable}
    held = {check.name for check in verdict.checks if _stands(check)}
    learned = any(c.status == "PASS" for c in verdict.checks if c.name in (LEARNED_TONIGHT, *SUITES))
    return verdict.verdict == "REJECT" and learned and held >= must_hold


def _stands(check: Check) -> bool:
    """Whether it holds; of a kind's suite, whether tonight's part does, for what earlier nights lost may come back."""
    if check.status == "PASS":
        return True
    if check.name in SUITES:
        return check.status == "NOT_APPLICABLE" or check.figures.get(TONIGHT) in ("PASS", "NOT_APPLICABLE")
    return check.name == LEARNED_TONIGHT and check.status == "NOT_APPLICABLE"


def rescue(evidence: Evidence, refused: Verdict, *, settings: Settings, workspace: Workspace) -> Verdict:
    """Return the verdict on the largest scale that looks well on one half of the items, if it passes on the other.

    Otherwise the candidate stays ``refused``, with a note of what was tried.
    """
    trained = ConsolidateStep.read(workspace, evidence.night)
    rank = trained.figures.rank if trained else None
    scales = sorted((s for s in settings.gate.rescue_scales if 0 < s < 1), reverse=True)
    if not scales or not rank:
        return refused
    work, (asked, _) = workspace.night_dir(evidence.night), whole_eval_set(settings, workspace, evidence.night)
    unfinished = work / f"{RESCUED}.part"
    try:
        for scale in scales:
            shutil.rmtree(unfinished, ignore_errors=True)
            adapter = scaled_adapter(work / "adapter", unfinished / "adapter", scale=scale, rank=rank)
            if _promises(_half(evidence, _CHOOSING, asked, settings, workspace, adapter, scale), settings):
                break
        else:
            return noted(refused, NAME, "NOT_APPLICABLE", f"none of {scales} looked well on one half of the items")
        other = _half(evidence, _JUDGING, asked, settings, workspace, adapter, scale)
        write_examination(unfinished / "examination", other.examination)
        other.binding = evidence.binding | other_binding(unfinished, {"scale": str(scale)})
        verdict = judge(other, settings)
        if verdict.verdict != "PROMOTE":
            said = "; ".join(f"{c.name}: {c.reason}" for c in verdict.checks if c.status in ("FAIL", "INCONCLUSIVE"))
            tried = f"{scale:g} looked well on one half of the items, and not on the other ({said})"
            return noted(refused, NAME, "NOT_APPLICABLE", tried)
        unfinished.rename(work / RESCUED)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    failed = ", ".join(c.name for c in refused.checks if c.status == "FAIL")
    return noted(
        verdict,
        NAME,
        "PASS",
        f"as it was it failed ({failed}); at {scale:g} of tonight's change, chosen on one half of the items, it passed "
        "on the other",
    )


def other_binding(folder: Path, how: dict[str, str]) -> dict[str, str]:
    """What a verdict on the adapter and the examination in ``folder`` binds in the place of the night's own."""
    return {
        "adapter": file_sha256(folder / "adapter"),
        "examination": file_sha256(folder / "examination"),
        **how,
    }


def _promises(evidence: Evidence, settings: Settings) -> bool:
    """Whether point estimates leave room for the bounds: enough learned, at most half of each epsilon lost."""
    knobs = settings.gate
    facts = bool(ASKED & evidence.taught)
    learned = learned_tonight(evidence, knobs).figures.get("difference", -1.0) if facts else knobs.min_gain + 1
    forgetting = [
        retention(evidence, knobs),
        general_abilities(evidence, knobs, against="champion"),
        general_abilities(evidence, knobs, against="base"),
    ]
    return learned > knobs.min_gain and all(_holds(check) for check in forgetting)


def _holds(check: Check) -> bool:
    if check.status == "NOT_APPLICABLE":
        return True
    return bool(check.figures) and check.figures["difference"] >= -check.figures["epsilon"] / 2


def _half(
    evidence: Evidence, half: int, asked: EvalSet, settings: Settings, workspace: Workspace, adapter: Path, scale: float
) -> Evidence:
    """The evidence on one half of what was ``asked`` with the scaled adapter in the candidate's place.

    Canaries, the owner's suites and what is held out of other kinds are no part of the choice, and asked as a whole in
    the judgement.
    """
    night = evidence.night

    def mine(cluster: str) -> bool:
        return int(content_id("half", night, cluster), 16) % 2 == half

    items = [item for item in asked.items if mine(item.source or item.probe.id)]
    part = EvalSet([replace(item, document=None) for item in items], [a for a in asked.anchors if mine(a.id)])
    if half == _JUDGING:
        part = replace(part, items=items, canaries=asked.canaries, suites=asked.suites, kinds=asked.kinds)
    base = evidence.binding["base"]
    asked_as: dict[str, Any] = {
        "who": "candidate",
        "says": f"candidate at {scale:g}",
        "adapter": adapter,
        "base_digest": base,
    }
    how: dict[str, Any] = {**asked_as, "settings": settings, "workspace": workspace}
    found: Replies = ask_all(part, **how)
    # the replies that the champion was judged by: what only this scale would say does not count for it
    earlier = [item for item in items if evidence.is_earlier(item.probe.night, item.probe.id)]
    scored = ask_token_scores(earlier, right_replies(evidence.answers), **how)
    probes, stored = with_scores(found.probes, scored), evidence.examination
    both = {(row.id, row.condition) for row in probes}
    return evidence.answering(
        replace(
            stored,
            answers=[a for a in stored.answers if a.model != "candidate" and (a.id, a.condition) in both] + probes,
            anchors=[a for a in stored.anchors if a.model != "candidate" and mine(a.id)] + found.anchors,
            canaries=[a for a in stored.canaries if a.model != "candidate"] + found.canaries,
            suites=[a for a in stored.suites if a.model != "candidate"] + found.suites,
            kinds=[a for a in stored.kinds if a.model != "candidate"] + found.kinds,
            shuffled=[a for a in stored.shuffled if (a.id, a.condition) in both],
            mistaught=[a for a in stored.mistaught if (a.id, a.condition) in both],
        )
    )


def noted(verdict: Verdict, name: str, status: str, reason: str) -> Verdict:
    """Return a verdict with a note of what was tried, which is no condition."""
    check = Check(name=name, status=status, reason=reason)
    return verdict.model_copy(
        update={"checks": (*verdict.checks, check), "reasons": (*verdict.reasons, f"{name}: {reason}")}
    )
