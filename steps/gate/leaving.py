"""A kind that fails its suite is left out: tonight's lessons without it are trained once more, and judged as a whole.

So no kind pays for another: not with a night that is refused, and not with a change that came with it. There is one
second training at most. It is judged on the items that the first was judged on, so that a night which tries twice lets
harm pass up to twice as often as one bound allows.
"""

import shutil
from dataclasses import replace

from steps.consolidate.nightly import train_night
from steps.consolidate.step import begun_with
from steps.examine.eval_set import Replies, ask_all
from steps.examine.examination import eval_set_of
from steps.examine.min_token_prob import ask_token_scores, with_scores
from steps.examine.reading import right_replies, write_examination
from steps.gate.evidence import Evidence
from steps.gate.judging import judge
from steps.gate.kinds import TONIGHT, without_lessons
from steps.gate.rescue import noted, other_binding
from steps.gate.verdict import RESCUED
from steps.kinds.kind import ASKED
from steps.night import Night
from steps.progress import say
from steps.records import LEARNED_TONIGHT, LEFT_OUT, Check, Verdict, content_id

NAME = "left out"


def not_learned(verdict: Verdict, evidence: Evidence) -> list[str]:
    """Return the suites of tonight whose lessons were not learned, if there are others that may have been."""
    if verdict.verdict not in ("REJECT", "INCONCLUSIVE") or evidence.faults or evidence.nothing_new:
        return []
    checks = {check.name: check for check in verdict.checks}
    failed = sorted(suite for suite in evidence.taught if not _holds(checks, suite))
    return failed if len(failed) < len(evidence.taught) else []


def left_out_verdict(night: Night, evidence: Evidence, refused: Verdict, suites: list[str]) -> Verdict:
    """Return the verdict on a candidate without the lessons of ``suites``, if it passes; else ``refused``, noted."""
    why = "; ".join(f"{c.name}: {c.reason}" for c in refused.checks if _about(c, suites))
    names = ", ".join(suites)
    say(f"  {names} failed: tonight's other lessons are trained without them")
    unfinished = night.folder / f"{RESCUED}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        trained = train_night(
            night,
            unfinished / "adapter",
            scratch=night.folder / "consolidate",
            digest=content_id(refused.binding, suites),
            begun=begun_with(night),
            leave_out=suites,
        )
        if trained.skipped:
            return noted(refused, NAME, "NOT_APPLICABLE", f"without {names} nothing is left to learn")
        other = without_lessons(_asked(night, evidence, unfinished), suites)
        write_examination(unfinished / "examination", other.examination)
        other.binding = evidence.binding | other_binding(unfinished, {LEFT_OUT: ",".join(suites)})
        verdict = judge(other, night.settings)
        if verdict.verdict != "PROMOTE":
            said = "; ".join(f"{c.name}: {c.reason}" for c in verdict.checks if c.status in ("FAIL", "INCONCLUSIVE"))
            return noted(refused, NAME, "NOT_APPLICABLE", f"without {names} it failed, too ({said})")
        unfinished.rename(night.folder / RESCUED)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    reason = (
        f"the lessons of {names} were not learned ({why}): without them the night was trained once more "
        f"({trained.training_seconds or 0:.0f} s) and passed; they are taken up with the next ones of their kind"
    )
    return noted(verdict, NAME, "PASS", reason)


def _asked(night: Night, evidence: Evidence, folder) -> Evidence:
    """The evidence with the adapter in ``folder`` in the candidate's place; what was planted stays as it is."""
    asked, _ = eval_set_of(night)
    how = {
        "who": "candidate",
        "says": "candidate without what failed",
        "adapter": folder / "adapter",
        "base_digest": evidence.binding["base"],
        "settings": night.settings,
        "workspace": night.workspace,
    }
    found: Replies = ask_all(asked, **how)
    earlier = [item for item in asked.items if item.probe.night < night.date]
    # the replies that the champion was judged by: what only this candidate would say does not count for it
    probes = with_scores(found.probes, ask_token_scores(earlier, right_replies(evidence.answers), **how))
    stored = evidence.examination
    return evidence.answering(
        replace(
            stored,
            answers=[a for a in stored.answers if a.model != "candidate"] + probes,
            anchors=[a for a in stored.anchors if a.model != "candidate"] + found.anchors,
            canaries=[a for a in stored.canaries if a.model != "candidate"] + found.canaries,
            suites=[a for a in stored.suites if a.model != "candidate"] + found.suites,
            kinds=[a for a in stored.kinds if a.model != "candidate"] + found.kinds,
        )
    )


def _holds(checks: dict[str, Check], suite: str) -> bool:
    check = checks.get(LEARNED_TONIGHT if suite in ASKED else suite)
    if check is None:
        return False
    if suite in ASKED:
        other_failed = "FAIL" in map(check.figures.get, ASKED - {suite})
        return check.status == "PASS" or (check.figures.get(suite) == "PASS" and other_failed)
    return check.status == "PASS" or check.figures.get(TONIGHT) == "PASS"


def _about(check: Check, suites: list[str]) -> bool:
    return check.name in suites or (check.name == LEARNED_TONIGHT and not ASKED.isdisjoint(suites))
