"""Whether what was said to an answer corrects it, and to what.

Mostly a correction is just what the user says next ("No, it was Olin Krann."), so its words decide: it has to open with
a word of denial, or lead to what is right, and what follows has to say something that neither question nor answer did.
A wish ("No, shorter, please") corrects no fact. The words are data by language (``phrases.yaml``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.conversation.answering import other_answer
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.value import named, new_value
from steps.kinds.document.languages import nearest_language
from steps.marking import holds
from steps.orders import is_order
from steps.sentences import content_words, names_and_numbers, sentences

MOST_WORDS = 80  # of a correction: who says more tells a story
_CLEAN = re.compile(r"^[\s,.!?:;…–—-]+")


@dataclass(frozen=True)
class Correction:
    """One answer that was corrected.

    Attributes:
        question: what was asked.
        said: what is right, in the words of whoever said so, without what only denies the answer.
        value: what of it answers the question.
        wrong: the answer that was corrected; ``old``: the value in it, if one can be told.
        language: of the question.
        alone: whether ``said`` is a sentence that is understood without the question.
        by: who said so, if it is known.
        text: all that was said to the answer.
        place: of the answer among the messages.
    """

    question: str
    said: str
    value: str
    wrong: str
    old: str | None
    language: str
    alone: bool
    by: str | None = None
    text: str = ""
    place: int | None = None


def correction(question: str, wrong: str, text: str, *, is_field: bool, spoken: str = "") -> Correction | None:
    """Return what ``text``, said to the answer ``wrong``, corrects; None if that is nothing that can be learned.

    ``is_field``: it was given as a correction, so that it need not begin as one. ``spoken``: all of the conversation,
    by which its language is told.
    """
    if is_order(text) or is_order(question) or len(text.split()) > MOST_WORDS:
        return None
    language = _language(question, spoken or f"{question} {wrong} {text}")
    known = phrases()[language]
    if not _is_question(question, known):
        return None
    denied, rest = _without_openers(text, known)
    if not rest:
        return None
    how = known["how"].match(question)
    if known["wish"].match(rest) and not (how and known["told"].match(rest)):
        return None
    said, contrasted = _told(rest, wrong, known, language)
    if not (denied or is_field or contrasted):
        said = other_answer(rest, question=question, wrong=wrong, language=language, known=known)
    if not said or said.rstrip().endswith("?") or PLACEHOLDER.search(said):
        return None
    copula = known["copula"].match(said)
    bare = said[copula.end() :].strip() if copula else said
    is_bare = bool(copula) or not known["clause"].search(bare)
    value = new_value(bare, question=question, wrong=wrong, language=language, bare=is_bare)
    if value is None or PLACEHOLDER.search(value):
        return None
    asks = known["yes_no"].match(question) and denied and not is_field
    if asks and len(said.split()) < 12 and _is_no(text, known):
        said = f"{text.split()[0].strip(' ,.!').capitalize()}, {said[:1].lower()}{said[1:]}"
    alone = (
        not known["pronoun"].match(said)
        and len(said.split()) >= 4
        and bool(content_words(said) & content_words(question))
    )
    old = named(wrong, question=question, like=value, language=language)
    return Correction(question, _sentence(said), value, wrong, old, language, alone)


def without_openers(text: str) -> str:
    """Return what follows words that deny, hedge or greet, in whatever language."""
    for known in phrases().values():
        if (rest := _without_openers(text, known)[1]) != _CLEAN.sub("", text.strip()):
            return rest
    return text


def _is_no(text: str, known: Mapping[str, Any]) -> bool:
    return re.match(r"(?:no|nein|non)\b", text, re.I) is not None


def _without_openers(text: str, known: Mapping[str, Any]) -> tuple[bool, str]:
    """What follows the words that deny an answer, and whether there were any."""
    denied, rest = False, _CLEAN.sub("", text.strip())
    while True:
        for name in ("opens", "fixes", "hedges"):
            match = known[name].match(rest)
            if match and match.end():
                denied = denied or name != "hedges"
                rest = _CLEAN.sub("", rest[match.end() :])
                break
        else:
            return denied, rest


def _language(question: str, spoken: str) -> str:
    """The language of a conversation; of a short one, that in which its question is one."""
    asks = [
        code for code, known in phrases().items() if known["asks"].match(question) or known["yes_no"].match(question)
    ]
    return asks[0] if len(asks) == 1 else nearest_language(spoken)


def _is_question(question: str, known: Mapping[str, Any]) -> bool:
    """Whether something is asked that has an answer; what is to be written, translated or drawn has none."""
    last = next(reversed(sentences(question)), question)
    if known["task"].match(last) and not known["tells"].match(last):
        return False
    return any(known[name].match(text) for name in ("asks", "yes_no", "how", "tells") for text in (question, last)) or (
        last.rstrip().endswith("?") and not known["wish"].match(last)
    )


def _told(rest: str, wrong: str, known: Mapping[str, Any], language: str) -> tuple[str, bool]:
    """The first sentence that says more than the answer did, without what is denied in it; and whether it denies so."""
    parts = [part for part in sentences(rest, language) if len(rest.split()) > 3] or [rest]
    contrasted = False
    for part in parts:
        part = _CLEAN.sub("", _without_openers(part, known)[1])
        part = re.sub(rf"[\s,;.!–—-]*(?:{known['ends'].pattern})$", "", part, flags=re.I).strip()
        kept = _without_denied(_without_past(part, known), wrong, known)
        contrasted = contrasted or kept != part
        kept = _newest(kept, wrong)
        if kept and not holds(wrong, (kept,)):
            return kept, contrasted
    return "", contrasted


def _without_past(part: str, known: Mapping[str, Any]) -> str:
    """Of "they used to be black, but now they are red" the clause that tells how it is now."""
    turn = known["turn"].search(part) if known["past"].match(part) else None
    return part[turn.end() :].strip() or part if turn else part


def _newest(part: str, wrong: str) -> str:
    """Of "it was 40, now it is 41" the clause that says something new, if the first says what the answer did."""
    clauses = re.split(r"(?:,|;|\s[–—-]\s|\.\s)\s*(?:and |but |und |aber |et |mais |y |pero )?", part)
    if len(clauses) < 2:
        return part
    fresh = [one for one in clauses if names_and_numbers(f"So {one}") - names_and_numbers(f"So {wrong}")]
    stale = [
        one for one in clauses if one not in fresh and names_and_numbers(f"So {one}") & names_and_numbers(f"So {wrong}")
    ]
    return re.sub(r"^(?:now|since then|today)\s+", "", fresh[0], flags=re.I) if len(fresh) == 1 and stale else part


def _without_denied(part: str, wrong: str, known: Mapping[str, Any]) -> str:
    """Drop ", not X" where X is what the answer said."""
    for match in re.finditer(known["instead"].pattern, part, re.I):
        rest = re.match(r"[^,;.]+", part[match.end() :])
        denied = rest.group() if rest else ""
        if denied and content_words(denied) and content_words(denied) <= content_words(wrong):
            before, after = part[: match.start()], part[match.end() + len(denied) :]
            if before.strip():
                return f"{before.rstrip(' ,;-–—')}{after}".strip()
            return _CLEAN.sub("", re.sub(r"^\s*(?:but|sondern|mais|sino)\b", "", after.lstrip(" ,;"), flags=re.I))
    return part


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "!")) else f"{text}."
