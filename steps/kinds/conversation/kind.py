"""A conversation as a kind of experience."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from steps.ingest.redact import PLACEHOLDER
from steps.ingest.redact_talk import text_of
from steps.kinds.cleaning import Cleaning
from steps.kinds.conversation.asked import asked_key
from steps.kinds.conversation.feedback import redact_feedback
from steps.kinds.conversation.statement import without_wrong
from steps.kinds.conversation.telling import is_own, user_statements, without_asides
from steps.kinds.conversation.turns import corrections, is_judged_in_field
from steps.kinds.entry import Feedback
from steps.kinds.kind import CORRECTIONS, Dreaming, Passage, Statement
from steps.kinds.messages import MessagesKind, Talk
from steps.records import Dream, Experience


class ConversationEntry(Talk):
    kind: Literal["conversation"]
    feedback: Feedback = None
    traces: dict[str, str] | None = None
    """Which trace holds which answer, by the place of the answer among the messages."""


class Conversation(MessagesKind):
    """Messages with what was thought of them. What somebody corrected in it is learned, correction by correction.

    It grows: a later version of it has more turns, or other feedback. Its parts are its corrections.
    """

    name = "conversation"
    entry = ConversationEntry
    learned = True
    versioned = True
    titled = False
    apart = True
    corrected = True
    suite: ClassVar[str] = CORRECTIONS
    trust: ClassVar = "user"

    def redact_beside(self, payload: dict[str, Any], cleaning: Cleaning) -> None:
        redact_feedback(payload, cleaning)

    def idle(self, experience: Experience) -> str | None:
        if corrections(experience.payload):
            return None
        if is_judged_in_field(experience.payload):
            return "what was given as its correction says too much, or no value that can be told from the answer's"
        if any(PLACEHOLDER.search(text_of(turn)) for turn in experience.payload.get("messages", [])[-1:]):
            return "what it corrects was blacked out: numbers and addresses of people are not learned"
        return "nothing in it was corrected"

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        from steps.kinds.conversation.lessons import correction_dreams

        return correction_dreams(experiences, dreaming)

    def parts(self, experience: Experience) -> list[tuple[str, ...]]:
        return [(one.question, one.said) for one in corrections(experience.payload)]

    def answers(self, experience: Experience) -> list[str]:
        return [asked_key(one.question) for one in corrections(experience.payload)]

    def statements(self, experience: Experience) -> list[Statement]:
        found = corrections(experience.payload)
        given = [
            Statement(without_asides(one), n, whose="own" if is_own(one) else "everybody")
            for n, one in enumerate(found)
        ]
        return [*given, *user_statements(experience.payload, found)]

    def claims(self, experience: Experience) -> list[str]:
        return [f"{asked_key(one.question)}: {one.value}" for one in corrections(experience.payload)]

    def notes(self, experience: Experience) -> list[tuple[str, ...]]:
        """What was corrected, each under its question, then what users told; nothing that only a model said."""
        right = [(one.question, without_wrong(one)) for one in corrections(experience.payload)]
        return [*right, *((s.text,) for s in self.statements(experience) if s.part is None)]

    def of_one_user(self, experience: Experience) -> frozenset[int]:
        found = self.statements(experience)
        told = [statement for statement in found if statement.part is None]
        own = {statement.part for statement in found if statement.part is not None and statement.whose == "own"}
        first = len(self.parts(experience))
        return frozenset({*own, *range(first, first + len(told))})

    def passages(self, experience: Experience) -> list[Passage]:
        found = corrections(experience.payload)
        told = [f"{one.question} {one.said}" for one in found]
        return [Passage(experience, 0, told or [experience.text], self.suite)]

    def context(self, experience: Experience, sentence: int | None) -> str:
        found = corrections(experience.payload)
        if sentence is None or sentence >= len(found):
            return self.passages(experience)[0].context
        return f"{found[sentence].question}\n{found[sentence].said}"
