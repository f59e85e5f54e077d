"""Which of several questions that are asked in much the same words a later turn speaks of.

Who asks who opens gate 3, then who opens gate 4, and says "No, gate 3 is Ann's", corrects the answer before the last.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from steps.kinds.conversation.asked import alike, asked_key, numbered, pairs
from steps.kinds.conversation.corrections import MOST_CHARS

Pair = tuple[str, str]


def spoken_of(messages: Sequence[Mapping[str, Any]], asked: Mapping[int, str]) -> dict[int, int]:
    """Return by the place of a turn that of the answer it speaks of, where it names one of several questions alike.

    ``asked``: the question before each answer, by the answer's place.
    """
    own = _own_words(list(dict.fromkeys(asked.values())))
    if not own:
        return {}
    found = {}
    for place, message in enumerate(messages):
        text = message.get("content") or ""
        if message["role"] != "user" or len(text) > MOST_CHARS or asked.get(place + 1) == " ".join(text.split()):
            continue
        said = pairs(text)
        named = [question for question, words in own.items() if words & said]
        named = [question for question in named if not _numbers_another(question, said, own)]
        places = [at for at, question in asked.items() if at < place and question in named]
        if places and len({asked_key(asked[at]) for at in places}) == 1:
            found[place] = places[-1]
    return found


def _own_words(questions: Sequence[str]) -> dict[str, set[Pair]]:
    """Of each question that others are like, the pairs of words that those have not."""
    found = {}
    for one in questions:
        if others := [other for other in questions if alike(one, other)]:
            found[one] = pairs(one).difference(*map(pairs, others))
    return found


def _numbers_another(question: str, said: set[Pair], own: Mapping[str, set[Pair]]) -> bool:
    """Whether a turn says "gate 4", which another question asks about, where this one asks about "gate 3"."""
    things = {thing for thing, _ in numbered(question) - said}
    theirs = (numbered(other) & words & said for other, words in own.items() if other != question)
    return any(thing in things for pairs_ in theirs for thing, _ in pairs_)
