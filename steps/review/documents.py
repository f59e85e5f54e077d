"""What documents of earlier nights say about a question: looked up by words in memory, where their passages lie."""

from collections.abc import Sequence
from datetime import date

from steps.memory.store import memory_path, opened
from steps.night import Night
from steps.review.contradictions import Found, Search
from steps.sentences import content_words

_MOST = 20


def search_documents(night: Night) -> Search:
    """Return a search among the notes that earlier nights made of documents; without memory it finds none."""
    path, today = memory_path(night.workspace, None), date.fromisoformat(night.date)

    def search(question: str) -> Sequence[Found]:
        if not night.settings.memory.enabled or not path.exists():
            return []
        with opened(path) as memory:
            told = memory.told_of(content_words(question), today=today, kind="document", most=_MOST)
        return [(note.source, f"{note.title}. {note.text}") for note in told if (note.night or "") < night.date]

    return search
