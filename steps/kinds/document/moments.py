"""Words that are true for one day: "tomorrow" is dated by the day of its page, or held back where that is not known."""

import re
from collections.abc import Callable
from datetime import date, timedelta

_MONTHS = "January February March April May June July August September October November December".split()


def _day(offset: int) -> Callable[[date], str]:
    return lambda today: _said(today + timedelta(days=offset))


def _week(offset: int) -> Callable[[date], str]:
    return lambda today: f"the week of {_said(today + timedelta(days=7 * offset - today.weekday()))}"


def _month(offset: int) -> Callable[[date], str]:
    def said(today: date) -> str:
        month = today.year * 12 + today.month - 1 + offset
        return f"{_MONTHS[month % 12]} {month // 12}"

    return said


def _said(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_WORDS: dict[str, Callable[[date], str]] = {
    "the day before yesterday|vorgestern|avant-hier|anteayer": _day(-2),
    "yesterday|last night|gestern|hier soir|ayer": _day(-1),
    "today|tonight|heute|aujourd['’]hui|hoy": _day(0),
    "the day after tomorrow|übermorgen|après-demain|pasado mañana": _day(2),
    "tomorrow|ab morgen|demain": _day(1),
    "next week|nächste Woche|la semaine prochaine|la próxima semana|la semana que viene": _week(1),
    "last week|letzte Woche|la semaine dernière|la semana pasada": _week(-1),
    "next month|nächsten Monat|le mois prochain|el próximo mes": _month(1),
    "last month|letzten Monat|le mois dernier|el mes pasado": _month(-1),
}
_MOMENT = re.compile(rf"(?<![\w'’-])(?:{'|'.join(_WORDS)})(?![\w'’-])(?! \()", re.IGNORECASE)
# What holds on any day: "if you order today, it is there tomorrow".
_HABIT = re.compile(
    r"\b(?:if|when|whenever|every|each|always|usually|order(?:s|ed)?|wenn|jede[rnms]?|immer|si|chaque|toujours|cada|siempre)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def dated(text: str, today: date | None) -> str:
    """Return ``text`` with the date behind each word such as "tomorrow", if the day it was written on is known."""
    if today is None or not _MOMENT.search(text):
        return text
    return " ".join(
        part if _HABIT.search(part) else _MOMENT.sub(lambda match: f"{match[0]} ({_when(match[0], today)})", part)
        for part in _SENTENCE.split(text)
    )


def undated(text: str) -> str | None:
    """Return a word of ``text`` that is true for one day and has no date, or None."""
    for part in _SENTENCE.split(text):
        if not _HABIT.search(part) and (found := _MOMENT.search(part)):
            return found[0].lower()
    return None


def _when(words: str, today: date) -> str:
    return next(say(today) for pattern, say in _WORDS.items() if re.fullmatch(pattern, words, re.IGNORECASE))
