"""A gate that lets planted candidates pass, or refuses the unchanged champion, is found out and decides nothing."""

import pytest

from steps.gate import planted
from steps.gate.judging import judge
from steps.records import Check
from tests.steps.gate.test_gate import TONIGHT, check, evidence


def says(status):
    """A condition that says the same whatever the evidence is."""
    return lambda *_, **__: Check(name="broken", status=status, reason="always the same")


def test_everything_planted_is_refused_and_the_champion_is_not(settings):
    found = check(judge(evidence(), settings), planted.NAME)
    assert found.status == "PASS"
    refused = {name: said for name, said in found.figures.items() if not name.startswith("the unchanged champion")}
    assert len(refused) == 6 and not any(said.endswith("PASS") for said in refused.values())
    assert refused["the shuffled adapter"] == "learned tonight: FAIL"
    assert refused["the adapter that was taught wrong answers"] == "learned tonight: FAIL"
    assert {said for name, said in found.figures.items() if name not in refused} == {"PASS"}


@pytest.mark.parametrize("broken", ["learned_tonight", "retention", "general_abilities", "no_canary_surfaced"])
def test_a_condition_that_lets_everything_pass_is_found_out(settings, monkeypatch, broken):
    monkeypatch.setattr(planted, broken, says("PASS"))
    verdict = judge(evidence(), settings)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "failed its own test" in check(verdict, planted.NAME).reason
    assert "simulated" in check(verdict, planted.NAME).reason


@pytest.mark.parametrize("broken", ["retention", "general_abilities", "no_suite_lost", "no_canary_surfaced"])
def test_a_condition_that_refuses_everything_is_found_out(settings, monkeypatch, broken):
    monkeypatch.setattr(planted, broken, says("FAIL"))
    verdict = judge(evidence(), settings)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "the unchanged champion was refused" in check(verdict, planted.NAME).reason


@pytest.mark.parametrize(
    ("which", "says"),
    [("shuffled", "the shuffled adapter"), ("mistaught", "the adapter that was taught wrong answers")],
)
def test_what_is_planted_and_knows_as_much_as_the_candidate_is_no_evidence_for_the_gate(settings, which, says):
    found = evidence()
    setattr(found, which, [row for row in found.answers if row.model == "candidate" and row.cohort == TONIGHT])
    verdict = judge(found, settings)
    assert verdict.verdict == "INCONCLUSIVE"
    assert f"{says} passed 'learned tonight'" in check(verdict, planted.NAME).reason


def test_a_night_with_nothing_to_be_taught_wrong_says_what_to_do(settings):
    found = evidence()
    found.mistaught = []
    verdict = judge(found, settings)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "Add a document with more facts" in check(verdict, planted.NAME).reason


def test_a_champion_that_knows_nothing_of_earlier_nights_cannot_lose_it(settings):
    """A deployment whose first nights were refused: the base serves, and nothing is there to be forgotten."""
    found = check(judge(evidence(earlier=(0, 0, 60)), settings), planted.NAME)
    assert found.status == "PASS" and "simulated: forgets earlier nights by epsilon" not in found.figures


@pytest.mark.parametrize("which", ["shuffled", "mistaught"])
def test_without_what_is_planted_nothing_is_decided(settings, which):
    found = evidence()
    setattr(found, which, [])
    assert judge(found, settings).verdict == "INCONCLUSIVE"


@pytest.mark.parametrize("epsilon", [0.01, 0.05, 0.2])
def test_what_is_simulated_loses_just_what_is_not_tolerated(settings, epsilon):
    knobs = settings.gate.model_copy(update={"epsilon_anchors": epsilon, "epsilon_cohorts": epsilon})
    for name, _, found in planted._planted(evidence(), planted._unchanged(evidence()), knobs):
        if "epsilon" in name:
            rows = [a for a in found.answers if a.cohort < TONIGHT] if "earlier" in name else found.anchors
            right = {m: sum(a.correct for a in rows if a.model == m) for m in ("champion", "candidate")}
            count = len(rows) / 3
            assert epsilon * count <= right["champion"] - right["candidate"] < epsilon * count + 1


def test_the_first_night_is_tested_too(settings):
    found = evidence()
    found.answers = [a for a in found.answers if a.cohort == TONIGHT]
    found.earlier_cohorts = []
    assert check(judge(found, settings), planted.NAME).status == "PASS"


def test_too_few_canaries_to_decide_anything_are_no_failure_of_the_gate(settings):
    found = evidence()
    found.expected_canaries = {"c40", "c41"}
    found.canaries = [a for a in found.canaries if a.id in found.expected_canaries]
    tested = check(judge(found, settings), planted.NAME)
    assert tested.status == "PASS" and "simulated: all canaries surface" not in tested.figures
