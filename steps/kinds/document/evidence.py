"""What a model writer says of a passage, held against the passage: is it there, is it meant so, is it asked for there?

Rules only; a model reads the question afterwards (``instructed``). Whatever a rule cannot vouch for is refused with
its reason: a wrong fact in the weights is worse than one that is not asked for.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.document.blocks import Block
from steps.kinds.document.languages import language_of
from steps.kinds.document.written import WrittenFact
from steps.marking import fits_anything, holds
from steps.orders import is_order
from steps.sentences import STEM, content_words, names_and_numbers, stems, words

# What turns a statement round if it is lost or added: a fact has it if and only if the words that it stands on have it.
_DENIES = frozenset(
    "not no never none neither nor cannot nicht kein keine keinen keinem keiner nie niemals pas jamais aucun aucune ne "
    "nunca jamás ninguno ninguna".split()
)
_EXCEPTS = frozenset("unless except without außer ohne sauf sans salvo sin".split())
_LIMITS = re.compile(r"\b(?:(?i:only|must|nur|muss|darf|seulement|doit|peut|solo|debe|puede)|may)\b")  # May is a month
_NOT = re.compile(r"\b(?:do|does|did|is|are|was|were|has|have|had|ca|wo|would|should|could|must)n['’]t\b", re.I)
# First five letters of words that say nothing of their own, so that a sentence may be built with them.
_LIGHT = frozenset(
    "take takes lasts calle named name numbe year value kind amoun accor locat place liste given says state means "
    "defau colum page docum heißt sagt laut beträ wird wurde ist sind est sont selon appel está son según llama".split()
)
_ASKS = re.compile(r"\s*[?？؟]['\"”»)]*$")


@dataclass(frozen=True)
class Piece:
    """A piece of a page as a writer is shown it. ``said``: its words; ``about``: title and headings above it."""

    said: str
    title: str
    block: Block | None

    @property
    def about(self) -> str:
        return " – ".join((self.title, *(self.block.path if self.block else ())))

    @property
    def whole(self) -> str:
        return f"{self.about} {self.said}"


def flat(text: str) -> str:
    """Text as it is compared: one kind of blank, and compatibility forms resolved."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def fact_fault(fact: WrittenFact, piece: Piece) -> str | None:
    """Return why a fact cannot be taught as what ``piece`` says, or None."""
    if any(map(is_order, (piece.said, fact.fact, fact.answer, fact.quote))):
        return "is an order to a model"
    if any(PLACEHOLDER.search(text) for text in (fact.fact, fact.answer, fact.quote)):
        return "asks for what was redacted"
    if flat(fact.quote) not in flat(piece.said):
        return "its evidence is not in the passage"
    if fits_anything(fact.answer) or not holds(fact.quote, (fact.answer,)):
        return "its answer is not in its evidence"
    if not holds(fact.fact, (fact.answer,)):
        return "its fact does not give the answer"
    given = stems(piece.whole) | _LIGHT
    news = {word for word in content_words(fact.fact) if word[:STEM] not in given and len(word) > 3}
    if news or not names_and_numbers(fact.fact) <= set(words(piece.whole)):
        return "says more than its source"
    around = _around(fact.quote, piece)
    draws = stems(fact.fact) & (stems(piece.about) - stems(piece.said))
    if _polarity(fact.fact) != _polarity(f"{piece.about} {around}" if draws else around):
        return "turns its source round"
    return None


def question_fault(question: str, fact: WrittenFact, piece: Piece, *, others: Sequence[Piece]) -> str | None:
    """Return why a question cannot be asked about a fact of ``piece``, or None. ``others``: what the page says besides.

    It names the page or a heading above the piece, and no other piece of the page shares more of its words.
    """
    if is_order(question) or PLACEHOLDER.search(question):
        return "is an order to a model"
    if not _ASKS.search(question) or len(question.split()) < 4:
        return "not a finished question"
    if holds(question, (fact.answer,)):
        return "gives its answer away"
    if not content_words(question) & content_words(piece.about):
        return "does not name its subject"
    if not _roots(question) & (_roots(f"{fact.fact} {fact.quote}") - _roots(piece.title)):
        return "shares nothing with its fact"
    if not _names(question, others=others, piece=piece):
        return "names something that is not in the source"
    return "leads to another block" if _leads_elsewhere(question, fact.answer, piece, others) else None


def reverse_fault(question: str, fact: WrittenFact, piece: Piece, *, others: Sequence[Piece]) -> str | None:
    """Return why a question cannot be asked that the subject of a fact answers, or None."""
    if is_order(question) or PLACEHOLDER.search(question):
        return "is an order to a model"
    if fits_anything(fact.subject) or not holds(fact.fact, (fact.subject,)):
        return "its subject is not in its fact"
    if not _ASKS.search(question) or len(question.split()) < 4:
        return "not a finished question"
    own = {word[:STEM] for word in names_and_numbers(f"Here {fact.subject}")}
    if own & stems(question) or stems(fact.subject) <= stems(question):
        return "gives its answer away"
    if not stems(question) & (stems(fact.fact) - stems(fact.subject)):
        return "shares nothing with its fact"
    return None if _names(question, others=others, piece=piece) else "names something that is not in the source"


def answered(reply: str, answer: str) -> bool:
    """Whether a reply gives an answer, perhaps in fewer words: all its numbers and names, and half of its words."""
    wanted, said = content_words(answer), content_words(reply)
    named = names_and_numbers(f"Here {answer}") <= set(words(reply))
    return holds(reply, (answer,)) or (bool(wanted) and named and 2 * len(wanted & said) >= len(wanted))


def _names(question: str, *, piece: Piece, others: Sequence[Piece]) -> bool:
    """Whether all that a question names, numbers too, stands on the page; the nouns of German are no names."""
    text = " ".join(one.whole for one in (piece, *others))
    asked = question.lower() if language_of(text) == "de" else question
    return names_and_numbers(asked) - {"one"} <= set(words(text))


def _leads_elsewhere(question: str, answer: str, piece: Piece, others: Sequence[Piece]) -> bool:
    """Whether another piece, which does not hold the answer, shares more of a question's words; a row, as many."""
    asked = stems(question) - stems(piece.title)
    shared = len(asked & stems(piece.whole))
    for other in others:
        rival = len(asked & stems(other.whole))
        if (rival > shared or (rival == shared and _is_row(piece) and _is_row(other))) and not holds(
            other.said, (answer,)
        ):
            return True
    return False


def _is_row(piece: Piece) -> bool:
    return piece.block is not None and piece.block.kind == "row"


def _around(quote: str, piece: Piece) -> str:
    """The sentence that a quote stands in, of a row the cells: nothing is won by leaving out "not"."""
    said, quoted = flat(piece.said), flat(quote)
    row = _is_row(piece)
    ends = r"(?:[.!?。]|;)(?:\s|$)" if row else r"[.!?。](?:\s|$)"
    start = said.find(quoted)
    before = max((match.end() for match in re.finditer(ends, said[:start])), default=0)
    after = re.search(ends, said[start + len(quoted) :])
    end = start + len(quoted) + after.start() if after else len(said)
    hangs_on = said.split(" – ")[0] if row and " – " in said and before else ""
    return f"{hangs_on} {said[before:end]}"


def _polarity(text: str) -> tuple[bool, bool, frozenset[str]]:
    """Whether a text denies, whether it excepts, and the limits that it sets."""
    found = set(words(text))
    denies = bool(found & _DENIES or _NOT.search(text))
    return denies, bool(found & _EXCEPTS), frozenset(limit.lower() for limit in _LIMITS.findall(text))


def _roots(text: str) -> set[str]:
    return {word[:4] for word in content_words(text)}
