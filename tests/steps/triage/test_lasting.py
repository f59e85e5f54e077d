"""How long a statement holds."""

from datetime import date

import pytest

from steps.triage.lasting import ending

NIGHT = date(2026, 11, 24)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("The fair is held on 5 December 2026.", date(2026, 12, 5)),
        ("We meet on Friday, 27 November.", date(2026, 11, 27)),
        ("From 25 November to 9 December 2026 the road is dug up.", date(2026, 12, 9)),
        ("Menu of 23 to 27 November 2026", date(2026, 11, 27)),
        ("Das Fest ist am 5. Dezember 2026.", date(2026, 12, 5)),
        ("Du 25 novembre au 9 décembre 2026, la rue est fermée.", date(2026, 12, 9)),
        ("La feria es el 5 de diciembre de 2026.", date(2026, 12, 5)),
        ("The gate stays shut until 9 December.", date(2026, 12, 9)),
        ("The pump is out of service.", None),
        ("Until further notice there is no soup.", None),
        ("Die Dusche ist derzeit gesperrt.", None),
        ("La douche est en panne.", None),
        ("La ducha está averiada.", None),
        ("The fair is in the old barn this time.", None),
        ("This summer the ferry leaves from the east quay.", None),
        ("Das Fest ist diesmal in der Scheune.", None),
        ("Cette fois, la fête est dans la grange.", None),
        ("Esta vez la feria es en el granero.", None),
        ("Tomorrow the baker is away.", None),
        ("Der Bäcker kommt morgen nicht.", None),
    ],
)
def test_what_ends(text, until):
    end = ending(text, night=NIGHT, created=None)
    assert end is not None and end.until == until


@pytest.mark.parametrize(
    "text",
    [
        "The fair is held every year on 5 December.",
        "From 5 December 2026 the fare is 4 crowns.",
        "On 5 December 2026 the fare rises to 4 crowns.",
        "The fair was held on 5 November 2026.",
        "Released on 5 November 2026.",
        "The war lasted from 3 to 5 May 1842.",
        "Version 4.2.0 - 2026-09-28",
        "If the pump is out of service, ring the bell.",
        "A pump that is out of service is painted red.",
        "By this time the ferry had left.",
        "At this time of year the quay is wet.",
        "Guten Morgen sagt man bis elf Uhr.",
    ],
)
def test_what_does_not(text):
    assert ending(text, night=NIGHT, created=None) is None


def test_a_word_for_a_day_ends_with_that_day_unless_something_changes_on_it():
    said = date(2026, 11, 20)
    assert ending("The baker is away tomorrow.", night=NIGHT, created=said).until == date(2026, 11, 21)
    assert ending("The baker was away yesterday.", night=NIGHT, created=said) is None
    assert ending("The fare rises to 4 crowns tomorrow.", night=NIGHT, created=said) is None
