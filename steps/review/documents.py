"""What documents of earlier nights say about a question, and which of it a correction takes the place of.

Their passages are looked up by words in memory; the parts that they are made of are read in the corpus of their night.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.statement import asking_words
from steps.kinds.conversation.value import is_count, named, place_of
from steps.kinds.table import kind_of
from steps.marking import holds
from steps.memory.notes import Note
from steps.memory.store import memory_path, opened
from steps.night import Night
from steps.records import Experience, Withdrawn
from steps.sentences import content_words, names_and_numbers, sentences, stems, words

_MOST = 20
_LEAST = 2  # stems that a question shares with a text that answers it
_SHARED = 0.6  # of a question's stems that a text shares which answers it


class Part(NamedTuple):
    """A part of a document of an earlier night; ``said``: its words, with what they hang on."""

    source: str
    said: str
    experience: str
    number: int
    text: str


Search = Callable[[str], Sequence[Part]]
Read = Callable[[str], Experience | None]


def search_documents(night: Night, read: Read) -> Search:
    """Return a search among what earlier nights learned of documents; without memory it finds none.

    ``read`` gives an experience of an earlier night by its id.
    """
    path, today = memory_path(night.workspace, None), date.fromisoformat(night.date)

    def search(question: str) -> list[Part]:
        if not night.settings.memory.enabled or not path.exists():
            return []
        with opened(path) as memory:
            told = memory.told_of(content_words(question), today=today, kind="document", most=_MOST)
        return [part for note in told if (note.night or "") < night.date for part in _parts(note, read)]

    return search


def _parts(note: Note, read: Read) -> list[Part]:
    experience = read(note.experience or "")
    if experience is None:
        return []
    parts = kind_of(experience).parts(experience)
    heads = {n: ". ".join([experience.title, *parts[n]]) for n in note.parts if n < len(parts)}
    return [Part(experience.source, said, experience.id, n, parts[n][-1]) for n, said in heads.items()]


def contradicts(one: Correction, text: str) -> bool:
    """Whether a text answers the question with what the correction calls wrong, or with anything else of its kind.

    The model that was corrected need not have known what the text says.
    """
    if holds(text, (one.value,)):
        return False
    asked = stems(one.question) - stems(f"{one.value} {one.old or ''}")
    shared = len(asked & stems(text)) >= max(_LEAST, _SHARED * len(asked))
    return bool(shared and one.old and holds(text, (one.old,))) or otherwise(one, text) is not None


def otherwise(one: Correction, text: str) -> str | None:
    """Return the sentence of a text that says all that the question does, and another value of the same kind."""
    asked = stems(one.question) - stems(asking_words(one.question)) - stems(one.value)
    if len(asked) < _LEAST:
        return None
    return next((said for said, about in _said(text) if asked <= about and _answers(one, said)), None)


def _answers(one: Correction, said: str) -> bool:
    if place := place_of(said, one.question):
        return not holds(one.value, (place,))
    value = named(said, question=one.question, like=one.value, language=one.language)
    if value is None or holds(one.value, (value,)):
        return False
    names = names_and_numbers(said) & {*words(value)}  # a first word has its capital for being first
    return is_count(value) or bool(names_and_numbers(f"Here {one.value}") and names)


@lru_cache(maxsize=4096)
def _said(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((said, stems(said)) for said in sentences(text))


def overruled(one: Correction, found: Sequence[Part]) -> tuple[Withdrawn, ...]:
    """Return the parts that answer the question with what the correction calls wrong: once it is learned, they go."""
    parts = (part for part in found if contradicts(one, part.said))
    return tuple(Withdrawn(experience=part.experience, sentence=part.number, text=part.text) for part in parts)
