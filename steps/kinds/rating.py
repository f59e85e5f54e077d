"""What people said of an answer by a thumb, a number or a word, wherever it is read: good, bad, or nothing."""

from collections.abc import Mapping
from typing import Any, Literal

_GOOD = frozenset("1 true yes good up pass".split())
_BAD = frozenset("-1 0 false no bad down fail".split())
_FIELDS = ("rating", "score", "value")


def rating(said: Any) -> Literal[1, -1] | None:
    """Return 1 or -1 for what somebody said, by itself or in a field of feedback; None where it tells neither.

    Of a number on a scale that nobody named only what is below zero is bad.
    """
    if isinstance(said, Mapping):
        said = next((said[name] for name in _FIELDS if said.get(name) is not None), None)
    if not isinstance(said, str | int | float):
        return None
    if not isinstance(said, str) and said < 0:
        return -1
    word = str(said).strip().lower().removesuffix(".0")
    return 1 if word in _GOOD else -1 if word in _BAD else None
