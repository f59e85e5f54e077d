"""The rows of an examination as they are stored: what was said and by what it is marked, never the mark itself.

``steps.examine.reading`` marks them whenever they are read. Two exceptions: words that may not be kept (what was to be
forgotten, the champion that still knows it) leave their mark in their place, and nights before 2026-11-27 have marks
alone. Their pages can still be read; a verdict does not rest on them.
"""

from dataclasses import dataclass, field, fields

from pydantic import AliasChoices, Field

from steps.examine.kinds.suite import KindReply
from steps.records import CanaryAnswer, ModelRole, Record, Retired, Said, SuiteAnswer


class TokenScores(Record):
    """A right reply, token by token, as one model rates it closed book.

    ``log_probabilities``: natural, of each token, that which ends the turn included. ``ends``: where each token ends in
    the text, in characters. ``text``: what the tokenizer makes of the tokens, where that is not the reply.
    """

    reply: str
    log_probabilities: tuple[float, ...]
    ends: tuple[int, ...]
    text: str | None = None


class ProbeReply(Said):
    """What was said, and what marks it.

    ``scored``: right replies of whatever model; None for what is asked of no earlier night. ``correct`` and
    ``min_token_prob`` stand for words that are not kept.
    """

    key: tuple[str, ...] = Field((), description="right answers; none where the right answer is not to know")
    scored: tuple[TokenScores, ...] | None = None
    correct: bool | None = None
    min_token_prob: float | None = Field(None, validation_alias=AliasChoices("min_token_prob", "firmness"))


class AnchorReply(Record):
    """What one model said to one anchor item.

    With options: the summed log-likelihood of each as the whole turn, and ``right_option``, its index; ``answer`` is
    the likeliest. Else ``answer`` is a reply in which ``key`` is looked for, or that it must equal (``exact``).
    """

    id: str
    ability: str
    model: ModelRole
    answer: str
    log_likelihoods: tuple[float, ...] = ()
    right_option: int | None = None
    key: tuple[str, ...] = ()
    exact: bool = False
    correct: bool | None = None
    score: float | None = None


@dataclass
class Examination:
    """The stored rows by the name of their file. Canaries and suites come marked, for their words are not all kept."""

    answers: list[ProbeReply] = field(default_factory=list)
    anchors: list[AnchorReply] = field(default_factory=list)
    canaries: list[CanaryAnswer] = field(default_factory=list)
    suites: list[SuiteAnswer] = field(default_factory=list)
    retired: list[Retired] = field(default_factory=list)
    shuffled: list[ProbeReply] = field(default_factory=list)
    mistaught: list[ProbeReply] = field(default_factory=list)
    forgotten: list[ProbeReply] = field(default_factory=list)
    kinds: list[KindReply] = field(default_factory=list)


EXAMINATION = tuple(part.name for part in fields(Examination))
"""The files of an examination."""
