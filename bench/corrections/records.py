"""What a run leaves on disk: one row for each answer; everything else follows from them."""

from typing import Literal

from steps.records import Record

Metric = Literal["efficacy", "paraphrase", "portability", "near", "neighbour"]


class CorrectionMark(Record):
    """One answer of one arm after night ``after`` (0: of documents) to a question about a correction that holds then.

    ``cohort``: the night of that correction; 0 for neighbours, which night 0 taught. ``correction``: its session, the
    cluster of every interval; of a neighbour, the question. ``kind``: what it is ("fact", "overwrites", ...).
    ``correct``: the value is said and no old one in its place; of "near", that the value is not said. ``old``: an old
    value is said. ``served``: what look-up put before the question.
    """

    arm: str
    seed: int
    after: int
    cohort: int
    correction: str
    kind: str
    metric: Metric
    place: int = 0
    question: str
    answer: str
    correct: bool
    old: bool = False
    served: str | None = None

    @property
    def item(self) -> tuple[int, str, Metric, int]:
        """What is asked, by which two mornings are compared."""
        return self.seed, self.correction, self.metric, self.place
