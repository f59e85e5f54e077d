"""Drills need no generator: they guarantee that every sentence of every document is dreamt about.

Cloze, completion, statement, title-to-fact and fact-to-title, answered with the source's own sentence: bare words as
answers wreck general abilities within 40 steps (design, section 3).
"""

import re
from dataclasses import dataclass

from steps.dream.sentences import answer_spans, content_words


@dataclass(frozen=True)
class Drill:
    """``sentence`` is None for the drill on the whole document."""

    strategy: str
    sentence: int | None
    question: str
    answer: str


def drills(title: str, sentences: list[str]) -> list[Drill]:
    """Return the drills of one document, at least two per sentence."""
    found = []
    for number, text in enumerate(sentences):
        for span in answer_spans(text, title=title)[:2]:
            blank = text.replace(span, "____", 1)
            found.append(Drill("cloze", number, f"Fill in the blank: {blank}", text))
        found.append(Drill("completion", number, f"Complete this sentence: {_beginning(text)} ...", text))
        found.append(Drill("statement", number, f"Tell me a fact about {title}.", text))
        masked = _without_subject(text, title)
        if masked:
            found.append(
                Drill("fact-to-title", number, f"What is this about? {masked}", f"This is about {title}. {text}")
            )
    found.append(Drill("title-to-fact", None, f"What do you know about {title}?", " ".join(sentences)))
    return found


def _beginning(text: str) -> str:
    parts = text.split()
    return " ".join(parts[: max(2, (len(parts) + 1) // 2)])


def _without_subject(text: str, title: str) -> str | None:
    """Mask the title's words, so that the fact must point back to its subject; None where nothing is left to mask."""
    masked = re.sub(
        r"(?:[Tt]he\s+)?\b(?:"
        + "|".join(re.escape(w) for w in sorted(content_words(title), key=len, reverse=True))
        + r")\b(?:'s)?",
        "___",
        text,
        flags=re.IGNORECASE,
    )
    masked = re.sub(r"___(?:\s+(?:and\s+)?___)+", "___", masked)
    return masked if masked != text and len(content_words(masked)) >= 2 else None
