"""What is dreamt about: documents cut into passages that fit before a question.

A short document is one passage. The teacher of a dream and an open-book examination read the passage, not the whole
of a long document, under the document's title.
"""

from dataclasses import dataclass
from functools import cached_property

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.document.clauses import Fact, called, facts, resolved
from steps.kinds.kind import Passage
from steps.orders import is_order
from steps.records import Dream, Experience, content_id
from steps.sentences import sentences

PASSAGE_CHARS = 1500


@dataclass(frozen=True)
class Source(Passage):
    """One passage of a document, and what it says."""

    @cached_property
    def facts(self) -> list[Fact]:
        """What the passage says, fact by fact, but for what was redacted: ``[PHONE]`` is nothing to learn."""
        found = facts(self.experience.title, self.sentences, self._nouns)
        return [fact for fact in found if not PLACEHOLDER.search(fact.statement)]

    @property
    def noun(self) -> str | None:
        """What the document says that its subject is ("dam"), if it does."""
        return self._nouns[-1] if self._nouns else None

    @cached_property
    def _nouns(self) -> list[str]:
        return called(self.experience.title, told(self.experience.text))


def told(text: str) -> list[str]:
    """The sentences of a text in their places; an order to a model in it is empty: it is not what the text tells."""
    return ["" if is_order(sentence) else sentence for sentence in sentences(text)]


def passages(experience: Experience) -> list[Source]:
    """Cut a document between sentences into passages of at most ``PASSAGE_CHARS``; a longer sentence stands alone."""
    found: list[Source] = []
    size = PASSAGE_CHARS + 1
    for number, sentence in enumerate(told(experience.text)):
        if size + len(sentence) > PASSAGE_CHARS:
            found.append(Source(experience, number, []))
            size = 0
        found[-1].sentences.append(sentence)
        size += len(sentence) + 1
    return found


def dream_about(
    source: Source, sentence: int, *, night: str, strategy: str, question: str, answer: str, verification: dict
) -> Dream:
    """Return a dream about a sentence of ``source``, counted from the passage's first."""
    return Dream(
        id=content_id(strategy, question, answer),
        night=night,
        strategy=strategy,
        experience=source.experience.id,
        source=source.experience.source,
        sentence=source.first + sentence,
        question=question,
        answer=answer,
        verification=verification,
    )


def context_of(experience: Experience, sentence: int | None) -> str:
    """Return what the teacher of a dream reads: the sentence it was dreamt from under the title, or the first passage.

    A small model finds a fact in a sentence that it overlooks in a page (docs/log.md).
    """
    if sentence is None:
        return passages(experience)[0].context
    text = told(experience.text)
    nouns = called(experience.title, text)
    return f"{experience.title}\n{resolved(text[sentence], experience.title, nouns)}"
