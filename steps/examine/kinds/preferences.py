"""Held-out preferences: how much likelier the better answer became than the worse one."""

from collections.abc import Mapping, Sequence

from steps.examine.kinds.drift import drift, watched
from steps.examine.kinds.suite import Drift, Item, KindReply, Measure, Suite, Turn, about
from steps.kinds.preference import BETA, SUITE
from steps.lesson import Lesson
from steps.records import Dream
from steps.settings import GateSettings

MARGIN, LIKELIER = "reward margin", "the better one likelier"


class Preferences(Suite):
    """The reward margin that training means (arXiv 2305.18290): its change against the champion is what was learned.

    ``LIKELIER``: of pairs, whether the better answer is likelier word for word, whatever its length.
    """

    name = SUITE
    says = "Held-out preferences: tonight's gain margin against the champion, earlier nights' keep it; no drift."
    measures = (
        Measure(MARGIN, "reward margin", "epsilon_preferences", learned=True),
        Measure(LIKELIER, "share of the pairs"),
    )

    def items(self, lessons: Mapping[str, Sequence[tuple[Dream, Lesson]]]) -> list[Item]:
        found = [_item(number, *own) for number, those in lessons.items() for own in those]
        return found + watched(SUITE) if found else []

    def signs(self, item: Item) -> tuple[int, ...]:
        return tuple(-1 if turn.disliked else 1 for turn in item.turns if turn.completion is not None)

    def measured(self, row: KindReply) -> dict[str, float]:
        if not row.tokens:
            return {}
        pairs = list(zip(row.signs, row.log_probabilities, row.tokens, strict=True))
        found = {MARGIN: BETA * sum(sign * total for sign, total, _ in pairs)}
        if len(pairs) == 2:
            better, worse = (total / count for _, total, count in pairs)
            found[LIKELIER] = float(better > worse)
        return found

    def drift(self, candidate: Sequence[KindReply], champion: Sequence[KindReply], settings: GateSettings) -> Drift:
        return drift(candidate, champion, times=settings.drift)


def _item(number: str, dream: Dream, lesson: Lesson) -> Item:
    first = Turn(lesson.messages, lesson.completion, lesson.calls, lesson.tools, disliked=lesson.objective == "dislike")
    turns = [first]
    if lesson.rejected is not None:
        turns.append(Turn(lesson.messages, lesson.rejected, lesson.rejected_calls, lesson.tools, disliked=True))
    return Item(SUITE, number, dream.night, dream.source, dream.question, tuple(turns), (), about(dream))
