"""Which answers of an examination a person is shown item by item, and in which order."""

from collections.abc import Iterable

from steps.examine.pairs import before_and_after, closed_book
from steps.examine.reading import marked
from steps.examine.replies import ProbeReply
from steps.registry.review import Item

ITEMS = 300  # about 20 s of writing here; the rest is in the examination's files


def review_items(replies: Iterable[ProbeReply], *, night: str) -> list[Item]:
    """Return at most ``ITEMS`` questions with the champion's (or the base's) and the candidate's closed-book answers.

    Last comes, and is seen first in MLflow, what changed; of what did not, tonight's before earlier nights'.
    """
    rows = list(replies)
    keys = {(row.cohort, row.id): " | ".join(row.key) or "(it is not to be known)" for row in rows}
    pairs = before_and_after(closed_book(marked(rows)))
    pairs.sort(key=lambda pair: (pair[0].correct != pair[1].correct, pair[1].cohort == night))
    return [
        Item(
            question=after.question,
            expected=keys[after.cohort, after.id],
            suite="tonight" if after.cohort == night else f"night {after.cohort}",
            said={"champion": (before.answer, before.correct), "candidate": (after.answer, after.correct)},
        )
        for before, after in pairs[-ITEMS:]
    ]
