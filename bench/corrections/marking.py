"""Marking: is the new value said, and is the old one said in its place?"""

import re
from collections.abc import Sequence

from steps.marking import equals, normalise, right
from steps.sentences import FUNCTION_WORDS

_DENIED = r"(?:not|no longer|never|instead of|rather than|used to be|(?:do|does|did|is|are|was|has|have|ca|wo) ?n ?t)"


def says(reply: str, spellings: Sequence[str]) -> bool:
    """Whether the reply says one of the spellings, by the project's marking (``steps.marking.right``).

    A lone small word ("on") stands in any sentence: it counts where it is the whole reply.
    """
    long = tuple(one for one in spellings if normalise(one) not in FUNCTION_WORDS or normalise(one) == "no")
    short = tuple(one for one in spellings if one not in long)
    return bool(long and right(reply, long)) or bool(short and equals(reply, short))


def says_old(reply: str, old: Sequence[str]) -> bool:
    """Whether the reply says an old value in the place of the new one: "41, not 36" does not."""
    left = normalise(reply)
    for one in sorted(old, key=len, reverse=True):
        left = re.sub(rf"\b{_DENIED} (?:\w+ ){{0,2}}?{re.escape(normalise(one))}\b", " ", left)
    return says(left, old)


def is_right(reply: str, answers: Sequence[str], old: Sequence[str] = ()) -> bool:
    """Whether the reply gives the value and no old one in its place."""
    return says(reply, answers) and not says_old(reply, old)


def first_sentence(reply: str) -> str:
    """The first sentence of a reply, normalised, to be held against another reply's."""
    return normalise(re.split(r"(?<=[.!?])\s|\n", reply.strip(), maxsplit=1)[0])
