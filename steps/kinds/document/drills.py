"""Drills need no generator: cloze and completion, for facts that few questions or none ask for.

They are answered with the source's own statement: bare words as answers wreck general abilities within 40 steps
(design, section 3).
"""

from collections import Counter
from dataclasses import dataclass

from steps.kinds.document.clauses import Fact, place
from steps.kinds.document.languages import templates
from steps.records import Dream
from steps.sentences import names_and_numbers

ENOUGH = 3  # questions about one fact, with which it needs no drill
_LEAST_CUE = 3  # words before the fact without which there is nothing to complete


@dataclass(frozen=True)
class Drill:
    """A question about a fact; its answer is the fact's statement."""

    strategy: str
    fact: Fact
    question: str


def drills(title: str, facts: list[Fact], *, questions: Counter[tuple[int, str]], language: str = "en") -> list[Drill]:
    """Return drills for those facts of a passage with a name or a number, and for one of each sentence without such.

    ``questions``: how many question dreams there are, by number of the sentence and span in lower case.
    """
    found: list[Drill] = []
    served = {sentence for sentence, _ in questions}
    for fact in facts:
        telling = bool(names_and_numbers(f"Here {fact.span}"))
        missing = ENOUGH - questions[fact.sentence, fact.span.lower()]
        if missing > 0 and (telling or fact.sentence not in served):
            served.add(fact.sentence)
            found += _of(fact, title, templates()[language]["drill"])[:missing]
    return found


def fact_counts(dreams: list[Dream], experience: str, *, first: int) -> Counter[tuple[int, str]]:
    """Count the question dreams about a document by fact; sentences are counted from number ``first``."""
    own = [(d.sentence, str(d.verification["span"])) for d in dreams if d.experience == experience]
    return Counter((sentence - first, span.lower()) for sentence, span in own if sentence is not None)


def _of(fact: Fact, title: str, known: dict[str, str]) -> list[Drill]:
    start = place(fact.statement, fact.span)
    before = fact.statement[:start]
    blank = f"{before}____{fact.statement[start + len(fact.span) :]}"
    found = [Drill("cloze", fact, known["cloze"].format(title=title, text=blank))]
    if len(before.split()) >= _LEAST_CUE:
        found.append(Drill("completion", fact, known["completion"].format(title=title, text=before.strip())))
    return found
