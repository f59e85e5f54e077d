"""Days on which something takes place: "on 12 December 2026", "from 29 November to 20 December 2026".

What is said of such a day holds to its end. Only days that are told with their year or day of the week count, for "on
3 May" may be every year; what is told of the past, and what begins on a day, ends nothing.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from steps.triage.days import end_of_month
from steps.triage.endings import languages
from steps.triage.endings import tells_of_past as told_elsewhere
from steps.triage.validity import DATES, MONTHS, WEEKDAYS, day_named, tells_of_past

LONG_AGO = timedelta(days=366)  # what took place earlier is history, and nobody's expired notice
_DATE = rf"(?:{'|'.join(DATES)})"
_ON = re.compile(rf"\bon (?P<named>(?:{'|'.join(WEEKDAYS)}),? (?:the )?)?{_DATE}", re.IGNORECASE)
_RANGE = re.compile(
    rf"(?<![\d.])\d{{1,2}}(?:st|nd|rd|th)?(?: (?:{'|'.join(MONTHS)})\.?)?(?: \d{{4}})?\s*(?:to|–|—|-|and)\s*"
    rf"(?!\d{{4}}-){_DATE}",
    re.IGNORECASE,
)
_IN_MONTH = re.compile(
    rf"\b(?:in|during|throughout|for (?:the whole|all) of) (?P<month>{'|'.join(MONTHS)})\.? (?P<year>\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_STARTS = re.compile(
    r"\b(?:from|since|as of|start(?:s|ing)?|beg[iu]n(?:s|ning)?|opens|takes? effect|comes? into (?:force|effect)"
    r"|effective|introduced|applies|apply|valid)\b[^.]*$",
    re.IGNORECASE,
)

_REPORTED = re.compile(r"\W*(?!Need|Want|Clos|Schedul|Plann)[A-Z][a-z]+ed\b")  # "Released on 10 November 2026"


def event_days(sentence: str, *, night: date, created: date | None) -> list[tuple[date, str]]:
    """Return the last days of what a sentence says takes place, each with the words that say so."""
    found = [*_english(sentence, night, created), *_elsewhere(sentence, night, created)]
    return [(day, " ".join(words.split())) for day, words in found if day >= night - LONG_AGO]


def _english(sentence: str, night: date, created: date | None) -> Iterator[tuple[date, str]]:
    if tells_of_past(sentence) or _REPORTED.match(sentence):
        return
    for match in _IN_MONTH.finditer(sentence):
        if not _STARTS.search(sentence[: match.start()]):
            month = MONTHS[match["month"].lower()]
            yield end_of_month(month, int(match["year"]), night=night, created=created), match[0]
    for pattern in (_ON, _RANGE):
        for match in pattern.finditer(sentence):
            is_told = any(
                match[name] for name in ("iso", "dotted", "slashed", "year1", "year2")
            ) or match.groupdict().get("named")
            starts = pattern is _ON and _STARTS.search(sentence[: match.start()])
            if is_told and not starts and (day := day_named(match, night=night, created=created)):
                yield day, match[0]


def _elsewhere(sentence: str, night: date, created: date | None) -> Iterator[tuple[date, str]]:
    for known in languages():
        for match in known.month.finditer(sentence):
            if not known.starts.search(sentence[: match.start()]) and not told_elsewhere(sentence, match, known):
                month = known.months[match["month"].lower()]
                yield end_of_month(month, int(match["year"]), night=night, created=created), match[0]
        for pattern in (known.on, known.range):
            for match in pattern.finditer(sentence):
                is_told = match["iso"] or match["year"] or match["numeric_year"]
                starts = pattern is known.on and known.starts.search(sentence[: match.start()])
                if not is_told or starts or told_elsewhere(sentence, match, known):
                    continue
                if day := known.day_of(match, night=night, created=created):
                    yield day, match[0]
