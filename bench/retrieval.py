"""Retrieval for the benchmark: BM25 over passages, with the defaults that most people would start from.

BM25 as Lucene scores it, by bm25s (2407.03618); English stop words left out, words lower-cased and stemmed by Snowball.
"""

from steps.errors import SlumberError


class Index:
    """An index of passages in memory; built once, asked often, never changed."""

    def __init__(self, passages: list[str]):
        """Index ``passages``.

        Raises:
            SlumberError: the extra ``bench`` is not installed.
        """
        try:
            import bm25s
            from Stemmer import Stemmer
        except ImportError:
            raise SlumberError(
                "The benchmark's retrieval needs bm25s and PyStemmer: pip install -e '.[bench]'."
            ) from None
        self._passages = list(passages)
        self._tokenize, self._stemmer = bm25s.tokenize, Stemmer("english")
        words = self._words(self._passages)
        self._index = None
        if any(words):  # bm25s cannot index a corpus without a single word
            self._index = bm25s.BM25()
            self._index.index(words, show_progress=False)

    def best(self, question: str) -> str | None:
        """Return the passage that scores highest (the first of equals), or None if none shares a word."""
        words = self._words([question])[0]
        if self._index is None or not words:
            return None
        scores = self._index.get_scores(words)
        best = int(scores.argmax())
        return self._passages[best] if scores[best] > 0 else None

    def _words(self, texts: list[str]) -> list[list[str]]:
        # As words, not as ids: the ids of two calls come from two vocabularies. Nor `allow_empty=False`, which does the
        # opposite of its name: texts without words would get an empty word in common, and match one another.
        return self._tokenize(texts, stopwords="en", stemmer=self._stemmer, return_ids=False, show_progress=False)
