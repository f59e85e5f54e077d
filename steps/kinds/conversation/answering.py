"""A reply that denies nothing and yet corrects: it answers the question itself, with another value than the answer.

"It leaves from platform 7!!", "Mirja Sond has stepped down! The new mayor is Anselm Brok.", "83 metres." What only adds
something, or tells of something else, is none: the value has to be of the kind that the answer gave, and the sentence
about what was asked, with little besides.
"""

import re
from collections.abc import Mapping
from typing import Any

from steps.kinds.chatter import chatter
from steps.kinds.conversation.bearing import has_another_subject
from steps.kinds.conversation.value import (
    begins_as_count,
    is_count,
    named,
    new_value,
    place_of,
    wants_count,
    wants_person,
)
from steps.marking import holds
from steps.sentences import content_words, names_and_numbers, sentences, stems

_ADDED = 4  # stems that such a sentence may have besides what was asked and answered: "since the tunnel opened"
_FIND = re.compile(
    r"(?:you(?:['’]ll|['’]d| can| will| would)? (?:\w+ )?find|look|on (?:les? |la )?trouve|(?:du |man )?find\w+ )",
    re.I,
)
_BARE = 4  # words: so few are a value as a whole


def other_answer(text: str, *, question: str, wrong: str, language: str, known: Mapping[str, Any]) -> str:
    """Return the sentence of ``text`` that answers ``question`` otherwise than ``wrong`` did, or "".

    Args:
        known: the words of correcting in that language (``phrases.yaml``).
    """
    if wrong.rstrip().endswith("?") or text.rstrip().endswith("?"):
        return ""
    found = [(_nearness(part, question, wrong, language, known), part) for part in sentences(text, language) or [text]]
    best, part = max(found, key=lambda one: one[0], default=(0, ""))
    return part if best > 0 else ""


def _nearness(part: str, question: str, wrong: str, language: str, known: Mapping[str, Any]) -> int:
    """How much of the question a sentence says that answers it; 0: it does not answer it."""
    besides = (
        known["adds"].search(part)
        or known["doubts"].search(part)
        or known["intends"].search(part)
        or known["wish"].match(part)
        or known["myself"].match(part)
        or chatter(part)
    )
    if besides or part.rstrip().endswith("?") or has_another_subject(part, question, known):
        return 0
    if place := place_of(part, question):
        here = stems(part) & stems(question) or _FIND.match(part) or known["pronoun"].match(part)
        return 2 if here and not stems(place) <= stems(wrong) else 0
    copula = known["copula"].match(part)
    bare = part[copula.end() :].strip() if copula else part
    is_bare = bool(copula) or len(part.split()) <= _BARE
    value = new_value(bare, question=question, wrong=wrong, language=language, bare=is_bare)
    old = named(wrong, question=question, like=value, language=language) if value else None
    if value is None or not _like(value, old, question, wrong):
        return 0
    first = part.split(",")[0] if holds(part.split(",")[0], (value,)) else part
    said = stems(first) - stems(value)
    names = names_and_numbers(first).difference(*(names_and_numbers(f"So {one}") for one in (question, wrong, value)))
    about, more = said & stems(question), said - stems(question) - stems(wrong)
    if len(more) > _ADDED or names:  # of another name it says something else
        return 0
    if len(about) >= 2 or 2 * len(about) >= len(stems(question) - stems(value)) or (about and is_count(value)):
        return 1 + len(about)
    telling = bool(names_and_numbers(f"Here {value}"))
    if known["pronoun"].match(part):
        return int(telling and not (is_count(value) and more))  # "It was built in 1902" does not tell how long it is
    return int(telling and not more and (bool(about) or (len(part.split()) <= _BARE and _is_named(value))))


def _is_named(value: str) -> bool:
    """Whether a bare value is a number or a name; all of its words bear a capital then, for the first always does."""
    return is_count(value) or all(word[:1].isupper() for word in value.split() if content_words(word))


def _like(value: str, old: str | None, question: str, wrong: str) -> bool:
    """Whether a value is of the kind that was said, or that was asked for and not said."""
    if not is_count(value):
        return not is_count(old) if old is not None else wants_person(question) and value[:1].isupper()
    if is_count(old or f"{question} {wrong}"):
        return {word for word in content_words(value) if not is_count(word)} <= content_words(f"{question} {wrong}")
    return wants_count(question) and begins_as_count(value)
