"""Held-out cases of principles: how likely the right act is, and whether a model does it by itself."""

from collections.abc import Mapping, Sequence

from steps.examine.kinds.suite import LIKELIHOOD, Item, KindReply, Measure, Suite, Turn, about, likelihood
from steps.kinds.trace.kind import SUITE
from steps.lesson import Lesson
from steps.model.tools import call_text, same_calls
from steps.records import Dream

SUCCESS = "success"


class Workflows(Suite):
    """Each case is an item: no lesson has its words. Of a principle with few cases all may be held out.

    It succeeds if the greedy answer makes the same calls with the same arguments, or, where none is made, says the
    same words. Over nights its share has to be flat or to rise.
    """

    name = SUITE
    says = "Unseen cases of principles: what is right is likelier than with the champion, on earlier nights' not less."
    measures = (
        LIKELIHOOD,
        Measure(SUCCESS, "share of the cases", "epsilon_cohorts"),
    )

    def items(self, lessons: Mapping[str, Sequence[tuple[Dream, Lesson]]]) -> list[Item]:
        return [_item(dream, lesson) for found in lessons.values() for dream, lesson in found]

    def measured(self, row: KindReply) -> dict[str, float]:
        found = likelihood(row)
        if row.replies and len(row.replies) == len(row.key):
            found[SUCCESS] = sum(map(does_the_same, row.replies, row.key)) / len(row.key)
        return found


def does_the_same(reply: str, key: str) -> bool:
    """Whether an answer calls what the key calls, or says what it says where it calls nothing."""
    alike = same_calls(reply, key)
    return reply.lower().split() == key.lower().split() if alike is None else alike


def _item(dream: Dream, lesson: Lesson) -> Item:
    turn = Turn(lesson.messages, lesson.completion, lesson.calls, lesson.tools, answered=True)
    key = (call_text(lesson.completion, lesson.calls),)
    return Item(SUITE, dream.id, dream.night, dream.source, dream.question, (turn,), key, about(dream))
