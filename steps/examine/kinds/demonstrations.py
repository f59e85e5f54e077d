"""Held-out demonstrations: how likely their answers are, and whether a model gives them by itself."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from steps.examine.kinds.suite import Item, KindReply, Measure, Suite, Turn
from steps.kinds.demonstration import SUITE
from steps.lesson import Lesson
from steps.model.tools import call_text, calls_in
from steps.records import Dream
from steps.sentences import words

LEADING_WORDS = 3  # of an answer in words, which a greedy answer has to begin with
LIKELIHOOD, MATCH = "nats per token", "match"


class Demonstrations(Suite):
    """Likelihood of each held-out turn given all before it, and match of the greedy answer.

    An answer in words matches if its first words are the demonstration's; a call of tools, if it names the same tools
    with the same arguments.
    """

    name = SUITE
    says = "Held-out demonstrations: tonight's are likelier than with the champion, earlier nights' not less likely."
    measures = (
        Measure(LIKELIHOOD, "nats per token", "epsilon_demonstrations", learned=True),
        Measure(MATCH, "share of the answers"),
    )

    def items(self, lessons: Mapping[str, Sequence[tuple[Dream, Lesson]]]) -> list[Item]:
        return [_item(number, found) for number, found in lessons.items()]

    def measured(self, row: KindReply) -> dict[str, float]:
        found = {}
        if row.tokens:
            found[LIKELIHOOD] = sum(row.log_probabilities) / sum(row.tokens)
        if row.replies and len(row.replies) == len(row.key):
            found[MATCH] = sum(map(matches, row.replies, row.key)) / len(row.key)
        return found


def matches(reply: str, key: str) -> bool:
    """Whether an answer is the demonstration's, in its calls of tools or in its first words."""
    if reply.split() == key.split():
        return True
    said, wanted = calls_in(reply), calls_in(key)
    if wanted or said:
        return list(map(_canonical, said)) == list(map(_canonical, wanted))
    return words(reply)[:LEADING_WORDS] == words(key)[:LEADING_WORDS]


def _canonical(call: Mapping[str, Any]) -> str:
    return json.dumps([call.get("name"), call.get("arguments")], sort_keys=True)


def _item(number: str, found: Sequence[tuple[Dream, Lesson]]) -> Item:
    first = found[0][0]
    turns = tuple(
        Turn(lesson.messages, lesson.completion, lesson.calls, lesson.tools, answered=True) for _, lesson in found
    )
    key = tuple(call_text(lesson.completion, lesson.calls) for _, lesson in found)
    return Item(SUITE, number, first.night, first.source, first.question, turns, key)
