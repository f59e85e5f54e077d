"""What one document of a night says that another one corrects: "not on 31 March", "the page still says 6", "(was 5)".

A document corrects another one if it names it and is not older. What it corrects is not dreamt about; what it says
instead is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steps.kinds.document.sources import units
from steps.kinds.document.values import CITED_VALUE
from steps.records import Experience
from steps.sentences import stems

_DECLARED = re.compile(
    r"\b(?:correct(?:ion|ed|s)?|corrigend\w+|errat\w+|out of date|amend(?:ment|ed|s)?|supersed\w+"
    r"|berichtig\w+|korrektur\w*|korrigier\w+|änderung\w*|rectifi\w+|corrección|corrige|modificación)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d.,:]*\d|\d")
_OPENING_CHARS = 800
SHARED = 2  # words beside the titles' that a sentence shares at least with a correction that names the old value


@dataclass(frozen=True)
class _Correction:
    """What one block says: its words, its numbers, and which of them held before."""

    stems: frozenset[str]
    numbers: frozenset[str]
    old: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "_Correction":
        old = (value for match in CITED_VALUE.finditer(text) for value in _NUMBER.findall(match["old"]))
        return cls(_stems(text), frozenset(_NUMBER.findall(text)), frozenset(old))


def corrected(experiences: Sequence[Experience]) -> dict[str, set[int]]:
    """Return by document the numbers of its parts that other documents of the night correct."""
    found: dict[str, set[int]] = {one.id: set() for one in experiences}
    titles = {one.id: _stems(one.title) for one in experiences}
    for newer in experiences:
        opening = f"{newer.title} {newer.text[:_OPENING_CHARS]}"
        named = _stems(opening)
        olds = [old for old in experiences if old.id != newer.id and titles[old.id] and titles[old.id] <= named]
        olds = [old for old in olds if not _older(newer, old)]
        if olds:
            declared, said = bool(_DECLARED.search(opening)), [_Correction.of(text) for text in _said(newer)]
            for old in olds:
                apart = titles[old.id] | titles[newer.id]
                found[old.id] |= set(_corrected(old, said, apart, declared=declared))
    return found


def _corrected(old: Experience, said: list[_Correction], apart: frozenset[str], *, declared: bool) -> Iterator[int]:
    for place, (text, _) in enumerate(units(old)):
        numbers, stems = set(_NUMBER.findall(text)), _stems(text) - apart
        if numbers and any(_corrects(one, numbers, len(stems & one.stems), declared=declared) for one in said):
            yield place


def _corrects(one: _Correction, numbers: set[str], shared: int, *, declared: bool) -> bool:
    named_old = shared >= SHARED and bool(numbers & one.old)
    return named_old or (declared and shared > SHARED and bool(one.numbers) and bool(numbers - one.numbers))


def _said(experience: Experience) -> Iterator[str]:
    """What a document says, block by block: a correction and what it corrects often stand in two sentences."""
    last = None
    for text, block in units(experience):
        if block is None:
            yield text
        elif block is not last and block.kind not in ("quote", "code", "aside"):
            yield f"{block.said} {block.question}"
        last = block


def _older(newer: Experience, old: Experience) -> bool:
    return bool(newer.created_at and old.created_at and str(newer.created_at) < str(old.created_at))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem for stem in stems(text) if len(stem) > 2 and not stem[0].isdigit())
