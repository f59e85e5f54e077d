"""Sentences of a document, and in each sentence the spans that a question can ask for."""

import re
from collections.abc import Iterator
from itertools import takewhile

# A full stop ends a sentence unless it follows an initial or a common abbreviation, or stands inside a number.
_END = re.compile(
    r"(?:(?<!\b[A-Z])|(?<=°[CF])|(?<=° [CF]))(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bSt)(?<!\bMrs)(?<!\bNo)"
    r"([.!?][\"')\]]?)\s+(?=[\"'(\[]?[A-Z0-9])"
)
_NUMBER = re.compile(
    r"\b\d[\d.,:]*(?:\s?%|\s(?!in\b|on\b|at\b|and\b|of\b|to\b|by\b|for\b|from\b|the\b|a\b|with\b|or\b)[a-z]+)?"
)
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?:\s(?:of\s|the\s|de\s|and\s(?=[A-Z]))?[A-Z][\w'’-]+)*")
_BULLET = re.compile(r"^[-*•]+(?=\s)|[\s*•-]+$")
_WORD = re.compile(r"[\w'’-]+")
_LETTER = re.compile(r"(?<=\w )(?!I\b)[A-Z](?![\w'’])")
STEM = 5
FUNCTION_WORDS = frozenset(
    "a an the of in on at by for from to with and or but is are was were be been has have had it its this that "
    "these those as than then into over under after before between during when where which who whom whose what how "
    "why not against without along through about no can could may might must will would shall should do does did "
    "there their they he she his her we our you your".split()
)
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million".split()
)
_NUMBER_PHRASE = re.compile(rf"\b(?:{'|'.join(sorted(NUMBER_WORDS))})\b(?:\s[a-z]+)?", re.IGNORECASE)
_LEAD = r"\b(?:a|an|the|of|in|on|at|by|for|from|with|near|named|called)\s"
_PLAIN = rf"(?!(?:{'|'.join(sorted(FUNCTION_WORDS))})\b)[a-z][\w'’-]*"
_PHRASE = re.compile(rf"{_LEAD}(?P<phrase>{_PLAIN}(?:\s{_PLAIN})?)")


def sentences(text: str, language: str = "en") -> list[str]:
    """Split a text into sentences; line ends without punctuation (lists, headings) end one, too.

    Other languages than English have abbreviations, ordinals ("22. Dezember") and marks of their own: sentencex.
    """
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*•\d])", text):
        flat = " ".join(paragraph.split())
        if language != "en":
            found += _segmented(flat, language)
            continue
        start = 0
        for match in _END.finditer(flat):
            found.append(flat[start : match.end(1)])
            start = match.end()
        found.append(flat[start:])
    return [_BULLET.sub("", s.strip(" *•")).lstrip() for s in found if len(_WORD.findall(s)) >= 3]


def _segmented(text: str, language: str) -> list[str]:
    """Sentences by the rules of a language; a piece of one word ("M.") belongs to what follows."""
    from sentencex import segment

    found: list[str] = []
    for part in map(str.strip, segment(language, text)):
        if found and len(found[-1].split()) == 1 and found[-1].endswith("."):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found


def words(text: str) -> list[str]:
    """Lower-case words without possessive endings."""
    return [w.lower().removesuffix("'s").removesuffix("’s").strip("'’-") for w in _WORD.findall(text)]


def content_words(text: str) -> set[str]:
    """Words that carry meaning: no articles, prepositions, auxiliaries."""
    return {w for w in words(text) if w not in FUNCTION_WORDS and len(w) > 1}


def telling_words(text: str) -> set[str]:
    """Content words, and what tells things apart however short it is: the "3" of "gate 3", the "B" of "team B"."""
    figures = (word for word in words(text) if any(map(str.isdigit, word)))
    return {*content_words(text), *figures, *(letter.lower() for letter in _LETTER.findall(text))}


def stems(text: str) -> frozenset[str]:
    """The first five letters of each word that carries meaning: what is left of it whatever its ending."""
    return frozenset(word[:STEM] for word in content_words(text))


def names_and_numbers(text: str) -> set[str]:
    """Capitalised words (but for the first word of a sentence, unless it recurs) and numbers, lower-cased."""
    found = set()
    for sentence in sentences(text) or [text]:
        for match in re.finditer(r"[\w'’-]+", sentence):
            word = match.group().strip("'’-")
            if any(c.isdigit() for c in word) or (match.start() > 0 and word[:1].isupper()):
                found.update(words(word))
    return found | ({w for w in words(text) if w in NUMBER_WORDS})


def inside(phrase: str) -> str:
    """A phrase from the start of a sentence as it stands inside one."""
    return re.sub(
        r"^(The|A|An|In|On|At|Each|Every|All|Its|It|He|She|Her|His|They|Their)\b", lambda m: m.group().lower(), phrase
    )


def answer_spans(sentence: str, *, title: str) -> list[str]:
    """Spans of a sentence that a question can ask for, none part of the title: numbers, names, noun phrases.

    The rule is generous, for a question that does not fit its span is refused by its verification.
    """
    subject = content_words(title)
    spans: list[str] = []
    for span in _candidates(sentence):
        span = span.strip(" .,;:!?\"'()")
        inner = content_words(span)
        overlaps = any(inner & content_words(kept) for kept in spans)
        if inner and not inner & subject and not overlaps:
            spans.append(span)
    return spans


def _candidates(sentence: str) -> Iterator[str]:
    for match in _NUMBER.finditer(sentence):
        yield match.group()
    for match in _NUMBER_PHRASE.finditer(sentence):
        yield match.group()
    first = _WORD.search(sentence)
    for match in _NAME.finditer(sentence):
        if first is None or match.start() != first.start() or " " in match.group():
            yield match.group()
    # Runs of content words behind an article or a preposition; the last run of a sentence is nearly always one.
    for match in _PHRASE.finditer(sentence):
        yield match.group("phrase")
    backwards = reversed(list(_WORD.finditer(sentence)))
    tail = list(takewhile(lambda m: m.group().lower() not in FUNCTION_WORDS, backwards))[:2]
    if tail:
        yield sentence[tail[-1].start() :]
