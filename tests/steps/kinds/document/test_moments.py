"""A word such as "tomorrow" is dated in its own language."""

from datetime import date

import pytest

from steps.kinds.document.moments import dated, undated

DAY = date(2026, 11, 30)  # a Monday


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It opens tomorrow.", "tomorrow (1 December 2026)"),
        ("It opens next week.", "next week (the week of 7 December 2026)"),
        ("It opens next month.", "next month (December 2026)"),
        ("It came last Friday.", "last Friday (27 November 2026)"),
        ("It opens next Monday.", "next Monday (7 December 2026)"),
        ("It opens this coming Friday.", "this coming Friday (4 December 2026)"),
        ("Es öffnet am nächsten Montag.", "nächsten Montag (7. Dezember 2026)"),
        ("On a ouvert vendredi dernier.", "vendredi dernier (27 novembre 2026)"),
        ("Abre el lunes que viene.", "lunes que viene (7 de diciembre de 2026)"),
        ("Heute bleibt es zu.", "Heute (30. November 2026)"),
        ("Es öffnet nächste Woche.", "nächste Woche (die Woche vom 7. Dezember 2026)"),
        ("On ouvre demain.", "demain (1er décembre 2026)"),
        ("On a ouvert le mois dernier.", "le mois dernier (octobre 2026)"),
        ("Abre pasado mañana.", "pasado mañana (2 de diciembre de 2026)"),
        ("It closes next year.", "next year (2027)"),
        ("It moves this Friday.", "this Friday (4 December 2026)"),
        ("It moved last Friday.", "last Friday (27 November 2026)"),
        ("Wir ziehen morgen um 9 Uhr um.", "morgen (1. Dezember 2026)"),
        ("On ferme cette année.", "cette année (2026)"),
        ("Cerró la semana pasada.", "la semana pasada (la semana del 23 de noviembre de 2026)"),
    ],
)
def test_a_day_is_named_in_the_language_of_its_word(text, said):
    assert said in dated(text, DAY) and undated(dated(text, DAY)) is None and undated(text)


def test_a_weekday_that_may_be_of_two_weeks_is_held_back():
    text = "It opens next Friday."
    assert dated(text, DAY) == text and undated(text) == "next friday"


def test_the_last_friday_of_every_month_is_no_day():
    for text in ("Tips are shared out on the last Friday of the month.", "Am letzten Freitag im Monat ist zu."):
        assert dated(text, DAY) == text and undated(text) is None


def test_next_friday_is_a_day_only_where_all_readers_mean_the_same():
    assert undated(dated("It is next Friday.", DAY)) == "next friday"
    assert "next Friday (11 December 2026)" in dated("It is next Friday.", date(2026, 12, 5))  # a Saturday


def test_a_greeting_names_no_day():
    assert undated("Guten Morgen, und guten morgen.") is None
