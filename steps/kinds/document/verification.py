"""Verification: is the question answered by its fact, and is the answer news?

Round trip: the model reads the fact and answers; the question is kept for whatever fact it turns out to ask for, if the
answer stands in the source. Then likelihood: without the document the answer must be less probable than with it.
"""

import re

from steps.kinds.document.clauses import Fact
from steps.model.chat import question_chat
from steps.model.chat_model import ChatModel
from steps.sentences import NUMBER_WORDS, content_words, words

COUNTS = re.compile(
    r"\b(?:how (?:many|much|long|high|old|tall|deep|wide|far|often|large|big|heavy|hot|fast)"
    r"|(?:what|which) (?:year|age|time)|number|height|length|width|depth|weight|percentage|when)\b",
    re.IGNORECASE,
)


_MANY = re.compile(r"\bhow many\s+((?:[^\W\d]+\s+){1,3})", re.IGNORECASE)


def asked_for(reading: str, *, question: str, fact: Fact, title: str) -> str | None:
    """Return what a question asks for, given what the model read in the fact, or None if that is no answer."""
    read = content_words(reading)
    known = content_words(title) | content_words(question)
    if not read or not read <= content_words(fact.statement) or not read - known:
        return None
    if any(word.isdigit() or word in NUMBER_WORDS for word in words(reading)) != bool(COUNTS.search(question)):
        return None
    if _counts_a_name(question, fact.statement):
        return None
    span = content_words(fact.span)
    return fact.span if 2 * len(read & span) >= len(span) else reading


def _counts_a_name(question: str, statement: str) -> bool:
    """Whether it asks how many there are of what only bears a number: "how many extensions" of "extension 427"."""
    counted = [word[:-1] for found in _MANY.findall(question) for word in found.split() if word.endswith("s")]
    return any(re.search(rf"\b{one}\s+(?:no\.?\s+)?\d", statement, re.IGNORECASE) for one in counted if len(one) > 2)


def supports(base: ChatModel, items: list[tuple[str, str, str]]) -> list[float]:
    """Nats per token by which the document makes an answer likelier, for (question, document, answer)."""
    opened = base.score("verifying answers, open book", [(question_chat(q, d), a) for q, d, a in items])
    closed = base.score("verifying answers, closed book", [(question_chat(q), a) for q, _, a in items])
    return [float(o.mean() - c.mean()) for o, c in zip(opened, closed, strict=True)]
