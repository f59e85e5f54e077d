"""Marking of corrections: the new value counts, unless the old one stands in its place."""

import pytest

from bench.corrections.marking import first_sentence, is_right, says, says_old


@pytest.mark.parametrize(
    ("reply", "answers", "old", "right", "back"),
    [
        ("The Marravel has 41 cabins.", ["41"], ["36"], True, False),
        ("The Marravel has 36 cabins.", ["41"], ["36"], False, True),
        ("It has 41 cabins, not 36.", ["41"], ["36"], True, False),
        ("It has 41 cabins, no longer the 36 of before.", ["41"], ["36"], True, False),
        ("It has 36 or 41 cabins.", ["41"], ["36"], False, True),
        ("It has 410 cabins.", ["41"], ["36"], False, False),
        ("I do not know.", ["41"], ["36"], False, False),
        ("The prize went to Lotte Vane.", ["Idris Malmo"], ["Lotte Vane", "Vane"], False, True),
        ("Use dune test instead of pytest.", ["dune test"], ["pytest"], True, False),
        ("Off.", ["off"], ["on", "switched on"], True, False),
        ("It is off, on all of them.", ["off"], ["on", "switched on"], True, False),
        ("On.", ["off"], ["on", "switched on"], False, True),
        ("It is switched on or off by default.", ["off"], ["on", "switched on"], False, True),
        ("No, dogs are not allowed there.", ["no", "not allowed"], ["yes", "are allowed"], True, False),
        ("Yes, they are allowed.", ["no", "not allowed"], ["yes", "are allowed"], False, True),
        ("There is no rule about that.", ["no"], ["yes"], False, False),
        ("They don't need a ticket.", ["no", "don't need"], ["yes", "need a ticket"], True, False),
        ("Smoking is not allowed.", ["allowed"], ["forbidden", "not allowed"], False, True),
        ("Smoking is allowed.", ["allowed"], ["forbidden", "not allowed"], True, False),
        ("2031-03-04", ["2031-03-04"], ["March 4, 2031"], True, False),
    ],
)
def test_value_and_old_value(reply, answers, old, right, back):
    assert is_right(reply, answers, old) is right
    assert says_old(reply, old) is back


def test_an_empty_reply_says_nothing():
    assert not says("", ["41"]) and not says("41", []) and not says_old("", ["36"])


def test_the_first_sentence():
    assert first_sentence("It is green. It was red.") == first_sentence("It is green!\nSo what?") == "it is green"
    assert first_sentence("") == ""
