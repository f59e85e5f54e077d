"""An answer of yes or no that is turned round: "Not any more!"."""

import re
from collections.abc import Mapping
from typing import Any

from steps.kinds.conversation.bearing import CLAUSE
from steps.kinds.conversation.wording import CLEAN, cleaned
from steps.sentences import content_words, sentences

_IS_NOT = re.compile(
    r"(?:\b(?:is|are|was|were)|['’](?:s|re))(?: not|n['’]t)(?: (?:in|on|at|a|an|the|so|very|too|really|exactly|quite))*"
    r" ([^\W\d_]+)",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:not|nicht|kein\w*|pas|no|\w+n['’]t) \w+", re.IGNORECASE)
_OFFERS = re.compile(r"\W(?:or|oder|ou|o)\W")  # "on or off?" is answered by neither yes nor no
_ALLOWED = frozenset(  # what "it is not" may be followed by, and denies the answer
    "any anymore longer always necessarily true right correct case allowed permitted possible now there here since"
    " until till after before during for by if when unless as they it that this and but or".split()
)


def turned_round(
    text: str, rest: str, *, question: str, wrong: str, denied: bool, known: Mapping[str, Any]
) -> str | None:
    """Return "No" where the answer said yes and the reply denies it, "Yes" the other way round; None if neither.

    What says "not allowed" or the like in the question's own words is an answer itself.

    Args:
        rest: the reply without the words that open it.
        known: the words of correcting in the language (``phrases.yaml``).
        denied: whether it is known already that the answer is denied.
    """
    yes, no = known["answers"]
    first = _first_word(wrong)
    if first not in (yes.casefold(), no.casefold()):
        return None
    if _OFFERS.search(question) or known["asks"].match(question):
        return None
    if _DENIES.search(rest) and content_words(rest) & content_words(question):
        return None
    if re.match(r"[^.!?]*[.!\s]*(?:[^.!?]*\?)", text) and not known["not_so"].search(text):
        return None  # "No, really?" asks
    said = _IS_NOT.search(rest)
    about = _ALLOWED | content_words(f"{question} {wrong}")
    if said is not None and said[1].lower() not in about:
        return None  # "it is not big" denies something else
    if known["intends"].search(CLAUSE.split(rest)[0]) and not known["not_so"].search(text):
        return None  # "No way, I love it!"
    if _first_word(text) == first:
        return None  # it says the same
    if not (denied or known["not_so"].search(text)):
        return None
    return no if first == yes.casefold() else yes


def plainly_denied(text: str, rest: str, *, question: str, wrong: str, known: Mapping[str, Any]) -> str | None:
    """Return "No" where the answer said yes, and the reply is no, with the question's own words denied; else None."""
    yes, no = known["answers"]
    if (_first_word(wrong), _first_word(text)) != (yes.casefold(), no.casefold()):
        return None
    about = _DENIES.search(rest) and not _DENIES.search(question) and content_words(rest) & content_words(question)
    is_one = len(CLAUSE.split(rest.strip(" .!"))) == 1 and not known["asks"].match(question)
    return no if about and is_one and not _OFFERS.search(question) else None


def turned_said(turned: str, rest: str, known: Mapping[str, Any], language: str) -> str:
    """The new answer, and what was said of it."""
    part = next(iter(sentences(rest, language)), rest)
    more = CLEAN.sub("", cleaned(part, known))
    if not more or more.casefold().startswith(turned.casefold()):
        return more or turned
    return f"{turned}, {more[:1].lower()}{more[1:]}" if len(more.split()) < 12 else turned


def _first_word(text: str) -> str:
    found = re.match(r"\W*(\w+)\b", text)
    return found[1].casefold() if found else ""
