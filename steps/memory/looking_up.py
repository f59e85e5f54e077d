"""Looking notes up: by meaning and by words at once, both rankings fused by their ranks.

Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): a note's place is the sum of 1 / (60 + rank).
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from steps.kinds.conversation.naming import names_another
from steps.kinds.conversation.phrases import phrases
from steps.memory.encoder import Encoder
from steps.memory.store import Memory, Near
from steps.sentences import content_words, words

_RANK = 60
_EACH = 20  # notes of each ranking that are fused
_ALONE = 4  # words: fewer say nothing without their title
FAR = 0.1  # cosine by which a note may be less like a question than the likest: a small model is led astray by more


def look_up(
    memories: Iterable[Memory],
    question: str,
    *,
    encoder: Encoder,
    today: date,
    user: str | None,
    persisted: bool = True,
    most: int,
    min_score: float,
) -> list[Near]:
    """Return at most ``most`` notes that may answer a question, the best first; each text once.

    What is much less like the question than the likest is left out (``FAR``), and so is what tells of another thing.

    Args:
        memories: of everybody and of the tenant who asks.
        user: who asks; notes of other users are not looked at.
        persisted: whether also what the weights have learned.
        min_score: least cosine of a note with the question.
    """
    (vector,) = encoder.encode([question])
    asked = content_words(question)
    places: dict[str, float] = {}
    found: dict[str, Near] = {}
    for memory in memories:
        who: dict[str, Any] = {"today": today, "user": user, "persisted": persisted, "most": _EACH}
        for ranking in (memory.by_meaning(vector, **who), memory.by_words(asked, vector, **who)):
            for rank, near in enumerate(ranking, start=1):
                if near.likeness >= min_score:
                    places[near.note.id] = places.get(near.note.id, 0.0) + 1 / (_RANK + rank)
                    found[near.note.id] = near
    found = {number: near for number, near in found.items() if not names_another(near.note.said, question)}
    least = max((near.likeness for near in found.values()), default=0.0) - FAR
    best = sorted(
        (near for near in found.values() if near.likeness >= least),
        key=lambda near: (-places[near.note.id], -near.likeness, near.note.id),
    )
    told = {_said(near): near for near in reversed(best)}
    return [near for near in best if told[_said(near)] is near][:most]


def _said(near: Near) -> str:
    """What a note says; with its title where it needs that: "It is closed until Friday." is said of many things."""
    text = near.note.text
    needs_title = len(text.split()) < _ALONE or any(known["pronoun"].match(text) for known in phrases().values())
    return " ".join(words(near.note.said if needs_title else text))
