"""The values of a text, each with its kind: times, days, years, numbers with units, labels, colours, names."""

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.value import CLOCK
from steps.kinds.document.moments import calendars
from steps.kinds.document.values import kinds_in
from steps.marking import normalise
from steps.sentences import FUNCTION_WORDS

EXACT = ("time", "day", "year", "number")
"""Families that say how much or when."""
_FAMILIES = {
    "time": "time",
    **dict.fromkeys(("date", "month", "day", "weekday"), "day"),
    "year": "year",
    **dict.fromkeys(("money", "percent", "degrees", "age", "count", "share"), "number"),
    **dict.fromkeys(("which", "version", "versions", "path", "quoted", "named", "code"), "label"),
}
_LABEL = re.compile(
    r"(?<![\w-])--?[A-Za-z][\w-]*|\b(?i:Ctrl|Alt|Shift|Cmd|Strg)(?:\s?[+-]\s?\w+)+|\b[Ff]\d{1,2}\b|`[^`]+`"
    r"|\b(?!(?:Open|Go|Choose|Click|Select|Under|Use|In)\b)\w+(?: \w+)? > \w+(?: (?!and\b|to\b|then\b)\w+)?"
    r"(?: > \w+(?: (?!and\b|to\b|then\b)\w+)?)*|\b[A-Z]{1,4}[- ]?\d[\w-]*(?: \d?[A-Z]{1,3}\b)?|\b\d{1,4}[a-d]\b"
    r"|\b(?:[Tt]eam|[Gg]rade|[Cc]lass|[Gg]roup|[Vv]itamin|[Tt]ype|[Pp]lan|[Oo]ption|[Gg]ruppe|[Kk]lasse|[Tt]yp|équipe"
    r"|groupe|classe|equipo|grupo|clase|tipo) [A-Z](?![\w'’])"
)
_NAME = re.compile(
    r"(?<!\w)(?:(?:Dr|Mr|Mrs|Ms|St)\.?\s)?[A-ZÀ-Þ][\w'’-]+(?:\s(?:(?:&|and|de|la|le|los|las|von|van|den|der|del|di|da|dos|du|zu|ter|ten|bin)\s){0,3}[A-ZÀ-Þ][\w'’&-]+)*"
)
_DAY = re.compile(
    rf"\b(?:(?:{'|'.join(day for known in calendars().values() for day in known['weekdays'])})s?"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th)(?: of (?:{'|'.join(calendars()['en']['months'])}))?)\b",
    re.IGNORECASE,
)
_DOUBLE_NAME = re.compile(r"[A-ZÀ-Þ][^\W\d_A-Z]+(?:-[A-ZÀ-Þ][^\W\d_A-Z]+)+")  # "Prewitt-Cole" is no code
_SIGN = re.compile(r"^[-−–](?=\d)")
_SIGNED = re.compile(r"(?:^|[^\W\d_][,:]?\s|[,.:;!(]\s?)(?P<sign>[-−–])$")  # not of "5 -7"
_UNIT = re.compile(r"\s?(?P<unit>[%°€$£]\s?C?\b|[^\W\d_]+)")
_MEASURES = [  # units that measure the same
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"s(?:ec|ek|eg)|min|h\b|hour|day|week|month|year|stunde|tag|woche|monat|jahr|heure|jour|semaine|mois|ans?\b|hora"
        r"|día|mes|año",
        r"[mk]?g\b|kilos?\b|kilogr|gramm|grams?\b|gramos|lbs?\b|oz\b|ounces?\b|pounds?\b|pfund|tonn",
        r"[mck]?m\b|(?:kilo|centi|milli)?met(?:er|re|ro)|miles?\b|feet|foot|ft\b|inch",
        r"[mcd]?l\b|(?:milli)?lit(?:er|re|ro)|pints?\b|gallons?\b|cups?\b",
    )
]
_UNITS = [  # those that are often taken for one another
    re.compile(rf"(?:\d\s?|\b)(?:{pattern})(?![^\W\d])", re.IGNORECASE)
    for pattern in (
        "s|sec(?:ond)?s?|sek(?:unden?)?|secondes?|segundos?", "min|minutes?|minuten?|minutos?",
        "h|hours?|stunden?|heures?|horas?", "days?|tagen?|tage?|jours?|días?", "weeks?|wochen?|semaines?|semanas?",
        "months?|monaten?|monate?|mois|mes(?:es)?", "years?|jahren?|jahre?|ans?|années?|años?",
        "mm", "cm", "m|met(?:er|re|ro)s?|metern?|mètres?", "km|kilom[eè]t(?:er|re|ro)s?|kilometern?", "mi|miles?",
        "ft|feet|foot", "in|inch(?:es)?", "g|grams?|gramm|grammes?|gramos?", "kg|kilos?|kilograms?|kilogramm",
        "lbs?", "oz|ounces?", "t|tons?|tonnes?|tonnen?|toneladas?", "ml", "l|lit(?:er|re|ro)s?|litern?",
    )
]  # fmt: skip
_UNITS += [re.compile(sign, re.IGNORECASE) for sign in (r"€|\beuros?\b", r"\$|\bdollars?\b", "£", r"%|\bpercent\b")]
_HALF_DAY = re.compile(r"\b([ap])\.?m\b")


@dataclass(frozen=True)
class Value:
    """A value in a text. ``unit``: what a number counts, "" if that is not said."""

    family: str
    text: str
    start: int
    end: int
    unit: str = ""

    @property
    def key(self) -> str:
        """What values share that are the same: of a number the number alone, in digits, of weekdays the singular."""
        if self.family == "label":
            return self.text  # "-v" is not "-V"
        text = normalise(_SIGN.sub("minus ", self.text.lower().removesuffix(self.unit)))
        if self.family in EXACT:
            text = normalise(" ".join(numerals().get(word, word) for word in text.split()))
        if self.family != "number":
            text = text.replace(".", " ")  # the parts of a date or a time
        return text.removesuffix("s") if self.family == "day" else text

    def is_said_by(self, other: "Value") -> bool:
        """Whether another value says this one: the same, a range of it, its date, the time in words ("half past 7")."""
        mine, theirs = set(self.key.split()), set(other.key.split())
        if self.family == "day" and (numbers := {re.sub(r"\D", "", word) for word in mine} - {""}):
            return numbers <= {re.sub(r"\D", "", word) for word in theirs}
        if self._counts_another(other):
            return False
        return mine <= theirs or (self.family == "time" and _minutes(self.text) == _minutes(other.text) is not None)

    def _counts_another(self, other: "Value") -> bool:
        """Whether both name what they count, or the half of the day, and it is another: "5 miles", not "5 km"."""
        if self.family == "time":
            mine, theirs = ({*_HALF_DAY.findall(one.text.lower())} for one in (self, other))
        else:
            mine, theirs = ({n for n, unit in enumerate(_UNITS) if unit.search(one.text)} for one in (self, other))
        return bool(mine and theirs) and mine.isdisjoint(theirs)


@cache
def numerals() -> dict[str, str]:
    """The numbers that words of any language stand for."""
    return {word: str(number) for known in phrases().values() for word, number in known["numbers"].items()}


@cache
def _in_words(language: str) -> re.Pattern[str]:
    """Numbers of a language in words, but for one: "the same one"."""
    several = [word for word, number in phrases()[language]["numbers"].items() if number > 1]
    return re.compile(rf"\b(?:{'|'.join(several)})\b", re.IGNORECASE)


def _minutes(text: str) -> int | None:
    """Minutes after noon or midnight; None if a text is no time that can be reckoned with."""
    said = " ".join(numerals().get(word, word) for word in normalise(text).replace(".", " ").split())
    if found := re.fullmatch(r"half past (\d+)", said):
        return int(found[1]) % 12 * 60 + 30
    if found := re.fullmatch(r"halb (\d+)", said):
        return (int(found[1]) - 1) % 12 * 60 + 30
    found = re.match(r"(?:um |at )?(\d{1,2})(?: (\d\d))?\b", said)
    return int(found[1]) % 12 * 60 + int(found[2] or 0) if found else None


def values(text: str, language: str) -> list[Value]:
    """Return the values of a text in their order; of those that overlap the one whose kind is looked for first."""
    found: list[Value] = []
    for family, start, end, unit in _values(text, language):
        place = bisect(found, start, key=lambda one: one.start)
        is_free = not (place and found[place - 1].end > start) and not (place < len(found) and found[place].start < end)
        if end > start and is_free:
            if family == "number" and text[start].isdigit() and (sign := _SIGNED.search(text[:start])):
                start = sign.start("sign")
            found.insert(place, Value(family, text[start:end].strip(" .,\"'`"), start, end, unit))
    return found


def given(text: str, question: str, language: str) -> list[Value]:
    """Return the values of a text that stand not in the question already."""
    asked = {value.key for value in values(question, language)}
    return [one for one in values(text, language) if one.key not in asked]


def same_unit(one: str, other: str) -> bool:
    """Whether two units are one word, or measure the same (minutes and hours)."""
    return one[:3] == other[:3] or any(unit.match(one) and unit.match(other) for unit in _MEASURES)


def is_measure(unit: str) -> bool:
    """Whether a unit measures or pays, and counts no things; so does none at all."""
    return (
        not unit
        or not unit.isalpha()
        or any(one.match(unit) for one in _MEASURES)
        or any(one.fullmatch(unit) for one in _UNITS)
    )


def _values(text: str, language: str) -> Iterator[tuple[str, int, int, str]]:
    for match in _LABEL.finditer(text):
        yield "label", *match.span(), ""
    for match in CLOCK.finditer(text):
        yield "time", *match.span(), ""
    for match in _DAY.finditer(text):
        yield "day", *match.span(), ""
    for kind, start, end in kinds_in(text, language):
        family = None if _DOUBLE_NAME.fullmatch(text[start:end]) else _FAMILIES.get(kind)
        counted = _UNIT.match(text, end) if kind == "count" else None
        if counted and _is_unit(counted["unit"], language):
            yield "number", start, counted.end(), counted["unit"].lower()
        elif kind == "time" and language == "en" and (hours := re.fullmatch(r"(\d+\s?)h", text[start:end])):
            yield "number", start, start + len(hours[0]), "h"
        elif family:
            yield family, start, end, ""
    for match in _in_words(language).finditer(text):
        yield "number", *match.span(), ""
    for match in phrases()[language]["colours"].finditer(text):
        yield "colour", *match.span(), ""
    for start, end in _names(text):
        if language != "de" or " " in text[start:end]:  # in German any noun has a capital
            yield "name", start, end, ""


@cache
def _calendar_word() -> re.Pattern[str]:
    return re.compile(
        "|".join(name for known in calendars().values() for name in (*known["months"], *known["weekdays"])), re.I
    )


def _is_unit(word: str, language: str) -> bool:
    """Whether a word behind a number is what it counts: a measure, a sign, or a noun of several."""
    if word.lower() in FUNCTION_WORDS:
        return False
    plural = word[:1].isupper() if language == "de" else word.endswith("s")
    return plural or not word.isalpha() or any(unit.match(word) for unit in _MEASURES)


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Runs of capitalised words, without the small one that opens a sentence."""
    for match in _NAME.finditer(text):
        start, end = match.span()
        first, *others = match.group().split()
        opens = not text[:start].strip() or text[:start].rstrip()[-1:] in ".!?:…\n"
        stands_alone = opens and re.match(r"[.!?]*\s*$", text[end:])
        if not others and opens and not stands_alone:
            continue
        if not others and (_calendar_word().fullmatch(first) or re.match(r"I['’]", first)):
            continue
        opening = re.split(r"['’]s?$", first.lower())[0]
        is_little = opening in FUNCTION_WORDS or re.fullmatch(r"c['’](?:est|était)", opening)  # "It's", "C'est"
        if not is_little:
            yield start, end
        elif others:
            yield start + len(first) + 1, end
