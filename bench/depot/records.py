"""What a run leaves on disk: one row for each case that an arm acted in; everything else follows from them."""

from steps.records import Record


class DepotMark(Record):
    """The action of one arm after night ``after`` in a case of a principle that night ``cohort`` taught.

    ``side``: which side of the principle speaks of it; None: a near miss, of which nothing is right. ``fires``: it is
    the action of either side.
    """

    arm: str
    seed: int
    after: int
    cohort: int
    principle: str
    family: str
    side: int | None
    asked: str
    action: str
    correct: bool
    fires: bool
    lesson: str | None = None

    @property
    def item(self) -> tuple[int, str, str]:
        """What is asked, by which two arms or mornings are compared."""
        return self.seed, self.principle, self.asked
