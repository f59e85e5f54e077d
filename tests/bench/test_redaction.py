"""Redaction on the labelled lines: what must go goes, and what looks like it stays."""

import pytest

from bench.redaction import Found, labelled, measure, score


@pytest.fixture(scope="module")
def found():
    return measure(show=False)


def test_there_are_enough_lines_of_both_sorts():
    lines = [line for some in labelled().values() for line in some]
    assert len(lines) >= 700 and 0.4 < sum("«" in line for line in lines) / len(lines) < 0.6


@pytest.mark.parametrize(
    ("kind", "least"),
    [("shapes and look-alikes", (0.98, 0.98)), ("prose", (0.93, 0.97)), ("prose, not looked at", (0.85, 0.95))],
)
def test_both_directions_hold(found, kind, least):
    assert found[kind].recall >= least[0] and found[kind].precision >= least[1]


def test_the_measure_sees_what_is_missed_and_what_is_wrongly_taken():
    missed, wide, wrong = Found(), Found(), Found()
    score("the password is «a1b2c3»", lambda text: text, missed)
    score("the password is «a1b2c3»", lambda text: "the [SECRET]", wide)
    score("the password is long", lambda text: "the password is [SECRET]", wrong)
    assert (missed.recall, missed.taken, wide.wrong, wrong.wrong) == (0, 0, 1, 1)
