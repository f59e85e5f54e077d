"""What one document of a night says that another one corrects: "not on 31 March", "the page still says 6", "(was 5)".

A document corrects another one if it names it and is not older. What it corrects is not dreamt about; what it says
instead is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from steps.kinds.document.sources import units
from steps.kinds.document.values import OLD_VALUE
from steps.records import Experience
from steps.sentences import FUNCTION_WORDS, content_words

_DECLARED = re.compile(
    r"\b(?:correct(?:ion|ed|s)?|corrigend\w+|errat\w+|out of date|amend(?:ment|ed|s)?|supersed\w+"
    r"|berichtig\w+|korrektur\w*|korrigier\w+|änderung\w*|rectifi\w+|corrección|corrige|modificación)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d.,:]*\d|\d")
_OPENING_CHARS = 800
SHARED = (
    2  # words beside the titles' that a sentence shares at least with its correction, where that names the old value
)


def corrected(experiences: Sequence[Experience]) -> dict[str, set[int]]:
    """Return by document the numbers of its parts that other documents of the night correct."""
    found: dict[str, set[int]] = {one.id: set() for one in experiences}
    for newer in experiences:
        olds = [old for old in experiences if old.id != newer.id and _names(newer, old) and not _older(newer, old)]
        if olds:
            declared = bool(_DECLARED.search(f"{newer.title} {newer.text[:_OPENING_CHARS]}"))
            said = list(_said(newer))
            for old in olds:
                apart = _stems(f"{old.title} {newer.title}")
                found[old.id] |= set(_corrected(old, said, apart, declared=declared))
    return found


def _corrected(old: Experience, said: list[str], apart: frozenset[str], *, declared: bool) -> Iterator[int]:
    for place, (text, _) in enumerate(units(old)):
        numbers = set(_NUMBER.findall(text))
        stems = _stems(text) - apart
        for correction in said if numbers else ():
            olds = {value for match in OLD_VALUE.finditer(correction) for value in _NUMBER.findall(match["old"])}
            shared = len(stems & (_stems(correction) - apart))
            told = set(_NUMBER.findall(correction))
            if (shared >= SHARED and numbers & olds) or (declared and shared > SHARED and told and numbers - told):
                yield place
                break


def _said(experience: Experience) -> Iterator[str]:
    """What a document says, block by block: a correction and what it corrects often stand in two sentences."""
    last = None
    for text, block in units(experience):
        if block is None:
            yield text
        elif block is not last and block.kind not in ("quote", "code", "aside"):
            yield f"{block.said} {block.question}"
        last = block


def _names(newer: Experience, old: Experience) -> bool:
    """Whether a document says at its beginning, or in its title, which other one it is about."""
    title = _stems(old.title)
    return bool(title) and title <= _stems(f"{newer.title} {newer.text[:_OPENING_CHARS]}")


def _older(newer: Experience, old: Experience) -> bool:
    return bool(newer.created_at and old.created_at and str(newer.created_at) < str(old.created_at))


@cache
def _stems(text: str) -> frozenset[str]:
    found = content_words(text) - FUNCTION_WORDS
    return frozenset(word[:5] for word in found if len(word) > 2 and not word[0].isdigit())
