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
        "Actions – Who: Ulla; What: order the butts; By: 1 November.",
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


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("Die Kantine ist bis zum 14. Dezember 2026 geschlossen.", date(2026, 12, 14)),
        ("Die Kantine ist bis einschließlich Montag, den 30. November geschlossen.", date(2026, 11, 30)),
        ("Die Brücke wurde beschädigt und ist bis zum 3. Januar gesperrt.", date(2027, 1, 3)),
        ("Das Angebot gilt bis 14.12.2026.", date(2026, 12, 14)),
        ("Gesperrt bis 14.12.", date(2026, 12, 14)),
        ("Bis zum 14. Dezember bleibt das Tor zu.", date(2026, 12, 14)),
        ("Anmeldung spätestens am 30. November.", date(2026, 11, 30)),
        ("Das Bad ist bis Freitag geschlossen.", date(2026, 11, 27)),
        ("Der Aufzug ist diese Woche außer Betrieb.", date(2026, 11, 22)),
        ("Das Tor bleibt für die nächsten zwei Wochen zu.", date(2026, 12, 6)),
        ("Bis Ende des Monats gilt der alte Plan.", date(2026, 11, 30)),
        ("La cantine est fermée jusqu'au 14 décembre 2026.", date(2026, 12, 14)),
        ("La cantine est fermée jusqu’au lundi 30 novembre inclus.", date(2026, 11, 30)),
        ("L'offre expire le 1er décembre.", date(2026, 12, 1)),
        ("Inscription avant le 30 novembre.", date(2026, 11, 30)),
        ("La piscine est fermée jusqu'à vendredi.", date(2026, 11, 27)),
        ("Soupe gratuite aujourd'hui seulement !", date(2026, 11, 22)),
        ("La porte reste fermée pendant les trois prochains jours.", date(2026, 11, 25)),
        ("La cantina está cerrada hasta el 14 de diciembre de 2026.", date(2026, 12, 14)),
        ("La oferta vence el lunes 30 de noviembre.", date(2026, 11, 30)),
        ("Inscripción antes del 30 de noviembre.", date(2026, 11, 30)),
        ("La piscina está cerrada hasta el viernes.", date(2026, 11, 27)),
        ("El ascensor no funciona esta semana.", date(2026, 11, 22)),
        ("La puerta está cerrada durante las próximas dos semanas.", date(2026, 12, 6)),
    ],
)
def test_texts_that_end_in_other_languages(text, until):
    assert validity(text, night=NIGHT, created=None).until == until


@pytest.mark.parametrize(
    "text",
    [
        "Die Mühle stand bis zum 14. März 1912 am Fluss.",
        "Bis zum 14. März 1912 stand dort eine Mühle.",
        "Geöffnet Montag bis Freitag von 9 bis 17 Uhr.",
        "Der Garten ist jedes Jahr bis zum 31. Oktober geöffnet.",
        "Das Museum ist bis 21 Uhr geöffnet.",
        "Von 3 bis 14 Jahren kostet es 4 Euro.",
        "Der Bau begann am 14. Dezember 2026.",
        "Le moulin était ouvert jusqu'au 14 mars 1912.",
        "Ouvert du lundi au vendredi.",
        "Le jardin est ouvert chaque année jusqu'au 31 octobre.",
        "Le musée est ouvert jusqu'à 21 heures.",
        "El molino funcionó hasta el 14 de marzo de 1912.",
        "Hasta el 14 de marzo de 1912 hubo aquí un molino.",
        "Abierto de lunes a viernes.",
        "El jardín abre cada año hasta el 31 de octubre.",
        "El museo abre hasta las 21 horas.",
        "Geschlossen bis 31. Februar.",
    ],
)
def test_texts_that_do_not_end_in_other_languages(text):
    assert validity(text, night=NIGHT, created=None) is None


def test_a_german_ordinal_ends_no_sentence():
    text = "Am 14. Dezember kommt der Prüfer. Das Tor ist bis zum 15. Dezember zu."
    assert validity(text, night=NIGHT, created=None).share == 0.5
