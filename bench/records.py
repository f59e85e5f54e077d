"""What a benchmark run leaves on disk: one row per answer, one record per arm and night; everything else follows."""

from typing import Literal

from steps.records import Record

ProbeType = Literal["recall", "paraphrase", "reverse", "unanswerable"]


class Mark(Record):
    """One answer of one arm, after ``after`` nights of sleep (0: the base itself), to a probe of night ``cohort``.

    ``condition`` "served" is the arm's own way of answering (closed book, or with what it retrieved); "given" puts the
    right document before the question. ``source`` is the document that the probe asks about: the cluster of every
    interval. ``outdated`` marks a probe whose answer a later night has changed; ``temporary`` one about a document
    that triage keeps out of the weights. Neither counts in R.
    """

    arm: str
    after: int
    cohort: int
    probe: str
    type: ProbeType
    source: str
    condition: Literal["served", "given"]
    answer: str
    correct: bool
    outdated: bool = False
    temporary: bool = False


class AnchorMark(Record):
    """One item of the anchor suite, answered closed book by the arm's model after ``after`` nights.

    ``score``: probability of the right option among the options; 1 or 0 where an answer is written.
    """

    arm: str
    after: int
    id: str
    ability: str
    correct: bool
    score: float


class NightCost(Record):
    """What one night cost one arm; written last, so that its presence means that the night is complete."""

    arm: str
    after: int
    seconds: dict[str, float]
    """Wall time by phase: dreaming, training, examining."""
    trained_tokens: int
    """Tokens of the examples that were trained on, counted without packing: what the work stands for."""
    tokens_per_second: float | None
    examples: int
    machine: str
