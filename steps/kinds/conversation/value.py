"""What of a correction answers its question, and what the wrong answer said in its place."""

import re
from itertools import takewhile

from steps.kinds.document.values import asked_in_place
from steps.kinds.document.verification import COUNTS
from steps.marking import fits_anything
from steps.sentences import (
    FUNCTION_WORDS,
    NUMBER_WORDS,
    answer_spans,
    content_words,
    names_and_numbers,
    telling_words,
    words,
)

_SHORT = 6  # words: so few are a value as a whole
_SMALL = (
    "the a an at on in to by for about from now since der die das dem den des ein eine einem einer um am im seit"
    " erst le la les un une à au depuis el los las una a las al desde"
).split()
_HEDGED = frozenset(
    "about around roughly only just some nearly almost between a an etwa rund nur circa environ casi unos unas".split()
)
_LEADING = re.compile(rf"^(?:{'|'.join(_SMALL)})\s+", re.I)
_WHO = re.compile(r"\b(?:who|whom|whose|wer|wen|wem|qui|quién|quiénes)\b", re.I)
_HOW_MUCH = re.compile(
    r"\b(?:how (?:many|much|long|far|old|often)|wie ?viele?|wie (?:lange|weit|alt|oft)|combien|cuánt[oa]s?|wann|quand"
    r"|cuándo|um wie)\b",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"\b(?:costs?|price|fee|fare|when|what time|kostet|preis|coûte|prix|cuesta|precio)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|“([^”]+)”|«\s*([^»]+?)\s*»")
_MEASURE = re.compile(r"\b\d[\d.,:]*\s?(?:km/h|m/s|mph|kWh|[%€$£°]C?|[^\W\d_]+/[^\W\d_]+)")
CLOCK = re.compile(
    r"(?<![\d:.])\b(?:(?:half past|(?:a )?quarter (?:past|to)"
    r"|(?:five|ten|twenty|twenty-five|\d+)(?: minutes (?:past|to)| past|(?<!\d) to))"
    r" (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight)"
    r"|10 to [1-9]|2[05] to (?:1[0-2]|[1-9])"  # downwards: "5 to 7" is a range
    r"|halb \w+|(?:drei)?viertel (?:vor |nach )?\w+|\w+ heures et (?:demie|quart)|las \w+ y (?:media|cuarto)"
    r"|noon|midday|midnight|mitternacht|midi|minuit|mediodía|medianoche)\b",
    re.IGNORECASE,
)
_WHERE = re.compile(r"(?:where|wo|où|d['’]où|¿?(?:a |de )?dónde)\b", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(?:in|at|on|under|underneath|behind|below|above|beneath|beside|next to|near|inside|outside|opposite|between"
    r"|from|im|am|an|auf|unter|hinter|neben|über|zwischen|bei|beim|vor|dans|sur|sous|derrière|devant|chez|au|aux|à|en"
    r"|bajo|sobre|detrás|debajo|junto al?)\s+(?:de(?:l| la)? )?(?=[^\W\d])([^,;:.!?()]{3,})",
    re.IGNORECASE,
)
_FLEETING = re.compile(
    r"\s(?:this (?:time|year|week|month|season)|these days|now|nowadays|at the moment|diesmal|jetzt|momentan|cette fois"
    r"|en ce moment|esta vez|ahora)$",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-ZÀ-Þ][\w'’-]+(?:\s[A-ZÀ-Þ][\w'’-]+)+")
_DIGIT = re.compile(r"(?<![\w.,:/-])(\d)(?![\w:/%€$£°-]|[.,]\d)(?:\s([^\W\d_]+))?")
_NOT = re.compile(r"\b(?:not|never|no longer|nicht|nie|kein\w*|pas|jamais|no|nunca)\s+$", re.I)


def new_value(said: str, *, question: str, wrong: str, language: str, bare: bool) -> str | None:
    """Return what ``said`` gives as the answer to ``question`` and ``wrong`` does not; None if nothing is new in it.

    ``bare``: it may be nothing but the value.
    """
    text = said.strip(" .,;:!")
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(said)]
    found = [one for one in quoted if not content_words(one) <= content_words(question)]
    if not found and (place := place_of(text, question)):
        found = [place]
    chosen = " or " in question and len(text.split()) <= 3  # "on or off?"
    if (
        not found
        and bare
        and len(text.split()) <= _SHORT
        and (chosen or not content_words(text) & content_words(question))
    ):
        found = [_FLEETING.sub("", _unled(text))]
    if not found:
        spans = [span for span in _spans(text, question, language) if not _said(span, wrong)]
        found = sorted(spans, key=lambda span: _rank(span, question))
        found += _runs(text, question)
    if wants_person(question):
        found = [_without_apposition(one) for one in found]
    told = (_denied(one.strip(" .,;:!\"'"), text) for one in found)
    return next((one for one in told if one and not _nothing(one) and not _said(one, wrong)), None)


def place_of(said: str, question: str) -> str | None:
    """Return the place that a sentence gives to a question for one: what follows its first "in" or "behind"."""
    found = _PLACE.search(said.strip(" .!")) if _WHERE.match(question) else None
    if found is None or len(found[1].split()) > _SHORT + 2 or content_words(found[1]) <= content_words(question):
        return None
    return _unled(_FLEETING.sub("", found[1].strip()))


def wants_count(question: str) -> bool:
    """Whether a question asks for a number, a price or a time."""
    return any(asked.search(question) for asked in (COUNTS, _HOW_MUCH, _PRICE))


def wants_person(question: str) -> bool:
    """Whether a question asks for somebody."""
    return _WHO.search(question) is not None


def named(answer: str, *, question: str, like: str, language: str) -> str | None:
    """Return the value that an answer gives in the place of ``like``, if it can be told."""
    text = answer.strip(" .")
    if len(text.split()) <= _SHORT and not content_words(text) & content_words(question):
        return _unled(text) or None
    spans = [span for span in _spans(text, question, language) if is_count(span) == is_count(like)]
    telling = [span for span in spans if names_and_numbers(f"Here {span}")]
    return next(iter(sorted(telling or spans, key=lambda span: _rank(span, question))), None)


def _spans(text: str, question: str, language: str) -> list[str]:
    """What of a sentence could be asked for; its first words may be a name."""
    spans = [found.group() for found in CLOCK.finditer(text)]
    spans += [found.group() for found in _MEASURE.finditer(text)]
    spans += [one.value for one in asked_in_place(text, language)]
    spans += _NAME.findall(text)
    spans += answer_spans(text, title=question) if language == "en" else []
    fresh = [span for span in dict.fromkeys(spans) if not telling_words(span) <= telling_words(question)]
    fresh += [digit for digit in _digits(text) if digit not in words(question)]
    return [span for span in fresh if not any(_is_part(span, other) for other in fresh)]  # "14" of "14 days"


def _is_part(span: str, other: str) -> bool:
    return other.startswith(f"{span} ") or bool(CLOCK.fullmatch(other) and other.endswith(f" {span}"))


def _digits(text: str) -> list[str]:
    """Digits that stand alone and count nothing ("at 9."): they are no word that a span could be told by."""
    found = _DIGIT.findall(text)
    return list(dict.fromkeys(digit for digit, after in found if not after[:1].islower() or after in FUNCTION_WORDS))


def _rank(span: str, question: str) -> tuple[bool, bool]:
    """A span of the kind that is asked for comes first: a count, a name, or anything; a whole name before a part."""
    if COUNTS.search(question) or _HOW_MUCH.search(question):
        return not is_count(span), False
    if _WHO.search(question):
        return not span[:1].isupper() or is_count(span), sum(word[:1].isupper() for word in span.split()) < 2
    return False, False


def _runs(text: str, question: str) -> list[str]:
    """Runs of words that the question does not say, without the small ones at their ends."""
    known, runs, left = content_words(question), [], text.split()
    while left:
        run = list(takewhile(lambda word: not content_words(word) & known, left))
        left = left[len(run) + 1 :]
        while run and set(words(run[0])) <= FUNCTION_WORDS:
            run = run[1:]
        while len(run) > 1 and set(words(run[-1])) <= FUNCTION_WORDS:
            run = run[:-1]
        if 0 < len(run) <= _SHORT:
            runs.append(" ".join(run))
    return runs


def _denied(span: str, text: str) -> str:
    """A span with the "not" before it: without, it would say the opposite."""
    at = text.find(span)
    found = _NOT.search(text[:at]) if at > 0 else None
    return f"{found.group()}{span}" if found else span


def _without_apposition(value: str) -> str:
    """Of "Ida Holt, our cook" the name."""
    name, _, more = value.partition(",")
    return name if more and _NAME.fullmatch(name) and not _NAME.fullmatch(more.strip()) else value


def _unled(text: str) -> str:
    while len(text.split()) > 1 and _LEADING.match(text):
        text = _LEADING.sub("", text)
    return text


def is_count(span: str) -> bool:
    """Whether a value is a number, or holds one."""
    return any(any(c.isdigit() for c in word) or word in NUMBER_WORDS for word in words(span))


def begins_as_count(span: str) -> bool:
    """Whether a value opens with a number, a day or a time, perhaps hedged: not "founded in 1902"."""
    first = next((word for word in span.split() if word.lower() not in _HEDGED), "")
    return is_count(first) or first[:1].isupper() or CLOCK.match(span) is not None


def _said(span: str, wrong: str) -> bool:
    """Whether an answer says it already, word for word."""
    mine, theirs = (re.findall(r"\w+", text.casefold()) for text in (span, wrong))
    return bool(mine) and any(theirs[n : n + len(mine)] == mine for n in range(len(theirs)))


def _nothing(span: str) -> bool:
    return fits_anything(span) and not re.fullmatch(r"\W*(?:on|off|yes|no|in|out|up|down)\W*", span, re.I)
