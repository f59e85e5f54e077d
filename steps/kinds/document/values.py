"""Measures, dates, names and reasons, each asked for in its place: "Rinse with cold water for how many minutes?".

A sentence or an item stays as it stands but for what is asked, so that nothing which its meaning hangs on is lost, in
whatever language. Words and question words are data, by language (``forms.yaml``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from steps.kinds.document.languages import templates
from steps.kinds.document.moments import calendars
from steps.sentences import FUNCTION_WORDS

_GROUPED = r"\d{{1,3}}(?:[{0}’' \u00a0\u202f]\d{{3}})+(?:{1}\d+)?(?![.,]?\d)"  # "1,250.5", "1.250,5"
_NUM = rf"(?:{_GROUPED.format(',', '[.]')}|{_GROUPED.format('.', ',')}|\d+(?:[.,]\d+)?)"
_VERSION = r"v?\d+\.(?:\d+\.\d+(?:-?[a-z]\w*)?|0(?!\d)(?!\s?[%°€$£\w]))"
_CODE = r"(?:[A-Z]{2,}-\d[\w.-]*|[A-Z][\w]*(?:-[A-Z][\w]*)+)"
_NAME = r"(?:[A-ZÀ-Þ]\.\s|[A-ZÀ-Þ][\w'’-]+\s)+(?:(?:de|van|von|da|del|la|der)\s)*[A-ZÀ-Þ][\w'’-]+"
_UNIT = r"(?:[kcm]?m²?|[km]?g|[cm]?l|h|min|s|[KMGT]B|k?W|V|A|px|mAh)\b"
_FUNCTION = "|".join(sorted(FUNCTION_WORDS))
_VAGUE = (
    r"(?:more|less|all|them|this|that|here|there|now|once|ever|alles?|mehr|dies\w*|plus|moins|tout|más|menos|todo)\b"
)
_WORDED = "|".join(known["values"]["numbers"] for known in templates().values())
_VALUE = rf"[€$£]?\s?\d[\d.,:]*\d|[€$£]?\s?\d|(?:{_WORDED})\b"
_OLD = (
    r"wasn't|used to be|formerly|previously|until now|not(?: on| at| by)?|no longer|instead of|rather than"
    r"|still says?(?: [^\d.;:]{1,60}?)?|nicht(?: am| um)?|statt|bisher|vorher|zuvor|steht noch|non(?: pas)?|au lieu de"
    r"|auparavant|jusqu'ici|en lugar de|antes(?: era)?|en vez de|no el|replaces?|ersetzt|remplace|sustituye"
)
_CITED = r"was|were|says?(?: [^\d.;:]{1,60}?)?|said"


def _before_value(words: str) -> re.Pattern[str]:
    """A value behind one of these words, or behind "was" in brackets or after a pause ("6 (was 5)")."""
    paused = r"(?:(?<=\()|(?<=[,;–—-]\s))(?:was|were)"
    cited = r"\([^()]{0,40}\bsays?"  # "750 km (the page says 600)"
    article = r"(?:the |der |die |den |le |la |les |el )?"
    return re.compile(rf"(?:{paused}|{cited}|\b(?:{words}))\s+{article}(?P<old>{_VALUE})", re.IGNORECASE)


OLD_VALUE = _before_value(_OLD)
"""What held before; ``CITED_VALUE``: also what something else says, where it is known that this corrects it."""
CITED_VALUE = _before_value(f"{_OLD}|{_CITED}")
_DESCRIBED = re.compile(rf"\b[Tt]he (?P<noun>(?:(?!(?:{_FUNCTION})\b)[a-z]{{3,}}\s){{1,3}})$")
MOST = 5  # values that one sentence is asked for


@dataclass(frozen=True)
class Asked:
    """A text with one of its values asked for: the question's words, and the value."""

    question: str
    value: str


@dataclass(frozen=True)
class _Words:
    """The patterns and question words of a language."""

    value: re.Pattern[str]
    person: re.Pattern[str]
    because: re.Pattern[str]
    tail: re.Pattern[str]
    condition: re.Pattern[str]
    before: re.Pattern[str]
    counted: re.Pattern[str]
    how: dict[str, str]
    numbered: list[str]
    what: str
    turned: str
    mend: list[tuple[re.Pattern[str], str]]


@cache
def _words(language: str) -> _Words:
    known: dict[str, Any] = templates()[language]["values"]
    number = rf"(?:{_NUM}|\b(?:{known['numbers']})\b)"
    many = rf"{number}(?:\s?(?:–|-|\s(?:{known['range']})\s)\s?{number})?"
    calendar = calendars()[language]
    capitals = language in ("en", "de")  # "children under 14 may enter" names no month
    month = rf"(?{'-i' if capitals else ''}:{'|'.join(calendar['months'])})\b\.?"
    hours = r"\d{1,2}\s?(?:am|pm|a\.m\.|p\.m\.|Uhr|h)\b(?:\s?\d\d\b)?"
    clock = rf"\d{{1,2}}:\d\d(?:\s?(?:am|pm|Uhr|h))?\b|\d{{1,2}}\.\d\d\s?(?:am|pm|Uhr|h)\b|{hours}"
    first = rf"\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?(?:\sde)?\s{month}"
    behind = rf"|{month}\s\d{{1,2}}(?:st|nd|rd|th)?\b" if language == "en" else ""  # "Jan 12" is no German date
    day = rf"(?:{first}{behind})(?:,?(?:\sde)?\s\d{{4}})?"
    weekdays = "|".join(short for word in calendar["weekdays"] for short in (word, word[:3], word[:2]))
    kinds = [
        rf"(?P<date>\d{{4}}-\d\d-\d\d|\b(?:(?:{weekdays})\.?,?\s)?{day})",
        rf"(?P<month>\b{month}\s\d{{4}})",
        r"(?P<day>\bthe\s\d{1,2}(?:st|nd|rd|th)\b)",
        rf"(?P<weekday>\b(?:{'|'.join(calendar['weekdays'])})\b)",
        rf"(?P<age>{many}\s(?:{known['age']}))",
        rf"(?P<money>[€$£]\s?{many}|{many}\s?(?:€|\$|£|\b(?:{known['money']}|EUR|USD|GBP|CHF)\b))",
        rf"(?P<percent>{many}\s?(?:%|\b(?:{known['percent']})\b))",
        rf"(?P<degrees>{many}\s?(?:°\s?[CF]?|\b(?:{known['degrees']})\b(?:\sCelsius|\sFahrenheit)?))",
        rf"(?P<time>\b(?:{clock}|\d{{1,2}}(?=\s?(?:[–-]|(?:{known['range']})\s)\s?(?:{clock})))(?:\s?(?:–|-|{known['range']})\s?(?:{clock}))?)",
        rf"(?P<which>\b(?:(?i:the)\s)?(?:{_either(known['numbered'])})\s(?:{_CODE}|v?\d+(?:\.\d+)*[a-z]?|[A-Z]\d*(?:[.-]\d+)*)(?![\w-]|\.\d))",
        rf"(?P<versions>\b{_VERSION}\s?(?:–|-|(?:{known['range']}))\s?{_VERSION}\b)",
        rf"(?P<version>\b{_VERSION}\b|(?:(?<=\bsince\s)|(?<=\bseit\s)|(?<=\bdepuis\s)|(?<=\bdesde\s))\d+\.\d+(?![\d.]*\d|\s?\w))",
        r"(?P<path>(?<![\w/:.])[~.]?/[\w.-]+(?:/[\w.{}-]+)*/?)",
        r"(?P<quoted>[\"“„«]\s?[^\"”“»]{2,40}\s?[\"”“»]|(?<![\w:./-])(?:\w+::)*[a-z]+(?:_[a-z0-9]*)+)",
        rf"(?P<named>\b(?!(?:{_FUNCTION})\b)[a-z]{{3,}}\s[A-Z]{{1,4}}\d+(?:\s(?:{known['range']})\s[A-Z]{{1,4}}\d+)?\b)",
        rf"(?P<code>(?<![\w-]){_CODE}(?![\w-]))",
        r"(?P<year>(?<![\d.,-])(?:1[5-9]|20)\d\d(?![\d.,-]*\d)\b"
        rf"|(?<=\b[ie]n\s)1[0-4]\d\d(?=[,.;:)]|$|\s(?:{known['uncounted']})\b))",
        rf"(?P<often>(?<!at )\b(?:{known['often']})\b)",
        rf"(?P<share>\b(?:{known['share']})\b(?!-))",
        rf"(?P<ordinal>(?:\bthe\s|(?<=\b[dD]em\s)|(?<=\b[dD]er\s)|(?<=\b[zZ]um\s)|(?<=\b[aAiI]m\s))(?:{known['ordinals']})\b(?=\s[^\W\d]))",
        rf"(?P<what>\b(?:{known['what']})\s(?:[^,.;:()]|(?<=\bSt)\.|(?<=\bDr)\.){{3,60}})",
        rf"(?P<reference>\b(?:{known['see']})\s?\d[\d.]*|^\d+(?:\.\d+)+(?=\s))",
        rf"(?P<count>(?<![\w.,:/§#-]){many}(?!(?!{_UNIT})[\w:/]|-\d))",
    ]
    no_name = rf"(?!(?:{known['no_name']})\s)"
    names = rf"{_NAME}(?:(?:,\s{_NAME})*\s{known['and']}\s{_NAME})?"
    flags = re.IGNORECASE
    return _Words(
        value=re.compile(
            "|".join(f"(?i:{kind})" if not re.match(r"\(\?P<(?:code|which|named)>", kind) else kind for kind in kinds)
        ),
        person=re.compile(
            rf"(?P<open>\()(?P<in>{names})(?=\))"
            rf"|(?P<cue>\b(?:{known['by']})\s)(?P<by>(?:{known['role']} )?{no_name}{names})"
            rf"|(?P<does>\b{no_name}{names})(?=\s(?:{known['may']})\b)|(?P<who>[A-ZÀ-Þ][\w'’-]+)(?=,\s(?:{known['who']})\s)"
        ),
        because=re.compile(rf"(?:,|;|\s[–-])?\s\b(?:{known['because']})\b\s?(?P<why>.+)", flags),
        tail=re.compile(rf"\b(?:{known['tail']})\s(?P<tail>(?:[\w'’-]+\s){{0,3}}(?!{_VAGUE})[\w'’-]{{3,}})[.;]?$"),
        condition=re.compile(
            rf"^(?P<if>(?:{known['if']})\b[^,]{{6,120}}),\s(?P<then>.+)|^(?P<main>.+?),?\s(?P<last>(?:{known['if']})\s[^,.]{{6,120}})\.?$",
            flags,
        ),
        before=re.compile(
            rf"(?:{known['before']})\b|[\w-]+\s(?:{known['object']})\b|{known.get('led', '(?!)')}",
        ),
        counted=re.compile(rf"[-\s]?(?!(?:{known['uncounted']})\b)[^\W\d_]", flags),
        how=known["how"],
        numbered=known["numbered"].split("|"),
        what=rf"(?i:{known['what']})",
        turned=rf"(?:{known['turned']})\b",
        mend=[(re.compile(pattern), into) for pattern, into in known["mend"]],
    )


@cache
def _not_this_day() -> re.Pattern[str]:
    """A day that is named to say that it is another one: "at 14:00, not on Friday"."""
    days = "|".join(day for calendar in calendars().values() for day in calendar["weekdays"])
    denied = r"not(?: on| until| before)?|nicht(?: am| erst am)?|(?:et )?(?:non|pas)(?: le)?|(?:y )?no el"
    return re.compile(rf"(?:\(|[,;–—-]\s)(?:{denied})\s(?P<old>{days})\b", re.IGNORECASE)


def hangs_on_the_last(text: str, language: str) -> bool:
    """Whether a sentence begins with a word for what was said before ("They lapse", "Upload them")."""
    return _words(language).before.match(text) is not None


def kinds_in(text: str, language: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind of each value of a text ("date", "count", "code"), and where it begins and ends."""
    for match in _words(language).value.finditer(text):
        yield str(match.lastgroup), *match.span()


def asked_in_place(text: str, language: str) -> list[Asked]:
    """Return each value of a text asked for where it stands, but for a value that the rest of the text gives away."""
    known, found = _words(language), list[Asked]()
    if text.count("(") != text.count(")"):
        return found
    old = {match.span("old") for found_in in (OLD_VALUE, _not_this_day()) for match in found_in.finditer(text)}
    for start, end, words in [*_values(text, known), *_persons(text, known)][:MOST]:
        value = text[start:end]
        if any(begin < end and start < until for begin, until in old):
            continue  # what held before is nothing to learn
        rest = f"{text[:start]} {text[end:]}"
        if re.search(rf"(?<![\w.,]){re.escape(value.strip(' .'))}(?![\w]|[.,]\d)", rest, re.IGNORECASE):
            continue
        if words == known.how["what"] and not re.search(r"[^\W\d_]", rest):
            continue  # the value is all there is
        words += " " * text[end : end + 1].isalpha()  # "15m": how many m
        question = f"{text[:start]}{words if start else capital(words)}{text[end:]}"
        for pattern, into in known.mend:
            question = pattern.sub(into, question)
        question = capital(question) if text[:1].isupper() else question
        found.append(Asked(_closed(question), value.strip(" .")))
    if not found and (tail := known.tail.search(text)) and len(text.split()) > 4:
        start = tail.start("tail")
        found.append(Asked(_closed(f"{text[:start]}{known.how['what']}"), text[start:].rstrip(" .")))
    because = known.because.search(text)
    if because and len(because["why"].split()) > 2 and because.start() > 2:
        found.append(
            Asked(f"{text[: because.start()].rstrip(' ,;.:')}: {known.how['why']}", because["why"].rstrip(" ."))
        )
    return found


def condition(text: str, language: str) -> tuple[str, str] | None:
    """Return the condition of a sentence ("if the light is red") and what holds under it, or None."""
    found = _words(language).condition.match(text)
    if not found:
        return None
    condition, then = (found["if"], found["then"]) if found["if"] else (found["last"], found["main"])
    return condition[:1].lower() + condition[1:], then.rstrip(" .")


def _values(text: str, known: _Words) -> Iterator[tuple[int, int, str]]:
    for match in known.value.finditer(text):
        kind, value = str(match.lastgroup), match[0]
        start, end = match.span()
        named = re.search(r"\s[A-Z]\w*\s$", text[:start]) and value.isdigit()  # "the Orbit 14" is its name
        if kind == "count" and (named or value in ("1", "one") or not re.search(r"[^\W\d_]", text)):
            continue
        if kind == "count" and re.search(r"\d[^\d.,]+\d", value) and re.match(r"\s?[;.,]", text[end:]):
            continue  # "accepted 4 to 1;" is no number of anything
        if kind == "which":
            noun = next(word for word in known.numbered if word.lower() == value.split()[-2].lower())
            yield start, end, known.how["which"].format(noun=noun)
        elif kind == "named":
            yield start, end, known.how["which"].format(noun=value.split()[0])
        elif kind == "code":
            stem = re.match(r"[A-Z]{2,}(?=-\d)", value)  # "ADR-0031" is asked for as "which ADR"
            described = _DESCRIBED.search(text[:start]) if stem else None
            if described:  # "the receipt printer TP-20" is asked for as "which receipt printer"
                yield described.start(), end, known.how["which"].format(noun=described["noun"].rstrip())
            elif stem:
                yield start, end, known.how["which"].format(noun=stem[0])
        elif kind == "what":
            cue = re.match(known.what, match[0])
            assert cue is not None
            if start == 0 and text[end : end + 1] != ",":
                # "Without the flag it takes all": where the value ends cannot be told, but what else stands there can.
                within = cue.end()
                for first, last, words in _values(text[within:end], known):
                    yield first + within, last + within, words
                continue
            end -= len(match[0]) - len(match[0].rstrip())
            yield start + cue.end() + 1, end, known.how["what"]
            turned = re.match(known.turned, cue[0], re.IGNORECASE) and text.rstrip(" .").endswith(match[0])
            if turned and 1 < len(text[:start].split()) < 6:
                yield 0, start - 1, known.how["what"]
        elif kind == "reference" or (kind == "time" and not re.search(r"[:hUap]", value)):
            continue
        elif kind == "count" and not known.counted.match(text[end:]):
            yield start, end, known.how["what" if re.search(r"[.,]", value) else "number"]
        else:
            several = kind == "time" and re.search(r"\d.*[^\w:.].*\d", value)
            angle = kind == "degrees" and not re.search(r"°\s?[CF]$|Celsius|Fahrenheit", value)
            kind = "what" if kind == "quoted" else "times" if several else "angle" if angle else kind
            yield start, end, known.how[kind]


def _either(words: str) -> str:
    """Words for a pattern, with and without a capital."""
    return "|".join(f"[{word[0].upper()}{word[0].lower()}]{word[1:]}" for word in words.split("|"))


def _persons(text: str, known: _Words) -> Iterator[tuple[int, int, str]]:
    for match in known.person.finditer(text):
        group = next(name for name in ("in", "by", "does", "who") if match[name])
        start, end = match.span(group)
        yield start, end, f"{known.how['who']}?" if group == "in" else known.how["who"]


def capital(words: str) -> str:
    """Return words as they begin a sentence."""
    return words[:1].upper() + words[1:]


def _closed(question: str) -> str:
    return f"{' '.join(question.split()).rstrip(' .;:,!')}?"
