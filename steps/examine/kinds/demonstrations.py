"""Held-out demonstrations: how likely their answers are, and whether a model gives them by itself."""

from collections.abc import Mapping, Sequence

from steps.examine.kinds.suite import LIKELIHOOD, Item, KindReply, Measure, Suite, Turn, about, likelihood
from steps.kinds.demonstration import SUITE
from steps.lesson import Lesson
from steps.model.tools import call_text, same_calls
from steps.records import Dream
from steps.sentences import words

LEADING_WORDS = 3  # of an answer in words, which a greedy answer has to begin with
MATCH = "match"


class Demonstrations(Suite):
    """Likelihood of each held-out turn given all before it, and match of the greedy answer.

    An answer in words matches if its first words are the demonstration's; a call of tools, if it names the same tools
    with the same arguments.
    """

    name = SUITE
    says = "Held-out demonstrations: tonight's are likelier than with the champion, earlier nights' not less likely."
    measures = (
        LIKELIHOOD,
        Measure(MATCH, "share of the answers"),
    )

    def items(self, lessons: Mapping[str, Sequence[tuple[Dream, Lesson]]]) -> list[Item]:
        return [_item(number, found) for number, found in lessons.items()]

    def measured(self, row: KindReply) -> dict[str, float]:
        found = likelihood(row)
        if row.replies and len(row.replies) == len(row.key):
            called = row.calls or (False,) * len(row.key)  # examinations from before do not say so
            found[MATCH] = sum(map(matches, row.replies, row.key, called)) / len(row.key)
        return found


def matches(reply: str, key: str, calls: bool) -> bool:
    """Whether an answer is the demonstration's, in its calls of tools or in its first words.

    ``calls``: the demonstration calls a tool. In whatever form a model's own template writes that, all its words count.
    """
    if reply.split() == key.split():
        return True
    alike = same_calls(reply, key)
    counted = None if calls else LEADING_WORDS
    return words(reply)[:counted] == words(key)[:counted] if alike is None else alike


def _item(number: str, found: Sequence[tuple[Dream, Lesson]]) -> Item:
    first = found[0][0]
    turns = tuple(
        Turn(lesson.messages, lesson.completion, lesson.calls, lesson.tools, answered=True) for _, lesson in found
    )
    key = tuple(call_text(lesson.completion, lesson.calls) for _, lesson in found)
    return Item(SUITE, number, first.night, first.source, first.question, turns, key, about(first))
