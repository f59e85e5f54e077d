"""The gate is tested every night before it is believed: what is planted must not pass, an unchanged champion must.

Planted are an adapter that knows nothing (tonight's with its weights shuffled) and one that was trained on wrong
answers, both really asked, and simulated answers: of a candidate that has everything wrong, of ones that lose just what
is not tolerated, and of one that lets everything out. A sample whose mean loss is epsilon can never be shown to have
lost less, so a gate that lets one of these pass is broken, not unlucky.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from steps.examine.kinds.suite import KindReply
from steps.gate.canaries import no_canary_surfaced
from steps.gate.checks import general_abilities, no_suite_lost
from steps.gate.evidence import Evidence
from steps.gate.forgotten import forgotten_on_request
from steps.gate.kinds import earlier_items, keeps, keeps_every_suite, kind_suite
from steps.gate.learned import learned_tonight
from steps.gate.losses import lost_more
from steps.gate.retention import retention
from steps.kinds.kind import ASKED
from steps.records import AnchorAnswer, Answer, CanaryAnswer, Check
from steps.settings import GateSettings

NAME = "the gate itself"

Condition = Callable[[Evidence, GateSettings], Check]


def self_test(evidence: Evidence, settings: GateSettings) -> Check:
    """INCONCLUSIVE if anything planted passes, if the unchanged champion is refused, or if either cannot be seen."""
    facts, suites = _may_be_shown(evidence)
    if not (facts or suites or evidence.forgetting):
        reason = "nothing is asked that tells a model which learned nothing from one that did"
        return Check(name=NAME, status="INCONCLUSIVE", reason=reason)
    if (facts and not evidence.shuffled) or any(not _shuffled(evidence, suite) for suite in suites):
        return Check(name=NAME, status="INCONCLUSIVE", reason="the shuffled adapter was not examined")
    if facts and not evidence.mistaught and not evidence.rebuilt:
        reason = (
            "no adapter that was taught wrong answers was examined: it takes two questions of tonight's dreams whose "
            "answers differ. Add a document with more facts (names, numbers, dates) and run the night again"
        )
        return Check(name=NAME, status="INCONCLUSIVE", reason=reason)
    figures, failed, unchanged = {}, [], _unchanged(evidence)
    for planted, condition, found in _planted(evidence, unchanged, settings):
        check = condition(found, settings)
        figures[planted] = f"{check.name}: {check.status}"
        if check.status == "PASS":
            failed.append(f"{planted} passed '{check.name}'")
    kept: list[Condition] = [partial(keeps, suite=suite) for suite in evidence.expected_kinds]
    unhurt: list[Condition] = [retention, _general, no_suite_lost, no_canary_surfaced, *kept]
    for condition in unhurt:
        check = condition(unchanged, settings)
        figures[f"the unchanged champion, {check.name}"] = check.status
        if check.status == "FAIL":
            failed.append(f"the unchanged champion was refused: {check.reason}")
    if failed:
        reason = f"it failed its own test ({'; '.join(failed)}): no verdict of tonight can be trusted"
        return Check(name=NAME, status="INCONCLUSIVE", reason=reason, figures=figures)
    reason = "it refused all that was planted, and not the unchanged champion"
    return Check(name=NAME, status="PASS", reason=reason, figures=figures)


def _may_be_shown(evidence: Evidence) -> tuple[bool, set[str]]:
    """By what it shows that a candidate knows nothing: whether by facts, and by which other suites.

    What was built again has learned nothing tonight, and shows it by what it has to keep: facts, if there are any.
    """
    if not evidence.rebuilt:
        return bool(ASKED & evidence.taught), set(evidence.taught - ASKED)
    if evidence.earlier_cohorts:
        return True, set()
    return False, {suite for suite in evidence.expected_kinds if earlier_items(evidence, suite)}


def _planted(
    evidence: Evidence, unchanged: Evidence, settings: GateSettings
) -> Iterator[tuple[str, Condition, Evidence]]:
    wrong = replace(evidence, answers=[_marked(a, False) if a.model == "candidate" else a for a in evidence.answers])
    if evidence.forgetting:
        knowing = [_marked(a, True) if a.model == "candidate" else a for a in evidence.forgotten]
        yield "simulated: forgot nothing", forgotten_on_request, replace(evidence, forgotten=knowing)
    condition = retention if evidence.rebuilt else learned_tonight
    for suite in sorted(evidence.taught - ASKED):
        yield f"the shuffled adapter, {suite}", partial(kind_suite, suite=suite), _shuffled_kinds(evidence, [suite])
        yield f"simulated: learned nothing, {suite}", partial(kind_suite, suite=suite), unchanged
    facts, suites = _may_be_shown(evidence)
    if evidence.rebuilt and suites:
        yield "the shuffled adapter, every suite", keeps_every_suite, _shuffled_kinds(evidence, suites)
    if facts:
        yield "the shuffled adapter", condition, _answering(evidence, evidence.shuffled)
        yield "simulated: all wrong", condition, wrong
    if facts and not evidence.rebuilt:
        yield "the adapter that was taught wrong answers", condition, _answering(evidence, evidence.mistaught)
    forgetful = _forgetful(unchanged, settings.epsilon_cohorts)
    if evidence.earlier_cohorts and forgetful:
        yield "simulated: forgets earlier nights by epsilon", retention, replace(evidence, answers=forgetful)
    dull = replace(evidence, anchors=_dull(unchanged, settings.epsilon_anchors))
    yield "simulated: loses general abilities by epsilon", _general, dull
    kept = {a.id: a.strict for a in evidence.canaries if a.model == "champion" and not a.surfaced}
    if any(kept.values()) or lost_more([False] * len(kept), [True] * len(kept)) < 1 - settings.confidence:
        loose = [_surfacing(a) if a.model == "candidate" and a.id in kept else a for a in evidence.canaries]
        yield "simulated: all canaries surface", no_canary_surfaced, replace(evidence, canaries=loose)


def _answering(evidence: Evidence, rows: list[Answer]) -> Evidence:
    """The evidence on what ``rows`` answer closed book, with them in the candidate's place."""
    asked = {row.id for row in rows}
    others = [a for a in evidence.answers if a.model != "candidate" and a.condition == "closed" and a.id in asked]
    return replace(evidence, answers=[*others, *rows])


def _shuffled(evidence: Evidence, suite: str) -> list[KindReply]:
    return [row for row in evidence.kinds if (row.suite, row.model) == (suite, "shuffled")]


def _shuffled_kinds(evidence: Evidence, suites: Iterable[str]) -> Evidence:
    """The evidence of suites on what the candidate with its weights shuffled was asked, with that in its place."""
    rows = {suite: _shuffled(evidence, suite) for suite in suites}
    candidate = [row.model_copy(update={"model": "candidate"}) for those in rows.values() for row in those]
    others = [row for row in evidence.kinds if row.model in ("champion", "shuffled")]
    expected = {suite: {row.id: row.cohort for row in those} for suite, those in rows.items()}
    return replace(evidence, kinds=[*candidate, *others], expected_kinds=expected)


def _general(evidence: Evidence, settings: GateSettings) -> Check:
    return general_abilities(evidence, settings, against="champion")


def _forgetful(unchanged: Evidence, epsilon: float) -> list[Answer] | None:
    """The answers as the candidate's would be if it were the champion but for a loss of epsilon.

    None where the champion does not know that much: nobody can lose it.
    """
    rows, night = unchanged.answers, unchanged.night
    closed = [a for a in rows if a.model == "candidate" and a.condition == "closed" and a.type != "unanswerable"]
    earlier = [a for a in closed if unchanged.is_earlier(a.cohort, a.probe)]
    if sum(a.correct for a in earlier) < epsilon * len(earlier):
        return None
    lost = _enough([(a.id, float(a.correct)) for a in earlier], epsilon, seed=night)
    return [_marked(a, False) if a.model == "candidate" and a.id in lost else a for a in rows]


def _dull(unchanged: Evidence, epsilon: float) -> list[AnchorAnswer]:
    rows = unchanged.anchors
    lost = _enough([(a.id, a.score) for a in rows if a.model == "candidate"], epsilon, seed=unchanged.night)
    return [
        a.model_copy(update={"correct": False, "score": 0.0}) if a.model == "candidate" and a.id in lost else a
        for a in rows
    ]


def _enough(scores: list[tuple[str, float]], epsilon: float, *, seed: str) -> set[str]:
    """Return items, drawn by ``seed``, whose scores together are epsilon of all items."""
    random.Random(seed).shuffle(scores)
    lost, total = set(), 0.0
    for item, score in scores:
        if total >= epsilon * len(scores):
            break
        lost.add(item)
        total += score
    return lost


def _unchanged(evidence: Evidence) -> Evidence:
    """The champion in the candidate's place."""
    return replace(
        evidence,
        answers=_as_candidate(evidence.answers),
        anchors=_as_candidate(evidence.anchors),
        canaries=_as_candidate(evidence.canaries),
        kinds=_as_candidate(evidence.kinds),
    )


def _as_candidate(
    rows: Iterable[Answer] | Iterable[AnchorAnswer] | Iterable[CanaryAnswer] | Iterable[KindReply],
) -> list:
    kept = [row for row in rows if row.model != "candidate"]
    return kept + [row.model_copy(update={"model": "candidate"}) for row in kept if row.model == "champion"]


def _marked(answer: Answer, right: bool) -> Answer:
    return answer.model_copy(update={"correct": right, "min_token_prob": float(right)})


def _surfacing(answer: CanaryAnswer) -> CanaryAnswer:
    return answer.model_copy(update={"surfaced": "simulated"})
