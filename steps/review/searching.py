"""What documents say about a question that somebody corrects: those of earlier nights, and those of this one.

Earlier nights are read in their corpus, whatever has become of memory, once for all questions of a night; a night on
which nobody corrects anything reads none.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from heapq import nlargest
from typing import NamedTuple

from steps.kinds.conversation.naming import START
from steps.kinds.table import kind_of
from steps.records import Experience
from steps.sentences import stems

NO_PART = -1  # the number of what no lesson is made of
_SHORT = 3  # words
_MOST = 256  # parts that are looked at for a question
_WORD = re.compile(r"\w+")


class Part(NamedTuple):
    """A part of a document; ``heads``: its title and headings, which its words hang on."""

    source: str
    heads: str
    experience: str
    number: int
    text: str

    @property
    def said(self) -> str:
        """Its words, with what they hang on."""
        return f"{self.heads}. {self.text}"


class Standing(NamedTuple):
    """A line of a corpus that holds the latest version of a page, and the night that met it last."""

    night: str
    line: bytes


Search = Callable[[str], Sequence[Part]]
Holds = Callable[[str, Part], bool]


def search_documents(questions: Collection[str], standing: Callable[[], Iterable[Standing]], holds: Holds) -> Search:
    """Return a search for these questions among what documents of earlier nights say.

    Args:
        standing: gives the pages of earlier nights as they were met last.
        holds: whether a part that was met on a night is not over, and nothing has taken its place since.
    """
    asked = {question: _starts(question) for question in questions}
    found = defaultdict[str, list[tuple[int, Part]]](list)
    for night, page in _about(asked.values(), standing()) if asked else ():
        parts = [(part, _starts(part.said)) for part in parts_of(page) if holds(night, part)]
        for question, starts in asked.items():
            found[question] += [(n, part) for part, said in parts if (n := len(starts & said)) >= _least(starts)]
    most = {question: nlargest(_MOST, parts, key=lambda one: one[0]) for question, parts in found.items()}
    return lambda question: [part for _, part in most.get(question, ())]


def search_tonight(parts: Iterable[Part]) -> Search:
    """Return a search among parts that no earlier night has met: those that share two words with a question."""
    there, by_word = list(parts), defaultdict[str, set[int]](set)
    for place, part in enumerate(there):
        for start in _starts(part.said):
            by_word[start].add(place)

    def search(question: str) -> list[Part]:
        starts = _starts(question)
        shared = Counter(place for start in starts for place in by_word[start])
        return [there[place] for place in sorted(shared) if shared[place] >= _least(starts)]

    return search


def parts_of(experience: Experience) -> list[Part]:
    """Return what a document says, part by part; last what is too short to be one, such as a name under a heading."""
    parts = [
        Part(experience.source, ". ".join([experience.title, *heads]), experience.id, number, text)
        for number, (*heads, text) in enumerate(kind_of(experience).parts(experience))
        if text
    ]
    said = " ".join(part.text for part in parts)
    left = (one for one in experience.payload.get("blocks", ()) if one.get("text") and one["text"] not in said)
    return [
        *parts,
        *(
            Part(experience.source, ". ".join([experience.title, *one.get("path", ())]), experience.id, NO_PART, text)
            for one in left
            if len((text := one["text"]).split()) <= _SHORT
        ),
    ]


def _about(asked: Collection[frozenset[str]], standing: Iterable[Standing]) -> Iterator[tuple[str, Experience]]:
    """Yield the pages that share enough words with a question; no other is taken apart."""
    for night, line in standing:
        if b'"kind":"document"' in line and (read := json.loads(line))["kind"] == "document":
            words = {word[:START] for word in _WORD.findall(f"{read['title']}\n{read['text']}".lower())}
            if any(len(starts & words) >= _least(starts) for starts in asked):
                yield night, Experience.model_validate(read)


def _starts(text: str) -> frozenset[str]:
    return frozenset(stem[:START] for stem in stems(text))


def _least(starts: frozenset[str]) -> int:
    """How many words of a question a part shares: two, or one of two, for the other may be said in other words."""
    return 2 if len(starts) > 2 else 1
