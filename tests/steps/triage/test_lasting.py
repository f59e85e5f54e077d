"""How long a statement holds."""

from datetime import date

import pytest

from steps.triage.lasting import ending

NIGHT = date(2026, 11, 24)  # a Tuesday
NIGHT_OF_MARCH = date(2026, 3, 2)  # a Monday


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


LASTING = [
    "Until 31 March 2026 the fare is 4 euros, from 1 April 2026 it is 5 euros.",
    "The pool closes for good on 8 March 2026.",
    "Bis zum 31. März 2026 kostet die Fahrt 4 Euro, ab dem 1. April 2026 5 Euro.",
    "Das Bad schließt am 8. März 2026 endgültig.",
    "Until 31 March 2026 the fare is 4 euros, then 5 euros.",
    "From 1 April 2026 the fare is 5 euros; until then 4 euros.",
    "Until 30 November 2026 the fare is 4 euros, from 15 December 2026 it is 5 euros.",
    "Bis zum 30. November 2026 kostet es 4 Euro, ab dem 15. Dezember 2026 12 Euro.",
    "Jusqu'au 31 mars 2026 le billet coûte 4 euros, à partir du 1er avril 2026 il coûte 5 euros.",
    "Hasta el 31 de marzo de 2026 cuesta 4 euros, a partir del 1 de abril de 2026 cuesta 15 euros.",
    "The mill was built in March 2026.",
    "In March 2026 the bridge was opened.",
    "The new bridge opens in March 2026.",
    "The office has been in Lem since March 2026.",
    "Die Brücke wurde im März 2026 eröffnet.",
    "Im März 2026 wurde die Brücke eröffnet.",
    "The garden is open from April until the end of October.",
    "The ferry runs from Easter until autumn.",
    "Never enter while the crane is moving.",
    "He worked there until the end of March 2020.",
    "La piscina cierra definitivamente el 8 de marzo de 2026.",
    "The station closed permanently on 8 March 2026.",
    "In May 1912 the tower has two floors.",
    "It rains by night.",
    "Geöffnet Montag bis Freitag von 9 bis 17 Uhr.",
    "Der Garten ist von April bis Ende Oktober geöffnet.",
    "Use form 10/03 for leave.",
    "The book was returned by Friday.",
]


@pytest.mark.parametrize("text", LASTING)
def test_what_holds_beyond_the_days_that_it_names_has_no_end(text):
    assert ending(text, night=NIGHT_OF_MARCH, created=NIGHT_OF_MARCH) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("In March 2026 the pool is closed.", "2026-03-31"),
        ("Im März 2026 ist das Bad geschlossen.", "2026-03-31"),
        ("The pool is closed until the end of March.", "2026-03-31"),
        ("The pool is closed through 10/03/2026.", "2026-03-10"),
        ("The pool is closed until Easter.", None),
        ("Bring your badge by Friday.", "2026-03-06"),
        ("Use the stairs while the lift is being repaired.", None),
        ("Das Bad ist bis Ende März geschlossen.", "2026-03-31"),
        ("Das Bad ist bis Ostern geschlossen.", None),
        ("Bring den Ausweis bis Freitag mit.", "2026-03-06"),
        ("Bitte spätestens Freitag melden.", "2026-03-06"),
        ("Nehmt die Treppe, während der Aufzug repariert wird.", None),
        ("The pool is closed throughout March 2026.", "2026-03-31"),
        ("En mars 2026 la piscine est fermée.", "2026-03-31"),
        ("La piscine est fermée jusqu'à fin mars.", "2026-03-31"),
        ("En marzo de 2026 la piscina está cerrada.", "2026-03-31"),
        ("La piscina está cerrada hasta finales de marzo.", "2026-03-31"),
        ("The pool is closed until 8 March 2026, from 9 March it is open again.", "2026-03-08"),
        ("Hand in the form by the end of the month.", "2026-03-31"),
        ("Closed until summer.", None),
        ("During the renovation the entrance is at the back.", None),
        ("Das Bad ist im ganzen März 2026 zu.", "2026-03-31"),
        ("Während der Bauarbeiten ist der Eingang hinten.", None),
        ("Please register by tomorrow.", "2026-03-03"),
        ("Closed until March 2026.", "2026-03-31"),
        ("The pool is closed until 20/03/2026.", "2026-03-20"),
        ("The party is on 20/03/2026.", "2026-03-20"),
        ("Closed until after Christmas.", None),
        ("Register no later than Monday.", "2026-03-02"),
    ],
)
def test_what_passes_ends_though_no_day_or_a_month_says_when(text, day):
    end = ending(text, night=NIGHT_OF_MARCH, created=NIGHT_OF_MARCH)
    assert end is not None and end.until == (date.fromisoformat(day) if day else None)
