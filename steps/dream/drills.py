"""Drills need no generator: they cover the sentences about which no question passed its verification.

Cloze and completion, answered with the source's own sentence: bare words as answers wreck general abilities within
40 steps (design, section 3).
"""

from dataclasses import dataclass

from steps.dream.clauses import resolved
from steps.dream.sentences import answer_spans

_CLOZES = 2


@dataclass(frozen=True)
class Drill:
    """A question about sentence number ``sentence``, and the sentence as its answer."""

    strategy: str
    sentence: int
    question: str
    answer: str


def drills(title: str, sentences: list[str], *, uncovered: set[int]) -> list[Drill]:
    """Return the drills of the ``uncovered`` sentences of a passage, at least one for each."""
    found = []
    for number in sorted(uncovered):
        text = resolved(sentences[number], title)
        for span in answer_spans(text, title=title)[:_CLOZES]:
            blank = text.replace(span, "____", 1)
            found.append(Drill("cloze", number, f"Fill in the blank about {title}: {blank}", text))
        found.append(Drill("completion", number, f"Complete this about {title}: {_beginning(text)} ...", text))
    return found


def _beginning(text: str) -> str:
    parts = text.split()
    return " ".join(parts[: max(2, (len(parts) + 1) // 2)])
