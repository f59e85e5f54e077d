"""Which sentences end, and when."""

from datetime import date

import pytest

from steps.triage.validity import validity

NIGHT = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("The canteen is closed until 14 December.", date(2026, 12, 14)),
        ("The canteen is closed until 14 December 2026.", date(2026, 12, 14)),
        ("The pass is valid through 2026-12-14.", date(2026, 12, 14)),
        ("The offer expires on December 14th, 2026.", date(2026, 12, 14)),
        ("The offer expires on 14.12.2026.", date(2026, 12, 14)),
        ("Register by Monday, 30 November.", date(2026, 11, 30)),
        ("The bridge was damaged and is closed until the 3rd of January.", date(2027, 1, 3)),
        ("The hall is being repaired until 14 December.", date(2026, 12, 14)),
        ("Closed until 3 November.", date(2026, 11, 3)),
        ("The lift is out of order this week.", date(2026, 11, 22)),
        ("Free soup, today only!", date(2026, 11, 22)),
        ("The east door is shut for a fortnight.", date(2026, 12, 6)),
        ("The road stays shut for the next three days.", date(2026, 11, 25)),
        ("The pool is closed until Friday.", date(2026, 11, 27)),
        ("Closed until 10 December; the annexe until 12 December.", date(2026, 12, 12)),
    ],
)
def test_texts_that_end(text, until):
    assert validity(text, night=NIGHT, created=None).until == until


@pytest.mark.parametrize(
    "text",
    [
        "It stood until 1912.",
        "The mill stood until 14 March 1912.",
        "The mill operated until 14 March 1912.",
        "The museum is open until 9 pm.",
        "The garden opens every year until 31 October.",
        "The baker worked there for two weeks.",
        "This week in 1912 the tower was finished.",
        "Construction began on 14 December 2026.",
        "The lease is signed by March Hare.",
        "Open until 31 February.",
        "",
    ],
)
def test_texts_that_do_not_end(text):
    assert validity(text, night=NIGHT, created=None) is None


def test_a_date_without_year_is_the_next_one_after_the_text_was_written():
    text = "The canteen is closed until 14 December."
    assert validity(text, night=NIGHT, created=date(2025, 12, 1)).until == date(2025, 12, 14)
    assert validity(text, night=NIGHT, created=date(2025, 12, 20)).until == date(2026, 12, 14)


def test_one_sentence_of_many_is_a_small_share():
    text = "The tower is old. " * 29 + "The lift is closed until 14 December."
    assert validity(text, night=NIGHT, created=None).share < 0.05
