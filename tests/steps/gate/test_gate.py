"""The gate promotes a good candidate, refuses bad ones, and never passes on missing evidence."""

import numpy as np
import pytest

from steps.examine.replies import Examination, ProbeReply, TokenScores
from steps.gate.evidence import Evidence, _with_probes, unmarked
from steps.gate.judging import judge
from steps.gate.statistics import paired_difference
from steps.records import AnchorAnswer, Answer, CanaryAnswer, Probe, Retired, SuiteAnswer
from steps.workspace import write_records

TONIGHT, EARLIER = "2026-11-22", "2026-11-21"


def answers(cohort, model, rights, *, per_source=4):
    return [
        Answer(
            probe=f"p{n}",
            id=f"{cohort}-{n}",
            question="?",
            type="recall",
            cohort=cohort,
            source=f"{cohort}-{n // per_source}",
            model=model,
            condition="closed",
            answer="",
            correct=bool(right),
            min_token_prob=float(right),
        )
        for n, right in enumerate(rights)
    ]


def anchors(model, rights):
    return [
        AnchorAnswer(id=f"a{n}", ability="x", model=model, answer="", correct=bool(r), score=float(r))
        for n, r in enumerate(rights)
    ]


def canaries(model, surfaced, *, asked=60, strict=30):
    """The first of them are strict."""
    known = {"kind": "secret", "question": "?", "model": model, "answer": ""}
    return [
        CanaryAnswer(id=f"c{n}", surfaced="x" if n in surfaced else None, strict=n < strict, **known)
        for n in range(asked)
    ]


def evidence(*, tonight=(0, 0, 24), earlier=(60, 60, 60), general=(240, 240, 240), size=28, suite=400, earlier_size=80):
    """Numbers of right answers by (base, champion, candidate); the first so many items are the right ones."""
    found = Evidence(TONIGHT, earlier_cohorts=[EARLIER], expected_canaries={f"c{n}" for n in range(60)})
    for slot, model in enumerate(("base", "champion", "candidate")):
        found.answers += answers(TONIGHT, model, [n < tonight[slot] for n in range(size)])
        found.answers += answers(EARLIER, model, [n < earlier[slot] for n in range(earlier_size)])
        found.anchors += anchors(model, [n < general[slot] for n in range(suite)])
        found.canaries += canaries(model, ())
    found.shuffled = found.mistaught = answers(TONIGHT, "candidate", [False] * size)
    return found


def check(verdict, name):
    return next(c for c in verdict.checks if c.name == name)


def test_a_good_candidate_is_promoted(settings):
    verdict = judge(evidence(), settings)
    assert verdict.verdict == "PROMOTE"
    idle = {c.name for c in verdict.checks if c.status == "NOT_APPLICABLE"}
    assert idle == {"demonstrations", "preferences", "workflows", "user suites", "forgotten on request"}
    assert {c.status for c in verdict.checks if c.name not in idle} == {"PASS"}
    power = check(verdict, "kept earlier nights").figures
    assert power["detectable"] <= 0.1 and power["items_needed"] <= power["items"] == 80
    assert power["design_effect"] == pytest.approx(1.6), "four probes of a document"


def test_a_source_of_which_nothing_more_is_known_is_named(settings):
    """24 of 28 probes are right, those of the last document are not: the others' gain would hide it."""
    (found,) = (c for c in judge(evidence(), settings).checks if "tonight" in c.name)
    assert found.status == "PASS" and f"nothing more is known of {TONIGHT}-6 (0 of 4 right)" in found.reason
    (whole,) = (c for c in judge(evidence(tonight=(0, 0, 28)), settings).checks if "tonight" in c.name)
    assert whole.status == "PASS" and "nothing more" not in whole.reason


def test_a_suite_that_loses_is_not_made_up_for_by_one_that_wins(settings):
    found = evidence()
    for n, row in enumerate(found.anchors):
        ability, ours = ("reading" if n % 2 else "sums"), row.model == "candidate"
        lost, won = ours and ability == "reading" and n % 40 == 1, ours and ability == "sums" and n % 40 == 2
        right = won or (row.correct and not lost)
        found.anchors[n] = row.model_copy(update={"ability": ability, "correct": right, "score": float(right)})
    loose = settings.model_copy(update={"gate": settings.gate.model_copy(update={"epsilon_anchors": 0.05})})
    verdict = judge(found, loose)
    assert verdict.verdict == "REJECT"
    assert [c.name for c in verdict.checks if c.status == "FAIL"] == ["no suite lost more than it won"]
    assert "reading: 0 won, 6 lost of 200" in check(verdict, "no suite lost more than it won").reason


def test_losing_the_ability_to_read_is_a_suite(settings):
    found = evidence()
    closed = [a for a in found.answers if a.cohort == TONIGHT]
    found.answers += [
        a.model_copy(update={"condition": "open", "correct": a.model == "champion" or n % 3 > 0})
        for n, a in enumerate(closed)
    ]
    lost = check(judge(found, settings), "no suite lost more than it won")
    assert "reading with the document given" in lost.reason


@pytest.mark.parametrize("lost", ["candidate", "champion"])
def test_an_unpaired_suite_is_inconclusive(settings, lost):
    found = evidence()
    row = next(a for a in found.answers if a.model == lost and a.cohort == TONIGHT)
    found.answers.append(row.model_copy(update={"condition": "open"}))
    verdict = judge(found, settings)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "not asked the same items" in check(verdict, "no suite lost more than it won").reason


@pytest.mark.parametrize(
    ("bad", "failing"),
    [
        ({"tonight": (0, 0, 1)}, "learned tonight"),
        ({"earlier": (60, 60, 40)}, "kept earlier nights"),
        ({"general": (240, 240, 200)}, "general abilities against champion"),
        ({"general": (270, 240, 238)}, "general abilities against night 0"),
    ],
)
def test_a_bad_candidate_is_rejected(settings, bad, failing):
    verdict = judge(evidence(**bad), settings)
    assert verdict.verdict == "REJECT"
    assert failing in {c.name for c in verdict.checks if c.status == "FAIL"}
    assert any(reason.startswith(failing) for reason in verdict.reasons)


def test_the_first_night_has_nothing_to_forget(settings):
    found = evidence()
    found.answers = [a for a in found.answers if a.cohort == TONIGHT]
    found.earlier_cohorts = []
    assert judge(found, settings).verdict == "PROMOTE"


def test_knowing_no_longer_that_one_does_not_know_is_a_suite(settings):
    found = evidence()
    tonight = [a for a in found.answers if a.cohort == TONIGHT]
    found.answers += [
        a.model_copy(update={"id": f"u-{a.id}", "type": "unanswerable", "correct": a.model != "candidate" or n % 3 > 0})
        for n, a in enumerate(tonight)
    ]
    verdict = judge(found, settings)
    assert verdict.verdict == "REJECT"
    assert any(reason.startswith("no suite lost more than it won: not knowing: 0 won") for reason in verdict.reasons)


def test_one_strict_canary_that_surfaces_is_enough(settings):
    found = evidence()
    found.canaries = canaries("base", ()) + canaries("champion", (1,)) + canaries("candidate", (1, 2))
    check = named(judge(found, settings), "canaries")
    assert check.status == "FAIL" and "brought out what must not surface" in check.reason
    assert check.figures["surfaced"] == {"base": 0, "champion": 1, "candidate": 2}


@pytest.mark.parametrize(("new", "gone", "status"), [(2, 9, "PASS"), (4, 0, "PASS"), (5, 0, "FAIL"), (9, 2, "FAIL")])
def test_of_those_that_surface_by_chance_too_not_more_may(settings, new, gone, status):
    found = evidence()
    champion, candidate = range(30, 30 + gone), range(45, 45 + new)
    found.canaries = canaries("base", ()) + canaries("champion", champion) + canaries("candidate", candidate)
    check = named(judge(found, settings), "canaries")
    assert check.status == status and check.figures["surfaced_new"] == new and check.figures["no_longer"] == gone


def test_canaries_say_which_rate_they_rule_out(settings):
    check = named(judge(evidence(), settings), "canaries")
    assert check.status == "PASS" and check.figures["asked"] == 60
    assert check.figures["upper_bound"] == pytest.approx(1 - 0.05 ** (1 / 30), abs=1e-4)
    assert "9.5%" in check.reason


@pytest.mark.parametrize("model", ["base", "champion", "candidate"])
def test_a_canary_that_was_not_asked_is_inconclusive(settings, model):
    found = evidence()
    found.canaries = [c for c in found.canaries if (c.model, c.id) != (model, "c3")]
    assert named(judge(found, settings), "canaries").status == "INCONCLUSIVE"
    assert named(judge(Evidence(TONIGHT), settings), "canaries").status == "INCONCLUSIVE"


def named(verdict, name):
    return next(c for c in verdict.checks if c.name == name)


def suites(found, *, size=400, lost=0, failed=()):
    """Give the evidence a suite on which the champion is right on all, and the candidate on all but ``lost``."""
    found.expected_suites = ["colours"]
    for model in ("base", "champion", "candidate"):
        for n in range(size):
            error = "boom" if (model, n) in failed else None
            score = 0.0 if error or (model == "candidate" and n < lost) else 1.0
            row = SuiteAnswer(
                id=f"s{n}", suite="colours", task="colours", model=model, score=score, answer="", error=error
            )
            found.suites.append(row)
    return found


def test_a_user_suite_is_judged_by_its_own_epsilon(settings):
    assert named(judge(evidence(), settings), "user suites").status == "NOT_APPLICABLE"
    good, bad = (named(judge(suites(evidence(), lost=n), settings), "user suites") for n in (4, 40))
    assert good.status == "PASS" and good.figures["colours"]["epsilon"] == settings.gate.epsilon_suites
    assert good.figures["colours"]["scores"] == {"base": 1.0, "champion": 1.0, "candidate": 0.99}
    assert bad.status == "FAIL" and bad.reason.startswith("colours: the suite changed by -10.0 points")


def test_a_user_suite_that_was_not_asked_is_inconclusive(settings):
    found = suites(evidence())
    found.suites = [a for a in found.suites if (a.model, a.id) != ("champion", "s3")]
    assert named(judge(found, settings), "user suites").status == "INCONCLUSIVE"
    found.suites = []
    assert named(judge(found, settings), "user suites").status == "INCONCLUSIVE"


def test_a_failure_opens_no_gate_and_refuses_none(settings):
    """Wrong for the candidate; with the champion it counts as right, but then the evidence is at fault."""
    ours = named(judge(suites(evidence(), failed={("candidate", n) for n in range(40)}), settings), "user suites")
    assert ours.status == "FAIL" and "40 with the candidate" in ours.reason
    theirs = suites(evidence(), lost=40, failed={("champion", n) for n in range(40)})
    check = named(judge(theirs, settings), "user suites")
    assert check.status == "INCONCLUSIVE" and "40 with the champion" in check.reason
    few = named(judge(suites(evidence(), failed={("champion", 1)}), settings), "user suites")
    assert few.status == "PASS" and few.figures["colours"]["failed"] == {"candidate": 0, "champion": 1}


def retired(number, *, why="superseded"):
    return Retired(id=f"r{number}", probe="p", question="?", cohort=EARLIER, source=None, why=why, reason="replaced")


def test_retired_probes_show_in_the_verdict(settings):
    found = evidence()
    found.retired = [retired(1), retired(2), retired(3, why="expired")]
    check = named(judge(found, settings), "kept earlier nights")
    assert check.status == "PASS" and check.figures["retired"] == {"expired": 1, "superseded": 2}
    assert check.reason.endswith("no longer asked: 1 expired, 2 superseded")
    found.answers, found.earlier_cohorts = [a for a in found.answers if a.cohort == TONIGHT], []
    check = named(judge(found, settings), "kept earlier nights")
    assert check.status == "NOT_APPLICABLE" and "1 expired, 2 superseded" in check.reason


def test_a_cohort_must_be_examined_unless_all_its_probes_are_retired(workspace):
    probes = [
        Probe(id=f"r{n}", night=EARLIER, question="?", answers=("x",), origin="owner", source=None, experience=None)
        for n in (1, 2)
    ]
    write_records(workspace.dataset("probes", EARLIER), probes)
    assert _with_probes(workspace, [EARLIER], {"r1"}, until=EARLIER) == [EARLIER]
    assert _with_probes(workspace, [EARLIER], {"r1", "r2"}, until=EARLIER) == []
    write_records(workspace.dataset("probes", TONIGHT), probes)  # changed, and changed back
    assert _with_probes(workspace, [EARLIER], set(), until=TONIGHT) == [], "they are tonight's now"
    assert _with_probes(workspace, [EARLIER], set(), until=EARLIER) == [EARLIER]


@pytest.mark.parametrize("lost", ["answers", "anchors", "canaries"])
@pytest.mark.parametrize("model", ["candidate", "champion"])
def test_missing_answers_are_inconclusive(settings, lost, model):
    found = evidence()
    setattr(found, lost, [row for row in getattr(found, lost) if row.model != model])
    assert judge(found, settings).verdict == "INCONCLUSIVE"


def test_one_missing_item_is_inconclusive(settings):
    found = evidence()
    found.anchors = [a for a in found.anchors if (a.model, a.id) != ("candidate", "a7")]
    assert judge(found, settings).verdict == "INCONCLUSIVE"


def test_an_unexamined_cohort_is_inconclusive(settings):
    found = evidence()
    found.earlier_cohorts = ["2026-11-20", EARLIER]
    verdict = judge(found, settings)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "2026-11-20" in " ".join(verdict.reasons)


def test_too_few_items_are_inconclusive(settings):
    assert judge(evidence(tonight=(0, 0, 5), size=5), settings).verdict == "INCONCLUSIVE"
    assert judge(evidence(suite=50, general=(25, 25, 25)), settings).verdict == "INCONCLUSIVE"


def test_faults_and_nothing_new(settings):
    assert judge(Evidence(TONIGHT, faults=["stale"]), settings).verdict == "INCONCLUSIVE"
    assert judge(Evidence(TONIGHT), settings).verdict == "INCONCLUSIVE"
    assert judge(Evidence(TONIGHT, nothing_new="nothing new tonight"), settings).verdict == "NO_OP"


def test_the_bound_covers_the_truth_as_often_as_it_says():
    """A candidate that is exactly epsilon worse passes at most about 5 % of the time."""
    random = np.random.default_rng(1)
    passed = 0
    for _ in range(400):
        other = random.random(400) < 0.6
        flips = random.random(400)
        candidate = np.where(other, flips > 0.125, flips < 0.0625).astype(float)  # expected loss: 0.05
        found = paired_difference(
            candidate.tolist(),
            other.astype(float).tolist(),
            [str(n) for n in range(400)],
            confidence=0.95,
            power=0.8,
            epsilon=0.05,
        )
        passed += found.lower > -0.05
    assert passed / 400 < 0.075


def test_clusters_widen_the_bound():
    candidate, other = [1.0] * 10 + [0.0] * 10, [0.0] * 20
    loose = paired_difference(candidate, other, [str(n) for n in range(20)], confidence=0.95, power=0.8, epsilon=0.1)
    tight = paired_difference(
        candidate, other, [str(n // 5) for n in range(20)], confidence=0.95, power=0.8, epsilon=0.1
    )
    assert tight.lower < loose.lower < loose.mean == tight.mean == 0.5
    assert tight.needed > loose.needed


def test_one_cluster_decides_nothing():
    found = paired_difference([1.0] * 9, [0.0] * 9, ["one"] * 9, confidence=0.95, power=0.8, epsilon=0.1)
    assert found.lower == float("-inf")


def said(model, reply, **more):
    known = {"probe": "p", "id": "p", "question": "?", "type": "recall", "cohort": EARLIER, "source": None}
    return ProbeReply(**known, model=model, condition="closed", answer=reply, key=("61",), **more)


def test_marks_are_no_evidence():
    plain = Evidence(TONIGHT).answering(Examination(answers=[said("base", "61.")]))
    stored = Evidence(TONIGHT).answering(Examination(answers=[said("base", "62.", correct=True)]))
    assert [row.correct for row in (*plain.answers, *stored.answers)] == [True, True], "old nights can be looked at"
    assert not unmarked(plain) and "holds marks instead of answers" in unmarked(stored)[0]
    stored.forgetting = True
    assert not unmarked(stored), "what was to be forgotten leaves marks alone"


def test_a_right_reply_that_was_not_rated_is_told():
    rated = TokenScores(reply="61.", log_probabilities=(-0.1, -0.2), ends=(2, 3))
    rows = [said("base", "It is 61."), said("champion", "7", scored=(rated,)), said("candidate", "7")]
    found = Evidence(TONIGHT).answering(Examination(answers=rows))
    assert "for 1 answers it was not asked" in unmarked(found)[0]
