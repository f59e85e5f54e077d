"""Before and after a night: the candidate beside what served, question by question."""

from collections.abc import Iterable
from typing import TypeVar

from steps.records import AnchorAnswer, Answer

Row = TypeVar("Row", Answer, AnchorAnswer)


def closed_book(answers: Iterable[Answer]) -> list[Answer]:
    """Return the answers that were given without the document."""
    return [answer for answer in answers if answer.condition == "closed"]


def before_and_after(rows: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Pair each of the candidate's rows with the champion's, or the base's where there is no champion's.

    Rows are of one condition; what has no counterpart is left out.
    """
    by_model: dict[str, dict[tuple[str, str], Row]] = {"base": {}, "champion": {}, "candidate": {}}
    for row in rows:
        by_model[row.model][getattr(row, "cohort", ""), row.id] = row
    before = by_model["base"] | by_model["champion"]
    return [(before[key], after) for key, after in by_model["candidate"].items() if key in before]
