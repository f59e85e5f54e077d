"""What people said of an answer by a thumb, a number or a word, wherever it is read: good, bad, or nothing."""

import re
from collections.abc import Mapping
from typing import Any, Literal

_GOOD = frozenset("1 true yes good up pass".split())
_BAD = frozenset("-1 0 false no bad down fail".split())
_FIELDS = ("rating", "score", "value")
# What a yes to is no praise ("hallucination": 1), and a no none either.
_FAULTS = re.compile(
    r"halluc|toxi|harm|unsafe|leak|bias|spam|refus|offens|violat|incorrect|inaccura|wrong|error|fail|escalat"
    r"|(?<![a-z])(?:pii|bug|issue)",
    re.IGNORECASE,
)


def rating(said: Any) -> Literal[1, -1] | None:
    """Return 1 or -1 for what somebody said, by itself or in a field of feedback; None where it tells neither.

    Of a number on a scale that nobody named only what is below zero is bad; of what is named after a fault, nothing
    is told.
    """
    if isinstance(said, Mapping):
        if isinstance(name := said.get("name"), str) and _FAULTS.search(name):
            return None
        said = next((said[name] for name in _FIELDS if said.get(name) is not None), None)
    if not isinstance(said, str | int | float):
        return None
    if not isinstance(said, str) and said < 0:
        return -1
    word = str(said).strip().lower().removesuffix(".0")
    return 1 if word in _GOOD else -1 if word in _BAD else None
