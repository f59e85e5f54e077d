"""A conversation as a kind of experience."""

from collections.abc import Sequence
from typing import Literal

from steps.kinds.conversation.corrections import asked_key, corrections
from steps.kinds.entry import Feedback
from steps.kinds.kind import Dreaming, Passage
from steps.kinds.messages import MessagesKind, Talk
from steps.records import Dream, Experience


class ConversationEntry(Talk):
    kind: Literal["conversation"]
    feedback: Feedback = None
    user: str | None = None
    session: str | None = None
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

    def idle(self, experience: Experience) -> str | None:
        return None if corrections(experience.payload) else "nothing in it was corrected"

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        from steps.kinds.conversation.lessons import correction_dreams

        return correction_dreams(experiences, dreaming)

    def parts(self, experience: Experience) -> list[tuple[str, ...]]:
        return [(one.question, one.said) for one in corrections(experience.payload)]

    def answers(self, experience: Experience) -> list[str]:
        return [asked_key(one.question) for one in corrections(experience.payload)]

    def passages(self, experience: Experience) -> list[Passage]:
        found = corrections(experience.payload)
        return [Passage(experience, 0, [f"{one.question} {one.said}" for one in found] or [experience.text])]

    def context(self, experience: Experience, sentence: int | None) -> str:
        found = corrections(experience.payload)
        if sentence is None or sentence >= len(found):
            return self.passages(experience)[0].context
        return f"{found[sentence].question}\n{found[sentence].said}"
