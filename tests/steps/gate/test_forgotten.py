"""What was to be forgotten may not be known any better than by a model that never met it."""

import pytest

from steps.gate.forgotten import forgotten_on_request
from steps.gate.judging import judge
from tests.steps.gate.test_gate import TONIGHT, answers, check, evidence


def forgetting(*, candidate, base=(), asked=12):
    """Evidence on an adapter built again: it keeps both nights, and knows ``candidate`` of the forgotten items."""
    found = evidence(tonight=(0, 24, 24))
    found.forgetting, found.earlier_cohorts = True, [*found.earlier_cohorts, TONIGHT]
    for model, right in (("base", base), ("champion", range(asked)), ("candidate", candidate)):
        found.forgotten += answers("gone", model, [n in right for n in range(asked)])
    return found


def test_a_rebuild_that_forgot_and_kept_the_rest_is_promoted(settings):
    verdict = judge(forgetting(candidate=()), settings)
    assert verdict.verdict == "PROMOTE", verdict.reasons
    assert check(verdict, "learned tonight").status == "NOT_APPLICABLE"
    assert check(verdict, "forgotten on request").figures["champion"] == 12
    assert check(verdict, "kept earlier nights").figures["items"] == 108, "tonight's cohort is one to be kept"


@pytest.mark.parametrize(
    ("candidate", "base", "asked", "status"),
    [
        (range(12), (), 12, "FAIL"),
        (range(5), (), 12, "FAIL"),
        (range(2), (), 12, "PASS"),  # as chance would have it
        (range(6), range(6), 12, "PASS"),  # the base knows it, too
        (range(1), (), 3, "FAIL"),  # too few for the test to tell
        ((), (), 3, "PASS"),
    ],
)
def test_who_knows_more_than_the_base_has_not_forgotten(settings, candidate, base, asked, status):
    found = forgetting(candidate=candidate, base=base, asked=asked)
    assert forgotten_on_request(found, settings.gate).status == status


def test_missing_questions_are_inconclusive(settings):
    found = forgetting(candidate=())
    found.forgotten = [a for a in found.forgotten if a.model != "base"]
    assert check(judge(found, settings), "forgotten on request").status == "INCONCLUSIVE"
    found.forgotten = []
    assert judge(found, settings).verdict == "INCONCLUSIVE"


def test_the_rest_may_not_be_forgotten_with_it(settings):
    found = forgetting(candidate=())
    found.answers = [
        a.model_copy(update={"correct": False}) if (a.model, a.cohort) == ("candidate", TONIGHT) else a
        for a in found.answers
    ]
    assert check(judge(found, settings), "kept earlier nights").status == "FAIL"
