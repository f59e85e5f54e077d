"""Whether a document may say otherwise than a correction, in other words or without a sentence: then a person decides.

Generous, for what is held is only late, and what is not may be wrong in everybody's answers. What a correction takes
the place of is told strictly (``steps.review.documents``).
"""

import re
from functools import cache
from pathlib import Path

import yaml

from steps.kinds.conversation.asked import numbers_another
from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.naming import ASKING, START, missing_names, names_another
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.value import is_count, named
from steps.kinds.document.languages import nearest_language
from steps.marking import holds
from steps.review.searching import Part
from steps.sentences import content_words, names_and_numbers

_ENOUGH = 0.75  # of the words that tell what is asked
_ENDING = 3  # letters
_PLAIN = 6  # words of a cell, an item or a line that may be nothing but a value
_SPLIT = re.compile(r"\s*\|\s*|:\s+|\s[–—-]\s")
_FREE = re.compile(r"\b(?:free|kostenlos|umsonst|gratis|gratuite?s?)\b", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:not|no|never|cannot|without|nobody|none|forbidden|prohibited|banned|\w+n['’]t|nicht|kein\w*|nie|niemals|ohne"
    r"|verboten|untersagt|ne|n['’]\w+|pas|jamais|interdite?s?|nunca|prohibid[oa]s?|sin)\b",
    re.IGNORECASE,
)


def may_contradict(one: Correction, part: Part) -> bool:
    """Whether a part may answer the question otherwise than the correction does."""
    asked = _asked(one)
    shared = _said(asked - {_family(name) for name in missing_names(one.question, part.said)}, part.said)
    if not shared or len(shared) < _ENOUGH * len(asked) or numbers_another(part.said, one.question):
        return False
    plain = asked - _names(one)
    if len(shared & plain) < _ENOUGH * len(plain):
        return False  # of a firm many things are told
    if _is_yes_or_no(one):  # of all that is asked, for cats are not dogs
        return len(shared) > _ENOUGH * len(asked) and bool(_DENIES.search(part.text)) != bool(
            _DENIES.search(f"{one.value} {one.said}")
        )
    if holds(part.text, (one.value,)):
        return False
    own = _said(asked, part.text)
    return any(_answers(piece, one) for piece in _pieces(part)) and bool(own or len(part.text.split()) <= _PLAIN)


def speaks_of_it(one: Correction, part: Part) -> bool:
    """Whether a part says half of what is asked besides the names: of a firm many things are told."""
    asked = _asked(one) - _names(one)
    return 2 * len(_said(asked, part.said)) >= len(asked)


def speaks_of_another(one: Correction, part: Part) -> bool:
    """Whether a part's own words name another thing in the place of one that is asked about.

    "The mayor of Kirrin is Dagny Rolf" says nothing of the mayor of Ostvale, on no page: "mayor of" stands before both.
    """
    return names_another(part.text, one.question, known=f"{one.value} {one.old or ''}")


def _is_yes_or_no(one: Correction) -> bool:
    return any(known["yes_no"].match(one.question) for known in phrases().values())


def _pieces(part: Part) -> list[str]:
    """A text, and its cells: of "depth | 12 metres" what stands behind the line."""
    return list(dict.fromkeys([*_SPLIT.split(part.text), part.text]))


def _answers(text: str, one: Correction) -> bool:
    """Whether a text gives a value that could stand in the place of the right one: "9 doors" is no time."""
    if is_count(one.value) and _FREE.search(text):
        return True  # "free" is a price
    given = named(text, question=one.question, like=one.value, language=nearest_language(text))
    if given is not None and is_count(given) and _FREE.search(one.value):
        return True
    if given is None or is_count(given) != is_count(one.value):
        return False
    if is_count(given):
        others = _units(given) - content_words(f"{one.question} {one.value}")
        return not others or bool(_units(one.value))
    return bool(names_and_numbers(f"Here {given}")) == bool(names_and_numbers(f"Here {one.value}"))


def _units(value: str) -> set[str]:
    return {word for word in content_words(value) if not is_count(word)}


def _asked(one: Correction) -> frozenset[str]:
    """What a question asks about: its telling words but for those of the right value, by their families."""
    return _families(one.question) - _families(one.value)


def _names(one: Correction) -> frozenset[str]:
    return _families(" ".join(names_and_numbers(one.question)))


def _said(asked: frozenset[str], text: str) -> frozenset[str]:
    """Which of the words that are asked about a text says, with whatever ending."""
    said = _families(text)
    return frozenset(word for word in asked if any(_is_one(word, other) for other in said))


def _families(text: str) -> frozenset[str]:
    """Its telling words, those of one family (``families.yaml``) as its first."""
    return frozenset(_family(word) for word in content_words(text) - ASKING)


def _family(word: str) -> str:
    return next((first for first, start in _starts() if word.startswith(start)), word)


def _is_one(word: str, other: str) -> bool:
    """Whether two words are one but for their endings: "open" and "opens", and not "work" and "workshop"."""
    short, long = sorted((word, other), key=len)
    if len(short) > START:
        return short[: START + 1] == long[: START + 1]
    return long == short or (len(short) == START and long.startswith(short) and len(long) <= START + _ENDING)


@cache
def _starts() -> list[tuple[str, str]]:
    read = yaml.safe_load(Path(__file__).with_name("families.yaml").read_text(encoding="utf-8"))
    return [(family[0], start) for family in read for start in family]
