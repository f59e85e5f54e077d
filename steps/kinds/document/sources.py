"""What is dreamt about: documents cut into passages that fit before a question.

A short document is one passage. The teacher of a dream and an open-book examination read the passage, not the whole
of a long document, under the document's title.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.document.blocks import UNASKED, Block
from steps.kinds.document.clauses import Fact, about_another, called, facts, resolved
from steps.kinds.document.forms import FORMED, Form
from steps.kinds.document.in_place import sentence_forms
from steps.kinds.document.languages import language_of, nearest_language
from steps.kinds.document.moments import undated
from steps.kinds.document.values import asked_in_place, hangs_on_the_last
from steps.kinds.kind import Passage
from steps.orders import is_order
from steps.records import Dream, Experience, content_id
from steps.sentences import sentences

PASSAGE_CHARS = 1500
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|may|must|will|costs?|takes?|needs?|means?|begins?|ends?|goes|pays?)\b"
)
_PRONOUN = re.compile(r"(?:It|She|He|They|Its|Her|His|Their)\b")
_LATIN = 0.6  # of the letters: with fewer, questions in Latin letters would be made of names and numbers alone


@dataclass(frozen=True)
class Source(Passage):
    """One passage of a document, and what it says. ``withheld``: numbers of what is told nowhere, lists included."""

    withheld: frozenset[int] = frozenset()

    @cached_property
    def facts(self) -> list[Fact]:
        """What the passage says, fact by fact, but for what was redacted: ``[PHONE]`` is nothing to learn.

        Clauses are cut, and "it" is understood, in English only; of another language these are the values that a
        sentence is asked for in its place.
        """
        prose = [text if self._is_prose(place) else "" for place, text in enumerate(self.sentences)]
        if self.language == "en":
            found = facts(self.experience.title, prose, self._nouns, page=self._is_page)
        else:
            found = list(_values(self.experience.title, prose, self.language)) if self.language else []
        return [fact for fact in found if not PLACEHOLDER.search(fact.statement)]

    @property
    def turned(self) -> list[Fact]:
        """The facts that are asked for by turning their clauses round: of plain prose, and of a page what it says of
        its subject by name ("it" is there whatever stood before).

        Turned round, fragments, labels and asides of a page give more nonsense than questions (docs/log.md).
        """
        if self.language != "en":
            return []
        title = self.experience.title.casefold()
        return [
            fact
            for fact in self.facts
            if not self._is_page
            or (
                not self.in_place[fact.sentence]
                and fact.statement.casefold().startswith(title)
                and not _PRONOUN.match(self.sentences[fact.sentence])
            )
        ]

    @property
    def drilled(self) -> list[Fact]:
        """The facts that drills may leave out: of a page, what it is asked for in its place, and so no small talk."""
        if not self._is_page:
            return self.facts
        forms = [(place, form) for place, found in enumerate(self.in_place) for form in found]
        placed = {(place, f.span): Fact(place, f.statement, f.span) for place, f in forms if f.span in f.statement}
        return [*placed.values(), *self.turned]

    @cached_property
    def blocks(self) -> list[Block | None]:
        """The block of each of its sentences."""
        return [block for _, block in units(self.experience)][self.first : self.first + len(self.sentences)]

    @cached_property
    def language(self) -> str | None:
        """The language of its document, of those that there are questions in; None: of another one."""
        return written_in(self.experience)

    @cached_property
    def in_place(self) -> list[list[Form]]:
        """What each of its sentences is asked in its place: those of a page with headings or lists, or not in English.

        Plain prose is turned round by rule and said in other words instead (``questions.py``), but for sentences with
        an "it" that is not what the document is about.
        """
        title, last = self.experience.title, ""
        found: list[list[Form]] = []
        before: Block | None = None
        page = told(self.experience)[self.first :]  # what was taught before is no news, but is understood by
        for text, said, block in zip(self.sentences, page, self.blocks, strict=False):
            last = last if block and before and (block is before or block.kind == before.kind == "paragraph") else ""
            placed = text and block and len(block.cells) < 2 and self._is_asked_in_place(len(found), last)
            if placed and block and self.language:
                found.append(sentence_forms(title, block, text, last, language=self.language))
            else:
                found.append([])
            last, before = said, block
        return found

    def _is_asked_in_place(self, place: int, last: str) -> bool:
        if self._is_page or self.language != "en":
            return True
        return bool(last) and place in about_another(self.experience.title, self.sentences, self._nouns)

    def _is_prose(self, place: int) -> bool:
        block = self.blocks[place]
        return block is None or block.kind not in FORMED or (block.kind == "item" and _sentence_like(block.text))

    @cached_property
    def _is_page(self) -> bool:
        return is_page(self.experience)

    @property
    def noun(self) -> str | None:
        """What the document says that its subject is ("dam"), if it does."""
        return self._nouns[-1] if self._nouns else None

    @cached_property
    def _nouns(self) -> list[str]:
        return called(self.experience.title, told(self.experience))


def is_page(experience: Experience) -> bool:
    """Whether a document has headings, lists or tables, or is a letter: "it" is not what its title names."""
    formed = any(block and (block.path or block.kind in FORMED) for _, block in units(experience))
    return formed or bool(experience.payload.get("letter"))


def told(experience: Experience) -> list[str]:
    """What a document says, in its places: its sentences, and whole what hangs together (an item with its heading).

    Empty is what it does not tell: an order to a model, code, what somebody else said, what stands about the page, and
    what is true on a day that is not known ("tomorrow").
    """
    return _told(_Of(experience))


def _is_not_told(text: str, block: Block | None) -> bool:
    return is_order(text) or (block is not None and (block.kind in UNASKED or undated(text) is not None))


def _sentence_like(text: str) -> bool:
    """Whether an item says something with a verb of its own, so that its clauses can be asked about."""
    return len(text.split()) >= 5 and bool(_VERB.search(text))


def unreadable(experience: Experience) -> str | None:
    """Say why no question can be made of a document, or None: its script, or that it holds code alone."""
    letters = [c for c in experience.text if c.isalpha()]
    latin = sum(c < "\u0250" for c in letters)
    if letters and latin < _LATIN * len(letters):
        return "no question can be made of its script yet"
    if not any(told(experience)):
        kinds = {block.kind for _, block in units(experience) if block}
        return "only code is in it" if kinds == {"code"} else "no sentence of it can be asked about"
    return None if written_in(experience) else "no question can be made in its language yet"


def written_in(experience: Experience) -> str | None:
    """Return the language of a document, its title too, of those that there are questions in; None: another one."""
    return language_of(_read(experience))


def units(experience: Experience) -> list[tuple[str, Block | None]]:
    """What a document says piece by piece, each with the block that it is or is of; None in a workspace from before."""
    return _units(_Of(experience))


class _Of:
    """A document as a key: its id stands for what it says."""

    def __init__(self, experience: Experience):
        self.experience = experience

    def __hash__(self) -> int:
        return hash(self.experience.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Of) and (self.experience is other.experience or self.experience == other.experience)


@lru_cache(maxsize=64)  # each lesson of a document asks for them
def _units(key: _Of) -> list[tuple[str, Block | None]]:
    rows = key.experience.payload.get("blocks")
    if rows is None:
        return [(sentence, None) for sentence in sentences(key.experience.text)]
    read = _read(key.experience)
    language = language_of(read) or nearest_language(read)
    return [(part, block) for block in map(Block.model_validate, rows) for part in _parts(block, language)]


@lru_cache(maxsize=64)  # as often
def _told(key: _Of) -> list[str]:
    return ["" if _is_not_told(text, block) else text for text, block in _units(key)]


def passages(experience: Experience) -> list[Source]:
    """Cut a document between sentences into passages of at most ``PASSAGE_CHARS``; a longer sentence stands alone."""
    found: list[Source] = []
    size = PASSAGE_CHARS + 1
    for number, sentence in enumerate(told(experience)):
        if size + len(sentence) > PASSAGE_CHARS:
            found.append(Source(experience, number, []))
            size = 0
        found[-1].sentences.append(sentence)
        size += len(sentence) + 1
    return found


def new_in(source: Source, known: Collection[int]) -> Source:
    """Return a passage that tells only what is not ``known``, by number; what it is about is still all of it."""
    return replace(source, sentences=_without(source, known))


def withholding(source: Source, numbers: Collection[int]) -> Source:
    """Return a passage that does not tell the parts with these numbers."""
    return replace(source, sentences=_without(source, numbers), withheld=frozenset(numbers))


def _read(experience: Experience) -> str:
    return f"{experience.title}\n{experience.text}"


def _values(title: str, prose: list[str], language: str) -> Iterator[Fact]:
    """The values of those sentences that are understood alone, or name the title."""
    for number, text in enumerate(prose):
        if text and (title.casefold() in text.casefold() or not hangs_on_the_last(text, language)):
            yield from (Fact(number, text, one.value) for one in asked_in_place(text, language))


def _without(source: Source, numbers: Collection[int]) -> list[str]:
    return ["" if source.first + place in numbers else text for place, text in enumerate(source.sentences)]


def _parts(block: Block, language: str) -> list[str]:
    """A paragraph sentence by sentence, an item too, each with the heading that it hangs on; the rest as a whole."""
    if block.kind in ("paragraph", "aside", "quote"):
        return sentences(block.text, language)
    if block.kind == "item" and len(several := sentences(block.text, language)) > 1:
        return [block.model_copy(update={"text": part}).said for part in several]
    return [block.said]


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
    text = told(experience)
    if is_page(experience):
        _, block = units(experience)[sentence]
        last = text[sentence - 1] if sentence and block and units(experience)[sentence - 1][1] in (block, None) else ""
        above = block.path[-1] if block and block.path and block.kind == "paragraph" else ""
        return "\n".join(filter(None, [experience.title, above, f"{last} {text[sentence]}".strip()]))
    nouns = called(experience.title, text)
    if sentence and sentence in about_another(experience.title, text, nouns):
        return f"{experience.title}\n{text[sentence - 1]} {text[sentence]}"
    return f"{experience.title}\n{resolved(text[sentence], experience.title, nouns)}"
