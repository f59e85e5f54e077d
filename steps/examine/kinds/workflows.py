"""Held-out cases of principles: how likely the right act is, and whether a model does it by itself."""

import json
from collections.abc import Mapping, Sequence

from steps.examine.kinds.suite import Item, KindReply, Measure, Suite, Turn
from steps.kinds.trace.kind import SUITE
from steps.lesson import Lesson
from steps.model.tools import call_text, calls_in
from steps.records import Dream

LIKELIHOOD, SUCCESS = "nats per token", "success"


class Workflows(Suite):
    """Each case is an item: no lesson has its words, and other cases of its principle are lessons.

    It succeeds if the greedy answer makes the same calls with the same arguments, or, where none is made, says the
    same words. Over nights its share has to be flat or to rise.
    """

    name = SUITE
    says = "Unseen cases of principles: what is right is likelier than with the champion, on earlier nights' not less."
    measures = (
        Measure(LIKELIHOOD, "nats per token", "epsilon_demonstrations", learned=True),
        Measure(SUCCESS, "share of the cases", "epsilon_cohorts"),
    )

    def items(self, lessons: Mapping[str, Sequence[tuple[Dream, Lesson]]]) -> list[Item]:
        return [_item(dream, lesson) for found in lessons.values() for dream, lesson in found]

    def measured(self, row: KindReply) -> dict[str, float]:
        found = {LIKELIHOOD: sum(row.log_probabilities) / sum(row.tokens)} if row.tokens else {}
        if row.replies and len(row.replies) == len(row.key):
            found[SUCCESS] = sum(map(does_the_same, row.replies, row.key)) / len(row.key)
        return found


def does_the_same(reply: str, key: str) -> bool:
    """Whether an answer calls what the key calls, or says what it says where it calls nothing."""
    wanted = calls_in(key)
    if wanted:
        return [json.dumps(call, sort_keys=True) for call in calls_in(reply)] == [
            json.dumps(call, sort_keys=True) for call in wanted
        ]
    return reply.lower().split() == key.lower().split()


def _item(dream: Dream, lesson: Lesson) -> Item:
    turn = Turn(lesson.messages, lesson.completion, lesson.calls, lesson.tools, answered=True)
    key = (call_text(lesson.completion, lesson.calls),)
    return Item(SUITE, dream.id, dream.night, dream.source, dream.question, (turn,), key)
