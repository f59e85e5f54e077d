"""Who writes which dreams of a night, and what came of it: plain data between dreaming, kinds and report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

RULES = "rules"
"""The writer that asks by rule and form, and has a model say it in other words: it writes where no other one does."""


@dataclass(frozen=True)
class Shares:
    """Of the pieces of each shape, the share that each writer is given. What is not named is written by rule."""

    by_shape: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, shape: str) -> Mapping[str, float]:
        return self.by_shape.get(shape) or {RULES: 1.0}

    @property
    def contested(self) -> bool:
        """Whether anybody writes beside the rules."""
        return any(writer != RULES for shares in self.by_shape.values() for writer in shares)


@dataclass(frozen=True)
class Tally:
    """What one writer did with what it was given of one shape.

    ``pieces``: how many it was given; ``asked``: of how many of them a question was kept; ``cost``: thousand characters
    that go through a model for them: read, written, weighed, and trained on (thrice as dear, in every epoch).
    """

    shape: str
    writer: str
    pieces: int
    asked: int
    cost: float
