"""Whether what was said to an answer corrects it, and to what.

Mostly a correction is just what the user says next ("No, it was Olin Krann."), so its words decide: it has to open with
a word of denial, or lead to what is right, and what follows has to say something that neither question nor answer did.
A wish ("No, shorter, please") corrects no fact. The words are data by language (``phrases.yaml``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steps.ingest.chat_parts import stands_for_no_text
from steps.ingest.redact import PLACEHOLDER
from steps.kinds.conversation.answering import other_answer
from steps.kinds.conversation.bearing import is_half, is_told
from steps.kinds.conversation.besides import all_answer
from steps.kinds.conversation.conditions import hanging
from steps.kinds.conversation.contested import contested, is_own, measures, repeats
from steps.kinds.conversation.framing import unframed
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.typed import values
from steps.kinds.conversation.value import is_count, named, new_value, wants_count, wants_person
from steps.kinds.conversation.wording import newly_said, opened, part_with, sentence
from steps.kinds.conversation.yes_no import plainly_denied, turned_round, turned_said
from steps.kinds.document.languages import nearest_language
from steps.marking import holds
from steps.orders import is_order
from steps.sentences import content_words, sentences

_SHORT = 12  # words
_BARE = 3  # words: so few are no sentence
_NO = re.compile(r"\W*no\s+(\w+)", re.IGNORECASE)
MOST_WORDS = 80  # of a correction: who says more tells a story
MOST_CHARS = 1000  # of a correction or a question, whose words may be endless
_ARTICLES = "the|our|my|a|an|der|die|das|ein|eine|unsere?|le|la|les|l|notre|el|los|las|un|una|nuestr[oa]"
_LONGEST = 6000  # characters of an answer that one value in it can be told of


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
    if max(len(text), len(question)) > MOST_CHARS or len(text.split()) > MOST_WORDS or len(wrong) > _LONGEST:
        return None
    if is_order(text) or is_order(question):
        return None
    language = _language(question, spoken or f"{question} {wrong} {text}")
    known = phrases()[language]
    if not any(_is_question(text, known) for text in (question, unframed(question))):
        return None
    denied, rest = opened(text, known)
    if not rest and not (is_field and _answers_plainly(text, known)):
        return None
    if (lead := _NO.match(text)) and lead[1].lower() in content_words(question):
        return None  # "No dogs on Sundays": whether "no" denies the answer or the dogs cannot be told
    how = known["how"].match(question)
    if known["wish"].match(rest) and not (how and known["told"].match(rest)):
        return None
    if (is_field or (not denied and wants_person(question))) and known["remarks"].match(rest) and not how:
        return None
    how_asked: dict[str, Any] = {"question": question, "wrong": wrong, "language": language}
    if known["agrees"].search(text) and not is_field:
        return None
    turned = turned_round(text, rest, question=question, wrong=wrong, denied=denied or is_field, known=known)
    if turned:
        said, value, old = turned_said(turned, rest, known, language), turned, None
    elif found := contested(text, denied=denied or is_field, known=known, **how_asked):
        said, value, old = part_with(found.value, text, wrong, known, language), found.value, found.old
    else:
        found_freely = _of_no_kind(text, rest, known, how_asked, denied=denied, is_field=is_field)
        if found_freely and re.fullmatch(r"\w+n['’]t|not|nicht|pas|kein\w*", found_freely[1], re.IGNORECASE):
            found_freely = None  # a denial alone is no value
        if found_freely is None and (no := plainly_denied(text, rest, question=question, wrong=wrong, known=known)):
            found_freely = turned_said(no, rest, known, language), no, None
        if found_freely is None:
            return None
        said, value, old = found_freely
    if old and is_half(value, old, wrong, known):
        return None
    hangs_on = hanging(value, text, f"{question} {wrong}", known)
    says_old = old is not None and holds(said, (old,)) and not holds(value, (old,))
    if hangs_on and (says_old or any(not content_words(part) <= content_words(said) for part in hangs_on)):
        return None  # what it hangs on would be lost
    if PLACEHOLDER.search(f"{question} {said} {value}") or stands_for_no_text(question):
        return None
    return Correction(question, sentence(said), value, wrong, old, language, _is_alone(said, question, known))


def _of_no_kind(
    text: str, rest: str, known: Mapping[str, Any], how_asked: Mapping[str, str], *, denied: bool, is_field: bool
) -> tuple[str, str, str | None] | None:
    """Return what a short reply says, the value in it and the one of the answer, told by its words and not by its kind.

    Args:
        rest: the reply without the words that open it.
        how_asked: question, wrong answer and language, by name.
    """
    if len(rest.split()) > _SHORT:
        return None  # a value of no kind is not told from what else is said
    question, wrong, language = how_asked["question"], how_asked["wrong"], how_asked["language"]
    said, contrasted = newly_said(rest, wrong, known, language)
    if not (denied or is_field or contrasted):
        said = other_answer(rest, known=known, **how_asked)
    if not said or said.rstrip().endswith("?"):
        return None
    copula = known["copula"].match(said)
    bare = said[copula.end() :].strip() if copula else said
    is_bare = bool(copula) or not known["clause"].search(bare)
    value = new_value(bare, bare=is_bare, **how_asked)
    if value is None or repeats(value, wrong, language):
        return None
    counts = wants_count(question) or measures(wrong, question=question, language=language)
    if counts and known["relative"].fullmatch(bare.strip(" .!")):
        return None  # "an hour later": than what?
    if wants_person(question) and re.search(r"['’]s\s", value) and "whose" not in question.lower():
        return None  # "Ann's brother"
    if not is_field and is_own(said, question, known):
        return None
    if wants_person(question) and is_count(value) and not re.search(r"[A-ZÀ-Þ]", value):
        return None  # "Who built it?" is not answered by a year
    if wants_person(question) and not names_somebody(value, bare, language):
        return None
    if not is_told(value, text, known=known, **how_asked) or not all_answer(
        value, text, known=known, denied=denied or is_field, **how_asked
    ):
        return None
    if not is_count(value) and not wants_person(question) and measures(wrong, question=question, language=language):
        return None
    return said, value, named(wrong, question=question, like=value, language=language)


def tells(comment: str) -> bool:
    """Whether a comment may say what is right: it denies, or is a sentence. "4711" may be a ticket, "1/10" a mark."""
    if len(comment) > MOST_CHARS:
        return False
    if any(known["remarks"].match(opened(comment, known)[1]) for known in phrases().values()):
        return False
    return len(comment.split()) > _BARE or any(opened(comment, known)[0] for known in phrases().values())


def names_somebody(value: str, said: str, language: str) -> bool:
    """Whether a value is a name, or somebody with an article before him: "the night guard"."""
    led = re.search(rf"\b(?:{_ARTICLES})\s+(?:[\w-]+\s+)?$", said[: max(said.find(value), 0)], re.IGNORECASE)
    if led or re.match(rf"(?:{_ARTICLES})\s", value, re.IGNORECASE) or re.search(r"[A-ZÀ-Þ]", value[1:]):
        return True
    is_word = value[:1].isupper() and len(value.split()) == 1
    return is_word or any(one.family == "name" for one in values(value, language))


def _answers_plainly(text: str, known: Mapping[str, Any]) -> bool:
    """Whether a text is nothing but the yes or no of its language: in a field "No" is an answer, and no denial."""
    return text.strip(" .!").casefold() in map(str.casefold, known["answers"])


def _is_alone(said: str, question: str, known: Mapping[str, Any]) -> bool:
    """Whether a sentence is understood without the question."""
    about = content_words(said) & content_words(question)
    return not known["pronoun"].match(said) and len(said.split()) >= 4 and bool(about)


def _language(question: str, spoken: str) -> str:
    """The language of a conversation, of those in which its question is one."""
    asks = [
        code for code, known in phrases().items() if known["asks"].match(question) or known["yes_no"].match(question)
    ]
    return nearest_language(spoken, among=asks)


def _is_question(question: str, known: Mapping[str, Any]) -> bool:
    """Whether something is asked that has an answer; what is to be written, translated or drawn has none."""
    last = next(reversed(sentences(question)), question)
    if known["task"].match(last) and not known["tells"].match(last):
        return False
    return any(known[name].match(text) for name in ("asks", "yes_no", "how", "tells") for text in (question, last)) or (
        last.rstrip().endswith("?") and not known["wish"].match(last)
    )
