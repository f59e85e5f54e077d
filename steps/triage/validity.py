"""Until when a text holds: 'until 14 December', 'valid through 2026-12-14', 'this week', 'for a fortnight'.

Only days are read: 'until 9 pm' and 'until 1912' end nothing. A sentence that tells of the past ('it stood until
14 March 1912') or of every year ('each season from 1 April until 31 October') has no end of validity. Of other
languages than English, ``endings`` reads them.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from steps.triage.days import RECENT_DAYS, day_of, end_of, end_of_month, next_weekday
from steps.triage.endings import ends as ends_elsewhere
from steps.triage.endings import month_names

# "14. Dezember" is one date: after an ordinal no month begins a sentence.
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-ZÀ-Þ0-9])"
    rf"(?!(?<=\b\d\.\s)(?i:{'|'.join(month_names())})\b)(?!(?<=\b\d\d\.\s)(?i:{'|'.join(month_names())})\b)|\n+"
)
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_NUMBERS = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
    "fourteen": 14,
}

_MONTH = rf"(?P<month{{0}}>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?"
_DAY = r"(?P<day{0}>\d{{1,2}})(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?P<year{0}>\d{{4}})(?!\d))?"
DATES = (
    r"(?P<iso>\d{4}-\d{2}-\d{2})(?!\d)",
    r"(?P<dotted>\d{1,2}\.\d{1,2}\.\d{4})(?!\d)",
    r"(?P<slashed>\d{1,2}/\d{1,2}/\d{4})(?!\d)",
    rf"(?:the )?{_DAY.format(1)}(?: of)? {_MONTH.format(1)}(?!\w){_YEAR.format(1)}",
    rf"{_MONTH.format(2)} (?:the )?{_DAY.format(2)}(?![\d:.]\d|\w){_YEAR.format(2)}",
)
_WEEKDAY = rf"(?:(?:next|this|coming) )?(?:{'|'.join(WEEKDAYS)})"
_UNTIL = (
    r"\b(?:until|till|til|through|thru|valid (?:to|by)|up to|by|no later than|not later than|before"
    r"|(?:ends?|ending|expires?|expiring|closes?|closing|lapses?|finish(?:es)?)(?: on| at)?"
    r"|expir(?:y|ation)(?: date)?(?: is)?)"
    r":? (?:and including |the end of )?(?:(?:" + "|".join(calendar.day_name) + r"),? (?:the )?)?"
)
_END = re.compile(_UNTIL + f"(?:{'|'.join(DATES)})", re.IGNORECASE)
_UNTIL_DAY = re.compile(
    rf"\b(?:until|till|through|by|no later than|not later than) (?:the end of )?"
    rf"(?P<day>{_WEEKDAY}|tomorrow|tonight|today)\b",
    re.IGNORECASE,
)
_UNTIL_CLOSE = re.compile(
    r"\b(?:until|till|through|by) the end of (?:the|this) (?P<unit>week|month|year)\b", re.IGNORECASE
)
_CLOSES = rf"(?-i:(?=[A-Z]))(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b\.?"
_UNTIL_MONTH = re.compile(
    rf"\b(?:until|till|through|thru|by)(?: (?:the )?(?:end|middle|beginning|start) of|(?= \w+\.? \d{{4}}))"
    rf" {_CLOSES}(?: (?P<year>\d{{4}}))?(?! ?\d)",
    re.IGNORECASE,
)
_FROM_MONTH = re.compile(rf"\bfrom (?:\w+ ){{0,4}}(?:{'|'.join(MONTHS)})\b", re.IGNORECASE)
_NOW = re.compile(
    r"\b(?:(?:only|just) (?P<a>today|tonight|tomorrow|this weekend)|(?P<b>today|tonight|tomorrow|this weekend) only"
    r"|(?P<c>this (?:week|weekend|month)))\b",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"\bfor (?:(?P<fortnight>a fortnight|the next fortnight)|(?:the |the next |the coming |another |next )?"
    rf"(?P<count>\d{{1,3}}|{'|'.join(_NUMBERS)}) (?P<unit>days?|weeks?)(?P<later>(?: from (?:now|today|tomorrow))?))\b",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\bfor (?:the )?(?:next|coming) (?P<unit>week|month|few days)\b", re.IGNORECASE)
_PAST = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bbe )"
    r"\b(?:was|were|had|did|stood|ran|held|kept|led|lay|lived|ruled|became|began|went|came|took|fell|rose|sat|left|lost)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\b(?:is|are|be|being|will|shall|has|have|can|must|may|remains?|stays?|please|now)\b|'s\b|'re\b", re.I
)
_ENDS_IN_ED = re.compile(
    r"(?<=\w )(?!closed|extended|suspended|cancelled|canceled|limited|reduced|delayed|postponed|blocked|diverted"
    r"|reserved|scheduled|planned|expected|need|feed|speed|hundred)[a-z]{2,}ed\b"
)
_RECURRING = re.compile(
    r"\b(?:every (?:year|season|summer|winter|spring|autumn|week|month)|each (?:year|season|summer|winter|week|month)"
    r"|annually|yearly|seasonally|always|usually|normally|traditionally)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Validity:
    """The last day on which a text holds, the words that say so, and which share of its sentences ends."""

    until: date
    words: str
    share: float


def validity(text: str, *, night: date, created: date | None) -> Validity | None:
    """Return until when ``text`` holds, or None if it names no end. Of several ends the last one counts.

    A date without a year is the next one after ``created``; if that is not known, the next one after ``night``, unless
    there was one in the last 60 days.
    """
    found: list[tuple[date, str]] = []
    parts = [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]
    ending = 0
    for part in parts:
        ends = [] if _RECURRING.search(part) else _ends(part, night=night, created=created)
        ends += ends_elsewhere(part, night=night, created=created)
        found += ends
        ending += bool(ends)
    if not found:
        return None
    until, words = max(found)
    return Validity(until, words, ending / len(parts))


def _ends(sentence: str, *, night: date, created: date | None) -> list[tuple[date, str]]:
    today = created or night
    found: list[tuple[date, str]] = []
    for match in _END.finditer(sentence):
        if not tells_of_past(sentence[: match.start()]) and (day := day_named(match, night=night, created=created)):
            words = " ".join(match[0].lower().split())
            if words.startswith(("by:", "before:")):  # the head of a column: a term of what stands in its row
                continue
            # 'by' and 'before' set a term only to what is still to do.
            if not words.startswith(("by ", "before ")) or day >= today - timedelta(days=RECENT_DAYS):
                found.append((day, match[0]))
    if tells_of_past(sentence):
        return found
    for match in _UNTIL_MONTH.finditer(sentence):
        year = int(match["year"]) if match["year"] else None
        if year or not _FROM_MONTH.search(
            sentence[: match.start()]
        ):  # "from April until the end of October": each year
            found.append((end_of_month(MONTHS[match["month"].lower()], year, night=night, created=created), match[0]))
    for match in _UNTIL_DAY.finditer(sentence):
        found.append((_named_day(match["day"].lower(), today), match[0]))
    for pattern in (_UNTIL_CLOSE, _NEXT, _SPAN, _NOW):
        for match in pattern.finditer(sentence):
            if day := _relative(match, today):
                found.append((day, match[0]))
    return found


def tells_of_past(clause: str) -> bool:
    """Tell whether the last auxiliary of ``clause`` is in the past tense; if it has none, whether a verb in -ed is."""
    past, present = ([match.start() for match in cue.finditer(clause)] for cue in (_PAST, _PRESENT))
    if past:
        return max(past) > max(present, default=-1)
    return not present and bool(_ENDS_IN_ED.search(clause))


def day_named(match: re.Match[str], *, night: date, created: date | None) -> date | None:
    """Return the day that a match of one of ``DATES`` names, or None if there is none."""
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"])
        if match["dotted"]:
            day, month, year = map(int, match["dotted"].split("."))
            return date(year, month, day)
        if match["slashed"]:  # the day stands first or second: the next of both that is not over
            one, two, year = map(int, match["slashed"].split("/"))
            days = sorted(date(year, month, day) for day, month in ((one, two), (two, one)) if month <= 12)
            return next((day for day in days if day >= (created or night)), days[-1]) if days else None
        which = "1" if match["month1"] else "2"
        month, day = MONTHS[match[f"month{which}"].lower()], int(match[f"day{which}"])
        if match[f"year{which}"]:
            return date(int(match[f"year{which}"]), month, day)
    except ValueError:
        return None
    return day_of(day, month, None, night=night, created=created)


def _named_day(name: str, today: date) -> date:
    if name in ("today", "tonight"):
        return today
    if name == "tomorrow":
        return today + timedelta(days=1)
    return next_weekday(WEEKDAYS[name.split()[-1]], today)


def _relative(match: re.Match[str], today: date) -> date | None:
    groups = {key: value.lower() for key, value in match.groupdict().items() if value}
    if "fortnight" in groups:
        return today + timedelta(days=14)
    if "count" in groups:
        count = int(groups["count"]) if groups["count"].isdigit() else _NUMBERS[groups["count"]]
        # 'for two weeks' alone may tell how long something takes; 'for the next two weeks' is from now.
        if not re.search(r"\b(?:next|coming|another|from)\b", match[0], re.IGNORECASE):
            return None
        return today + timedelta(days=count * (7 if groups["unit"].startswith("week") else 1))
    name = next((groups[key] for key in ("a", "b", "c", "unit") if key in groups), "")
    if name in ("today", "tonight", "tomorrow"):
        return _named_day(name, today)
    if match.re is _NEXT:
        return today + timedelta(days={"week": 7, "month": 31, "few days": 7}[name])
    return end_of(next((unit for unit in ("year", "month") if name.endswith(unit)), "week"), today)
