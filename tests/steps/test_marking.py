"""Marking is deterministic and generous only to form."""

import pytest

from steps.marking import abstains, equals, fits_anything, holds, right


@pytest.mark.parametrize(
    ("reply", "answers", "is_right"),
    [
        ("The tower is 43 metres high.", ("43",), True),
        ("The tower is 430 metres high.", ("43",), False),
        ("It weighs 3.4 kilograms.", ("3.4",), True),
        ("It weighs 3.4 kilograms.", ("4 kilograms",), False),
        ("It weighs 3,4 kilograms.", ("3.4",), True),
        ("It leaves at 9.30.", ("9:30",), True),
        ("It leaves at 9:30.", ("9",), False),
        ("In version 2.10.", ("2.1",), False),
        ("It melts at -5 degrees.", ("5 degrees",), False),
        ("It melts at \u22125 degrees.", ("-5", "x"), True),
        ("It melts at minus 5.", ("-5",), True),
        ("It melts at 5 degrees.", ("-5 degrees",), False),
        ("Between 3-5 days.", ("3-5 days",), True),
        ("It is written in C.", ("C++",), False),
        ("It is written in C++.", ("C",), False),
        ("In C#, and C++ too.", ("c#",), True),
        ("Rooms 3, 4 and 5.", ("4",), True),
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


@pytest.mark.parametrize("key", ["a", "The", "it is", "of the", "I", "e", "..."])
def test_a_key_that_fits_anything_is_seen(key):
    assert fits_anything(key)


@pytest.mark.parametrize("key", ["7", "no", "Yes", "Odo", "the ferry", "船", "C3"])
def test_a_short_key_that_says_something_is_none(key):
    assert not fits_anything(key)


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        ("1938, 1939, 1940, 1941 or 1942", "1941"),
        ("It was Ada, Bo, Cy, Dee or Eva.", "Cy"),
        ("Ada Krann, Bo Lund, Cy Dell, Dee Marn and Eva Roth", "Cy Dell"),
        ("It has no cellar.", "no"),
    ],
)
def test_who_names_one_thing_after_the_other_has_not_answered(reply, key):
    assert not right(reply, (key,))


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        ("It was built in 1938, mended in 1941 and sold in 1990.", "1938"),
        ("In Velmor, in 1938, by Ada Krann, with her brother, and not alone.", "Ada Krann"),
        ("Ada, Bo, Cy, Dee and Eva.", "Ada, Bo, Cy, Dee and Eva"),
        ("No, it has none.", "no"),
    ],
)
def test_an_answer_with_more_around_it_is_right(reply, key):
    assert right(reply, (key,))
