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
HABIT = re.compile(
    r"\b(?:if|when|whenever|every|each|always|usually|order(?:s|ed)?|wenn|jede[rnms]?|immer|si|chaque|toujours|cada|siempre)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@cache
def calendars() -> dict[str, dict[str, Any]]:
    """Return the names of months and days, and the words for days, by language code."""
    return yaml.safe_load(Path(__file__).with_name("calendar.yaml").read_text(encoding="utf-8"))


@cache
def days_and_months() -> frozenset[str]:
    """Return the names of months and of days of the week in all languages, lower-case."""
    names = (name for known in calendars().values() for name in (*known["months"], *known["weekdays"]))
    return frozenset(form.lower() for name in names for form in name.split("|"))


def dated(text: str, today: date | None) -> str:
    """Return ``text`` with the date behind each word such as "tomorrow", if the day it was written on is known."""
    if today is None or not _moment().search(text):
        return text
    return " ".join(
        part if HABIT.search(part) else _moment().sub(lambda match: _with_date(match[0], today), part)
        for part in _SENTENCE.split(text)
    )


def _with_its_day(words: str, today: date) -> str:
    day = _when(words, today)
    return f"{words} ({day})" if day else words


def undated(text: str) -> str | None:
    """Return a word of ``text`` that is true for one day and has no date, or None."""
    for part in _SENTENCE.split(text):
        if not HABIT.search(part) and (found := _moment().search(part)):
            return found[0].lower()
    return None


def ahead(text: str, today: date) -> tuple[date, str] | None:
    """Return the last day that a word such as "tomorrow" means, said on ``today``, and the word; None if it has none.

    What is told of a day before is over, and ends nothing.
    """
    for part in _SENTENCE.split(text):
        for match in () if HABIT.search(part) else _moment(dated=True).finditer(part):
            _, unit, offset = _meaning(match[0])
            if offset >= 0:
                return _last_day(match[0], unit, offset, today), match[0].lower()
    return None


def _last_day(words: str, unit: Unit, offset: int, today: date) -> date:
    if unit == "weekdays":
        return today + timedelta(days=_days_to(words, today) % 7 + 7 * offset)
    if unit == "months":
        month = today.year * 12 + today.month - 1 + offset
        return date((month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    if unit == "years":
        return date(today.year + offset, 12, 31)
    if unit == "weeks":
        return today + timedelta(days=7 * offset + 6 - today.weekday())
    return today + timedelta(days=offset)


@cache
def _words() -> list[tuple[re.Pattern[str], tuple[str, Unit, int]]]:
    """Each word with its language, and how many units it is from today."""
    return [
        (re.compile(words.format(day="|".join(known["weekdays"])), re.IGNORECASE), (language, unit, offset))
        for language, known in calendars().items()
        for unit, found in known["moments"].items()
        for offset, words in found.items()
    ]


@cache
def _moment(*, dated: bool = False) -> re.Pattern[str]:
    """The words; ``dated``: also those that have their date behind them."""
    words = "|".join(pattern.pattern for pattern, _ in _words())
    return re.compile(rf"(?<![\w'’-])(?:{words})(?![\w'’-]){'' if dated else r'(?! [(])'}", re.IGNORECASE)


def _with_date(words: str, today: date) -> str:
    when = _when(words, today)
    return f"{words} ({when})" if when else words


def _when(words: str, today: date) -> str | None:
    """The day, week, month or year that a word means, in its language; None: of two days it may mean either."""
    language, unit, offset = _meaning(words)
    known = calendars()[language]
    if unit == "weekdays":
        away = _days_to(words, today)
        if offset * away > 0:  # "next Friday", said on a Monday
            return None
        return _said(known, today + timedelta(days=away + 7 * offset if offset else away % 7))
    if unit == "months":
        month = today.year * 12 + today.month - 1 + offset
        return known["month"].format(month=_month(known, month % 12), year=month // 12)
    if unit == "years":
        return str(today.year + offset)
    if unit == "weeks":
        return known["week"].format(date=_said(known, today + timedelta(days=7 * offset - today.weekday())))
    return _said(known, today + timedelta(days=offset))


def _meaning(words: str) -> tuple[str, Unit, int]:
    return next(found for pattern, found in _words() if pattern.fullmatch(words))


def _days_to(words: str, today: date) -> int:
    """How many days after today, in its week, the day of the week lies that words name."""
    language, _, _ = _meaning(words)
    named = [re.search(rf"\b(?:{names})\b", words, re.IGNORECASE) for names in calendars()[language]["weekdays"]]
    return next(number for number, name in enumerate(named) if name) - today.weekday()


def _said(known: dict[str, Any], day: date) -> str:
    number = known.get("first", day.day) if day.day == 1 else day.day
    return known["date"].format(day=number, month=_month(known, day.month - 1), year=day.year)


def _month(known: dict[str, Any], number: int) -> str:
    return known["months"][number].split("|")[0]
