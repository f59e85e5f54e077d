"""Figures of corrections from answers that are known: undone, lost, late, retention, generality, locality."""

import pytest

from bench.corrections.causes import cause_of
from bench.corrections.data import Corrections
from bench.corrections.measures import Course, summarise
from bench.corrections.records import CorrectionMark
from bench.estimates import Bootstrap


def mark(after, cohort, correction, correct, *, metric="efficacy", place=0, old=False, answer="", seed=1):
    return CorrectionMark(
        arm="weights", seed=seed, after=after, cohort=cohort, correction=correction, kind="fact", metric=metric,
        place=place, question="?", answer=answer, correct=correct, old=old,
    )  # fmt: skip


def topic(name, *nights, old="36"):
    return {
        "id": name,
        "group": "fact",
        "subject": "ferry",
        "question": f"How many cabins has {name}?",
        "old": [old],
        "paraphrases": ["a?", "b?", "c?"],
        "neighbours": [
            {"relation": "subject", "question": f"{name} colour?", "answers": ["green"]},
            {"relation": "attribute", "question": f"not {name}?", "answers": ["58"]},
        ],
        "near": "lifeboats?",
        "corrections": [
            {
                "night": night,
                "wrong": "It has 36 cabins.",
                "turn": f"No, {value}.",
                "answers": [value],
                "portability": {"question": "Which?", "answers": [name]},
            }
            for night, value in nights
        ],
    }


def corrections(*topics):
    return Corrections.model_validate({"first_night": "2026-03-01", "topics": topics})


ONE = corrections(topic("ferry", (1, "41"), (2, "40"), (3, "41")))


def summary(marks, said=ONE):
    return summarise(marks, said, bootstrap=Bootstrap(resamples=50))[0]


def test_which_correction_holds_and_what_is_old():
    ferry = ONE.topics[0]
    assert [ferry.held_after(n) for n in range(5)] == [None, 0, 1, 2, 2]
    assert [ferry.first_kind(n) for n in range(3)] == ["fact", "overwrites", "returns"]
    assert [ferry.old_values(n) for n in range(3)] == [("36",), ("36", "41"), ("36", "40")]


@pytest.mark.parametrize(
    ("mornings", "learned", "watched", "undone", "lost", "late"),
    [
        ([(True, False), (True, False)], True, True, False, False, False),
        ([(True, False)], True, False, False, False, False),
        ([(True, False), (False, True)], True, True, True, False, False),
        ([(True, False), (False, True), (True, False)], True, True, True, False, False),
        ([(True, False), (False, False)], True, True, False, True, False),
        ([(True, False), (False, False), (True, False)], True, True, False, False, False),
        ([(False, True), (False, True)], False, False, False, False, False),
        ([(False, False), (True, False)], False, False, False, False, True),
    ],
)
def test_what_became_of_a_correction(mornings, learned, watched, undone, lost, late):
    course = Course(tuple(mark(n, 1, "a-1", right, old=old) for n, (right, old) in enumerate(mornings, start=1)))
    found = course.learned, course.watched, course.undone, course.lost, course.late
    assert found == (learned, watched, undone, lost, late)


def test_retention_counts_what_still_holds():
    marks = [
        mark(1, 1, "a-1", True),
        mark(1, 1, "b-1", True),
        mark(2, 1, "b-1", False, old=True),  # a-1 was replaced, b-1 undone
        mark(2, 2, "a-2", True),
    ]
    found = summary(marks)
    assert found.counts == {(1, 1): (2, 2), (2, 1): (0, 1), (2, 2): (1, 1)}
    assert found.own["efficacy"].value == 1 and found.end["efficacy"].value == 0.5
    assert found.nights[2]["efficacy"].count == 1 and found.holding[2]["efficacy"].count == 2
    assert [found.count(what) for what in ("learned", "watched", "undone", "lost", "late")] == [3, 1, 1, 0, 0]
    assert found.own["portability"] is None


def test_two_of_three_paraphrases_are_general():
    def three(name, *right):
        return [mark(1, 1, name, r, metric="paraphrase", place=n) for n, r in enumerate(right)]

    found = summary([*three("a-1", True, True, False), *three("b-1", True, False, False), mark(1, 1, "a-1", True)])
    assert found.own["generality"].value == 0.5 and found.own["generality"].count == 2
    assert found.own["paraphrase"].value == 0.5 and found.own["paraphrase"].count == 6


def test_seeds_are_counted_apart_and_clustered_together():
    marks = [mark(1, 1, "a-1", True, seed=1), mark(1, 1, "a-1", False, seed=2), mark(1, 1, "b-1", True)]
    found = summary(marks)
    assert len(found.courses) == 3 and found.own["efficacy"].count == 3


def test_locality_is_of_neighbours_that_were_right_before():
    def neighbour(after, question, correct, answer="It is green."):
        return mark(after, 0, question, correct, metric="neighbour", answer=answer)

    marks = [
        neighbour(0, "ferry colour?", True),
        neighbour(0, "not ferry?", False, "57 cabins."),
        neighbour(1, "ferry colour?", True, "It is green. And big."),
        neighbour(1, "not ferry?", True, "58 cabins."),
        neighbour(2, "ferry colour?", False, "It is red."),
        neighbour(2, "not ferry?", True, "58 cabins."),
        mark(1, 1, "ferry-1", True),
        mark(2, 2, "ferry-2", True),
    ]
    found = summary(marks)
    assert found.nights[1]["locality"].value == 1 and found.nights[1]["locality"].count == 1
    assert found.nights[1]["same sentence"].value == 0.5
    assert found.nights[2]["locality"].value == 0.5 and found.nights[2]["locality"].count == 2
    assert found.own["locality"].count == 3
    assert found.end["locality"].value == 0 and found.end["locality"].count == 1, "only what night 0 taught"


class Lesson:
    def __init__(self, question, answer):
        self.question, self.answer = question, answer


def test_the_cause_is_the_first_thing_that_went_wrong():
    ferry = ONE.topics[0]
    wrong, right = [mark(1, 1, "ferry-1", False)], [mark(1, 1, "ferry-1", True)]
    good, other, stale = Lesson("How many?", "41 cabins."), Lesson("How many?", "Many."), Lesson("?", "36 cabins, 41.")
    back = Lesson("Which ferry has 41 cabins?", "The ferry.")

    def told(right):
        return [mark(1, 1, "ferry-1", n < right, metric="paraphrase", place=n) for n in range(3)]

    assert cause_of(ferry, 0, [], wrong) == "no lesson"
    assert cause_of(ferry, 0, [other], wrong) == "value wrong"
    assert cause_of(ferry, 0, [good, other, other], wrong) == "statement wrong"
    assert cause_of(ferry, 0, [good, stale], wrong) == "statement wrong"
    assert cause_of(ferry, 0, [good, Lesson("?", "41, not 36.")], wrong) == "statement wrong", "never taught"
    assert cause_of(ferry, 0, [good, back], wrong) == "not learned"
    assert cause_of(ferry, 0, [good], [*right, *told(1)]) == "paraphrase"
    assert cause_of(ferry, 0, [good], [*right, *told(2)]) == "none"
