"""What was held out tonight gains over the champion, and over the candidate with its weights shuffled."""

from dataclasses import replace

import pytest

from steps.examine.kinds.suite import KindReply
from steps.gate.judging import judge
from steps.gate.kinds import kind_suite
from steps.gate.planted import NAME
from steps.kinds.kind import DOCUMENTS
from tests.steps.gate.test_gate import TONIGHT, check, evidence

SUITE = "workflows"


def asked(**gained):
    """Five cases of one form, about as likely as each other, by who was asked."""
    rows = [
        KindReply(
            suite=SUITE,
            id=str(number),
            cohort=TONIGHT,
            source="s",
            question=f"Where is order {number}?",
            model=who,
            log_probabilities=(gain - 5.0 + number / 100,),
            tokens=(1,),
            signs=(1,),
        )
        for who, gain in {"champion": 0.0, **gained}.items()
        for number in range(5)
    ]
    items = {row.id: TONIGHT for row in rows}
    return replace(evidence(), taught=frozenset({SUITE}), kinds=rows, expected_kinds={SUITE: items})


@pytest.mark.parametrize(
    ("gained", "status", "says"),
    [
        ({"candidate": 3.5, "shuffled": -1.0}, "PASS", "over shuffled weights +4.5"),
        ({"candidate": 3.5, "shuffled": 0.5}, "PASS", "over shuffled weights +3.0"),
        ({"candidate": 3.5, "shuffled": 3.6}, "FAIL", "worse for 0: no gain over shuffled weights is certain"),
        ({"candidate": 0.5, "shuffled": 0.5}, "FAIL", "+0.500"),
        ({"candidate": 0.5, "shuffled": 3.5}, "FAIL", "+0.500"),
        ({"candidate": 3.5}, "INCONCLUSIVE", "the shuffled adapter was not examined"),
    ],
)
def test_what_shuffled_weights_gain_too_was_not_learned(settings, gained, status, says):
    found = kind_suite(asked(**gained), settings.gate, suite=SUITE)
    assert found.status == status and says in found.reason


def without(found, lost, **changed):
    """The same with the rows of the candidate that ``lost`` names, by number, changed."""
    rows = [
        r.model_copy(update=changed) if (r.model, r.id) in {("candidate", n) for n in lost} else r for r in found.kinds
    ]
    return replace(found, kinds=rows)


def test_what_is_no_number_was_not_learned(settings):
    found = without(asked(candidate=3.5, shuffled=-1.0), "2", log_probabilities=(float("nan"),))
    assert kind_suite(found, settings.gate, suite=SUITE).status != "PASS"


def test_talks_that_end_in_the_same_words_are_no_single_one(settings):
    found = asked(candidate=3.5, shuffled=-1.0)
    alike = [row.model_copy(update={"question": "Why?"}) for row in found.kinds]
    told = kind_suite(replace(found, kinds=alike), settings.gate, suite=SUITE)
    assert "only 1 of tonight are held out" in told.reason
    apart = [row.model_copy(update={"about": row.id}) for row in alike]
    assert kind_suite(replace(found, kinds=apart), settings.gate, suite=SUITE).status == "PASS"


@pytest.mark.parametrize("lost", ["3", "01234"])
def test_of_earlier_nights_every_item_has_to_be_there(settings, lost):
    found = rebuilt(candidate=0.1, shuffled=-4.0)
    assert kind_suite(found, settings.gate, suite=SUITE).status == "PASS"
    told = kind_suite(without(found, lost, log_probabilities=(), tokens=()), settings.gate, suite=SUITE)
    assert told.status == "INCONCLUSIVE" and "is not there for every item" in told.reason


def test_shuffled_weights_that_move_five_cases_alike_do_not_cost_the_night(settings):
    found = check(judge(asked(candidate=3.5, shuffled=0.5), settings), NAME)
    assert found.figures[f"the shuffled adapter, {SUITE}"] == f"{SUITE}: FAIL"
    assert "shuffled" not in found.reason, found.reason


def rebuilt(**gained):
    """A deep sleep of a champion that has learned workflows and no facts."""
    cohort = "2026-01-01"
    found = asked(**gained)
    kinds = [row.model_copy(update={"cohort": cohort}) for row in found.kinds]
    items = {SUITE: {row.id: cohort for row in kinds}}
    rest = {
        "deep": True,
        "taught": frozenset({DOCUMENTS}),
        "answers": [],
        "shuffled": [],
        "mistaught": [],
        "earlier_cohorts": [],
    }
    return replace(found, kinds=kinds, expected_kinds=items, met=frozenset({cohort}), **rest)


@pytest.mark.parametrize(
    ("gained", "status", "says"),
    [
        ({"candidate": 0.1, "shuffled": -4.0}, "PASS", "refused all"),
        ({"candidate": 0.1, "shuffled": 0.1}, "INCONCLUSIVE", "the shuffled adapter, every suite passed"),
        ({"candidate": 0.1}, "INCONCLUSIVE", "the shuffled adapter was not examined"),
    ],
)
def test_a_champion_without_facts_is_built_again_if_shuffled_weights_are_told_from_it(settings, gained, status, says):
    verdict = judge(rebuilt(**gained), settings)
    own = check(verdict, NAME)
    assert own.status == status and says in own.reason, own.reason
    assert verdict.verdict == ("PROMOTE" if status == "PASS" else "INCONCLUSIVE"), verdict.reasons


def test_what_nothing_is_asked_of_is_not_built_again(settings):
    nothing = replace(rebuilt(candidate=0.1), kinds=[], expected_kinds={})
    assert "nothing is asked" in check(judge(nothing, settings), NAME).reason
