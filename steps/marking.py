"""Marking: is a reply right? Deterministic, on words, without a judge."""

import re
import unicodedata
from collections.abc import Sequence

from steps.sentences import FUNCTION_WORDS

_ABSTAINS = re.compile(
    r"\b(?:(?:do|does|did|can|could|is|was|are|were) ?n[o']t (?:know|say|mention|specify|provide|state|have|find|"
    r"contain|include|tell|sure|mentioned|specified|provided|stated|given|known|available|clear|possible|determine|answer)|"
    r"cannot|can ?not|unable to|not (?:sure|mentioned|specified|provided|stated|given|known|available|enough)|"
    r"no (?:information|mention|record|answer|data)|unknown|unclear|not explicitly|i'm sorry|i am sorry)\b",
    re.IGNORECASE,
)

_POINT = re.compile(r"(?<=\d)[.,:](?=\d)")
_MINUS = re.compile(r"(?<![\w.,:)%])(?:-|minus )(?=\d)")
_BETWEEN = "\ue000"  # digits: stands for a point while what is no word goes

_SMALL = FUNCTION_WORDS | {"i", "me", "my", "us", "him", "them"}
_YES_NO = frozenset(("yes", "no"))
_NUMBERS, _THINGS = 5, 4  # so many alternatives are too many; the first of a list hides behind the words before it
_SEPARATOR = re.compile(r"[,;\n/]|\band\b|\bor\b", re.IGNORECASE)


def normalise(text: str) -> str:
    """Lower case, compatibility forms resolved, no punctuation, no thousands separators, single spaces.

    A number stays one word: "5" does not stand in "1.5", "9:30" or "-5", nor "C" in "C++".
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2212", "-")
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = _POINT.sub(_BETWEEN, _MINUS.sub("minus", text))
    return " ".join(re.sub(rf"(?<!\w)[+#]|[+#]+(?=\w)|[^\w\s{_BETWEEN}+#]|_", " ", text).replace(_BETWEEN, ".").split())


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
    """Mark a probe: an unanswerable one (no answers) is right if the model abstains.

    Who names one thing after the other until one fits has not answered, nor has a "no" that stands anywhere.
    """
    if not answers:
        return abstains(reply)
    first = next(iter(normalise(reply).split()), "")
    said = [one for one in answers if holds(reply, (one,)) and not _enumerates(reply, one)]
    return any(normalise(one) not in _YES_NO or normalise(one) == first for one in said)


def fits_anything(answer: str) -> bool:
    """Whether a key holds in whatever is said: nothing but small words ("the", "it is"), or a lone letter."""
    words = normalise(answer).split()
    return normalise(answer) not in _YES_NO and not any(
        word not in _SMALL and (len(word) > 1 or word.isdigit() or not word.isascii()) for word in words
    )


def _enumerates(reply: str, answer: str) -> bool:
    """Whether the reply lists alternatives (names, single words, numbers of as many digits), the answer among them."""
    number = re.fullmatch(r"\D*(\d+)\D*", normalise(answer))
    if number:
        alike = {n for n in re.findall(r"\d+", normalise(reply)) if len(n) == len(number[1])}
        if len(alike) >= _NUMBERS:
            return True
    if _SEPARATOR.search(answer):
        return False  # a list is asked for
    run: list[str] = []
    for part in [*_SEPARATOR.split(reply), "a long end of the sentence"]:
        words = part.strip(" .!?\"'").split()
        if len(words) == 1 or (0 < len(words) <= 3 and all(word[0].isupper() or word[0].isdigit() for word in words)):
            run.append(part)
            continue
        if len(run) >= _THINGS and any(holds(one, (answer,)) for one in run):
            return True
        run = []
    return False


def answer_length(reply: str, ends: Sequence[int], answers: tuple[str, ...]) -> int:
    """How many tokens of a right reply it takes to the end of the answer: of "610, or 61" all but the last, not two.

    ``ends``: where each token ends in the reply, in characters.
    """
    is_right = [holds(reply[:end], answers) for end in (0, *ends)]
    return next((n for n in range(1, len(ends)) if is_right[n] and is_right[n + 1]), len(ends))
