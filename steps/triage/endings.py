"""Until when a sentence holds, in the languages whose words are data (``validity.yaml``): German, French, Spanish.

They are read as English is (``validity``): only days end something, and what is told of the past or of every year ends
nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from steps.kinds.document.moments import calendars
from steps.triage.days import RECENT_DAYS, day_of, end_of, end_of_month, next_weekday


@dataclass(frozen=True)
class Language:
    """The patterns of a language; ``dated``: of ends with a date; ``named``: of those that are counted from today.

    ``on``, ``range``: of days on which something takes place; ``month``: of such months with their year;
    ``until_month``: of ends with a month; ``starts``: stands before a day on which it begins.
    """

    dated: re.Pattern[str]
    term: re.Pattern[str]
    named: tuple[re.Pattern[str], ...]
    span: re.Pattern[str]
    past: re.Pattern[str]
    present: re.Pattern[str]
    recurring: re.Pattern[str]
    months: dict[str, int]
    weekdays: dict[str, int]
    numbers: dict[str, int]
    on: re.Pattern[str]
    range: re.Pattern[str]
    starts: re.Pattern[str]
    month: re.Pattern[str]
    until_month: re.Pattern[str]

    def day_of(self, match: re.Match[str], *, night: date, created: date | None) -> date | None:
        """Return the day of a match that holds a date."""
        if match["iso"]:
            try:
                return date.fromisoformat(match["iso"])
            except ValueError:
                return None
        month = self.months[match["month"].lower()] if match["month"] else int(match["number"])
        year = match["year"] or match["numeric_year"]
        return day_of(int(match["day"]), month, int(year) if year else None, night=night, created=created)


@cache
def languages() -> list[Language]:
    """Return the patterns of each language."""
    data = yaml.safe_load(Path(__file__).with_name("validity.yaml").read_text(encoding="utf-8"))
    return [_language(known, calendars()[code]) for code, known in data.items()]


def _language(known: dict[str, Any], calendar: dict[str, list[str]]) -> Language:
    months, weekdays = _numbered(calendar["months"], first=1), _numbered(calendar["weekdays"], first=0)
    numbers = {word: number for number, word in enumerate(known["numbers"], start=2)}
    words = {
        "months": _either(months),
        "weekdays": _either(weekdays),
        "weekday": f"(?:{_either(weekdays)})",
        "numbers": _either(numbers),
    }

    def pattern(text: str) -> re.Pattern[str]:
        for name, found in words.items():
            text = text.replace(f"{{{name}}}", found)
        return re.compile(rf"(?<!\w)(?:{text})(?!\w)", re.IGNORECASE)

    end, day = rf"(?:{known['until']}|{known['terms']}):? ", rf"(?:(?P<iso>\d{{4}}-\d\d-\d\d)|{known['date']})"
    return Language(
        dated=pattern(f"{end}{day}"),
        term=pattern(known["terms"]),
        named=tuple(pattern(known[name]) for name in ("day", "close", "now", "next")),
        span=pattern(known["span"]),
        past=pattern(known["past"]),
        present=pattern(known["present"]),
        recurring=pattern(known["recurring"]),
        months=months,
        weekdays=weekdays,
        numbers=numbers,
        on=pattern(f"{known['on_day']} {day}"),
        range=pattern(rf"(?<![\d.]){known['range']} ?(?!\d{{4}}-){day}"),
        starts=pattern(f"(?:{known['starts']})(?!\\w).*"),
        month=pattern(known["in_month"]),
        until_month=pattern(known["until_month"]),
    )


def month_names() -> list[str]:
    """Return the names of the months in these languages: behind "14." one of them goes on with a date."""
    return [name for known in languages() for name in known.months]


def ends(sentence: str, *, night: date, created: date | None) -> list[tuple[date, str]]:
    """Return the days on which what a sentence says ends, each with the words that say so."""
    return [
        end
        for known in languages()
        if not known.recurring.search(sentence)
        for end in _ends(sentence, known, night=night, created=created)
    ]


def _ends(sentence: str, known: Language, *, night: date, created: date | None) -> Iterator[tuple[date, str]]:
    today = created or night
    for match in known.dated.finditer(sentence):
        day = known.day_of(match, night=night, created=created)
        if day is None or tells_of_past(sentence, match, known):
            continue
        if not known.term.match(match[0]) or day >= today - timedelta(days=RECENT_DAYS):
            yield day, match[0]
    for match in known.until_month.finditer(sentence):
        year = int(match["year"]) if match["year"] else None
        is_range = not year and re.search(rf"\b(?i:{'|'.join(known.months)})\W*$", sentence[: match.start()])
        if not is_range and not tells_of_past(sentence, match, known):
            month = known.months[match["month"].lower()]
            yield end_of_month(month, year, night=night, created=created), match[0]
    for pattern in (*known.named, known.span):
        for match in pattern.finditer(sentence):
            if not tells_of_past(sentence, match, known) and (day := _counted(sentence, match, known, today)):
                yield day, match[0]


def tells_of_past(sentence: str, match: re.Match[str], known: Language) -> bool:
    """Tell whether the last verb before an end is in the past tense; if none stands before, the first behind it."""
    for clause, last in ((sentence[: match.start()], -1), (sentence[match.end() :], 0)):
        found = sorted([(m.start(), True) for m in known.past.finditer(clause)]
                       + [(m.start(), False) for m in known.present.finditer(clause)])  # fmt: skip
        if found:
            return found[last][1]
    return False


def _counted(sentence: str, match: re.Match[str], known: Language, today: date) -> date | None:
    found = {name: text.lower() for name, text in match.groupdict().items() if text}
    if "weekday" in found:
        # "Montag bis Freitag" tells when it is open, and ends nothing.
        before = sentence[: match.start()].rstrip(" ,").lower()
        between = any(before.endswith(name) for name in known.weekdays)
        return None if between else next_weekday(known.weekdays[found["weekday"]], today)
    if "count" in found:
        count = int(found["count"]) if found["count"].isdigit() else known.numbers[found["count"]]
        return today + timedelta(days=count * (7 if "weeks" in found else 1))
    if "today" in found or "tomorrow" in found:
        return today + timedelta(days="tomorrow" in found)
    unit = next(name for name in ("week", "month", "year") if name in found)
    return today + timedelta(days=7) if match.re is known.named[3] else end_of(unit, today)


def _numbered(names: list[str], *, first: int) -> dict[str, int]:
    return {name.lower(): n for n, forms in enumerate(names, start=first) for name in forms.split("|")}


def _either(words: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
