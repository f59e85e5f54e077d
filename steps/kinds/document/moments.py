"""Words that are true for one day: "tomorrow" is dated by the day of its page, or held back where that is not known.

Which words those are, and how a date is written in their language, is data (``calendar.yaml``).
"""

import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Unit = Literal["days", "weeks", "months", "years", "weekdays"]
# What holds on any day: "if you order today, it is there tomorrow".
_HABIT = re.compile(
    r"\b(?:if|when|whenever|every|each|always|usually|order(?:s|ed)?|wenn|jede[rnms]?|immer|si|chaque|toujours|cada|siempre)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@cache
def calendars() -> dict[str, dict[str, Any]]:
    """Return the names of months and days, and the words for days, by language code."""
    return yaml.safe_load(Path(__file__).with_name("calendar.yaml").read_text(encoding="utf-8"))


def dated(text: str, today: date | None) -> str:
    """Return ``text`` with the date behind each word such as "tomorrow", if the day it was written on is known."""
    if today is None or not _moment().search(text):
        return text
    return " ".join(
        part if _HABIT.search(part) else _moment().sub(lambda match: _with_its_day(match[0], today), part)
        for part in _SENTENCE.split(text)
    )


def _with_its_day(words: str, today: date) -> str:
    day = _when(words, today)
    return f"{words} ({day})" if day else words


def undated(text: str) -> str | None:
    """Return a word of ``text`` that is true for one day and has no date, or None."""
    for part in _SENTENCE.split(text):
        if not _HABIT.search(part) and (found := _moment().search(part)):
            return found[0].lower()
    return None


@cache
def _words() -> list[tuple[re.Pattern[str], tuple[str, Unit, int]]]:
    """Each word with its language, and how many units it is from today."""
    return [
        (re.compile(words.replace("{day}", day), re.IGNORECASE), (language, unit, offset))
        for language, known in calendars().items()
        for day in [f"(?:{'|'.join(known['weekdays'])})"]
        for unit, found in known["moments"].items()
        for offset, words in found.items()
    ]


@cache
def _moment() -> re.Pattern[str]:
    words = "|".join(pattern.pattern for pattern, _ in _words())
    return re.compile(rf"(?<![\w'’-])(?:{words})(?![\w'’-])(?! \()", re.IGNORECASE)


def _when(words: str, today: date) -> str | None:
    """The day, week, month or year that a word means, in its language; None where readers disagree."""
    language, unit, offset = next(found for pattern, found in _words() if pattern.fullmatch(words))
    known = calendars()[language]
    if unit == "months":
        month = today.year * 12 + today.month - 1 + offset
        return known["month"].format(month=_month(known, month % 12), year=month // 12)
    if unit == "years":
        return str(today.year + offset)
    if unit == "weekdays":
        day = _day_called(words, known["weekdays"], today, offset)
        return _said(known, day) if day else None
    if unit == "weeks":
        return known["week"].format(date=_said(known, today + timedelta(days=7 * offset - today.weekday())))
    return _said(known, today + timedelta(days=offset))


def _day_called(words: str, names: list[str], today: date, offset: int) -> date | None:
    """The day that "this Friday", "next Friday" or "last Friday" is.

    "Next Friday", said on a Tuesday, is this week's to some and next week's to others, and so is no day.
    """
    number = next(n for n, name in enumerate(names) if re.search(rf"\b(?:{name})\b", words, re.IGNORECASE))
    ahead = (number - today.weekday()) % 7
    day = today + timedelta(days=ahead if offset == 0 else (ahead or 7) if offset > 0 else (ahead or 7) - 7)
    same_week = day.isocalendar()[:2] == today.isocalendar()[:2]
    return None if offset and same_week else day


def _said(known: dict[str, Any], day: date) -> str:
    number = known.get("first", day.day) if day.day == 1 else day.day
    return known["date"].format(day=number, month=_month(known, day.month - 1), year=day.year)


def _month(known: dict[str, Any], number: int) -> str:
    return known["months"][number].split("|")[0]
