"""Marking: is a reply right? Deterministic, on words, without a judge."""

import re
import unicodedata
from collections.abc import Sequence

_ABSTAINS = re.compile(
    r"\b(?:(?:do|does|did|can|could|is|was|are|were) ?n[o']t (?:know|say|mention|specify|provide|state|have|find|"
    r"contain|include|tell|sure|mentioned|specified|provided|stated|given|known|available|clear|possible|determine|answer)|"
    r"cannot|can ?not|unable to|not (?:sure|mentioned|specified|provided|stated|given|known|available|enough)|"
    r"no (?:information|mention|record|answer|data)|unknown|unclear|not explicitly|i'm sorry|i am sorry)\b",
    re.IGNORECASE,
)


def normalise(text: str) -> str:
    """Lower case, compatibility forms resolved, no punctuation, no thousands separators, single spaces."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return " ".join(re.sub(r"[^\w\s]|_", " ", text).split())


def holds(reply: str, answers: tuple[str, ...]) -> bool:
    """True if the reply contains one of the answers as whole words."""
    padded = f" {normalise(reply)} "
    return any(f" {normalise(answer)} " in padded for answer in answers if normalise(answer))


def equals(reply: str, answers: tuple[str, ...]) -> bool:
    """True if the whole reply is one of the answers."""
    return normalise(reply) in {normalise(answer) for answer in answers}


def abstains(reply: str) -> bool:
    """True if the reply says that it does not know; an empty one does not say so."""
    return bool(_ABSTAINS.search(reply.replace("’", "'")))


def right(reply: str, answers: tuple[str, ...]) -> bool:
    """Mark a probe: an unanswerable one (no answers) is right if the model abstains."""
    return holds(reply, answers) if answers else abstains(reply)


def answer_length(reply: str, ends: Sequence[int], answers: tuple[str, ...]) -> int:
    """How many tokens of a right reply it takes to the end of the answer: of "610, or 61" all but the last, not two.

    ``ends``: where each token ends in the reply, in characters.
    """
    is_right = [holds(reply[:end], answers) for end in (0, *ends)]
    return next((n for n in range(1, len(ends)) if is_right[n] and is_right[n + 1]), len(ends))
