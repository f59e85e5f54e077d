"""Which passage a question asks about: the one that shares the most content words with it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from steps.kinds.kind import Passage
from steps.kinds.table import kind_of
from steps.records import Experience, Probe
from steps.sentences import telling_words


class PassageIndex:
    """The passages of a corpus that can be asked about, with their words, each made once however much is asked."""

    def __init__(self, corpus: Iterable[Experience] = ()):
        self._corpus = list(corpus)
        self._made: dict[str, tuple[Sequence[Passage], list[set[str]]]] = {}

    def best(self, question: str, document: Experience | None = None) -> Passage | None:
        """Return the passage of a document, or of the corpus, that shares the most content words with a question.

        The first of several; None if none shares any.
        """
        wanted = telling_words(question)
        if document is not None:
            passages, words = self._of(document)
            shared = {n: len(wanted & own) for n, own in enumerate(words)}
        else:
            passages, where = self._inverted
            shared = Counter(n for word in wanted for n in where.get(word, ()))
        best = min(shared, key=lambda n: (-shared[n], n), default=None)
        return passages[best] if best is not None and shared[best] else None

    def for_probe(self, probe: Probe, document: Experience | None) -> Passage | None:
        """Return what is read before a probe: the best of its own document, or of the corpus where it names none."""
        found = self.best(probe.question, document)
        if found or document is None:
            return found
        return next(iter(self._of(document)[0]), None)

    def _of(self, document: Experience) -> tuple[Sequence[Passage], list[set[str]]]:
        if document.id not in self._made:
            passages = kind_of(document).facts(document)
            self._made[document.id] = passages, [telling_words(passage.context) for passage in passages]
        return self._made[document.id]

    @cached_property
    def _inverted(self) -> tuple[list[Passage], dict[str, list[int]]]:
        """The passages of the corpus, and in which of them each word stands."""
        passages: list[Passage] = []
        where: dict[str, list[int]] = defaultdict(list)
        for document in self._corpus:
            for passage, words in zip(*self._of(document), strict=True):
                for word in words:
                    where[word].append(len(passages))
                passages.append(passage)
        return passages, where
