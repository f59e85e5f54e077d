"""Marking is deterministic and generous only to form."""

import pytest

from steps.examine.marking import abstains, equals, holds, right


@pytest.mark.parametrize(
    ("reply", "answers", "is_right"),
    [
        ("The tower is 43 metres high.", ("43",), True),
        ("The tower is 430 metres high.", ("43",), False),
        ("It weighs 3.4 kilograms.", ("3.4",), True),
        ("There are 1,204 of them.", ("1204",), True),
        ("It was Halda BRUNMERE, the engineer.", ("brunmere",), True),
        ("", ("x",), False),
        ("anything", (), False),
        ("I don't know who that was.", (), True),
        ("The text does not mention it.", (), True),
        ("It was Pell Sandovar.", (), False),
        ("", (), False),
    ],
)
def test_right(reply, answers, is_right):
    assert right(reply, answers) is is_right


def test_exact_and_contained():
    assert equals("River.", ("river",)) and not equals("the river", ("river",))
    assert holds("3, 4, 5, 6", ("3 4 5 6",))
    assert not holds("something", ("",))


def test_curly_apostrophes_abstain():
    assert abstains("I don’t know.")
