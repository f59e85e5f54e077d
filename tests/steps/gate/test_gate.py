"""The gate promotes a good candidate, refuses bad ones, and never passes on missing evidence."""

import numpy as np
import pytest

from steps.gate import judge
from steps.gate.evidence import Evidence
from steps.gate.statistics import paired_difference
from steps.records import AnchorAnswer, Answer

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
        )
        for n, right in enumerate(rights)
    ]


def anchors(model, rights):
    return [
        AnchorAnswer(id=f"a{n}", ability="x", model=model, answer="", correct=bool(r), score=float(r))
        for n, r in enumerate(rights)
    ]


def evidence(*, tonight=(0, 0, 24), earlier=(60, 60, 60), general=(240, 240, 240), size=28, suite=400, earlier_size=80):
    """Numbers of right answers by (base, champion, candidate); the first so many items are the right ones."""
    found = Evidence(TONIGHT, earlier_cohorts=[EARLIER])
    for slot, model in enumerate(("base", "champion", "candidate")):
        found.answers += answers(TONIGHT, model, [n < tonight[slot] for n in range(size)])
        found.answers += answers(EARLIER, model, [n < earlier[slot] for n in range(earlier_size)])
        found.anchors += anchors(model, [n < general[slot] for n in range(suite)])
    found.shuffled = answers(TONIGHT, "candidate", [False] * size)
    return found


def check(verdict, name):
    return next(c for c in verdict.checks if c.name == name)


def test_a_good_candidate_is_promoted(settings):
    verdict = judge(evidence(), settings)
    assert verdict.verdict == "PROMOTE"
    assert {c.status for c in verdict.checks} == {"PASS"}
    power = check(verdict, "kept earlier nights").figures
    assert power["detectable"] <= 0.1 and power["items_needed"] <= power["items"] == 80
    assert power["design_effect"] == pytest.approx(1.6), "four probes of a document"


def test_a_suite_that_loses_is_not_made_up_for_by_one_that_wins(settings):
    found = evidence()
    for n, row in enumerate(found.anchors):
        ability, ours = ("reading" if n % 2 else "sums"), row.model == "candidate"
        lost, won = ours and ability == "reading" and n % 40 == 1, ours and ability == "sums" and n % 40 == 2
        right = won or (row.correct and not lost)
        found.anchors[n] = row.model_copy(update={"ability": ability, "correct": right, "score": float(right)})
    verdict = judge(found, settings)
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


@pytest.mark.parametrize("lost", ["answers", "anchors"])
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
