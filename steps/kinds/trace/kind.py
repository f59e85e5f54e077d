"""A trace as a kind of experience."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from steps.kinds.cleaning import Cleaning
from steps.kinds.conversation.asked import asked_key
from steps.kinds.conversation.feedback import redact_feedback
from steps.kinds.conversation.telling import is_own, without_asides
from steps.kinds.conversation.turns import corrections
from steps.kinds.entry import Feedback, Input, Text
from steps.kinds.kind import CORRECTIONS, Dreaming, Passage, Statement
from steps.kinds.messages import MessagesKind, Talk, tells_something
from steps.kinds.trace.principles import teaching
from steps.records import Dream, Experience

SUITE = "workflows"


class OutcomeInput(Input):
    status: Text
    feedback: Feedback = None


class TraceEntry(Talk):
    kind: Literal["trace"]
    outcome: OutcomeInput | None = None
    feedback: Feedback = None


class Trace(MessagesKind):
    """Messages with calls of tools, with how it ended if that is known.

    Its parts are what users corrected in it, as in a conversation, and after them the situations that show what is
    right. A trace that has neither waits: that nothing failed is no success.
    """

    name = "trace"
    entry = TraceEntry
    learned = True
    titled = False
    corrected = True
    trust: ClassVar = "agent"
    suite: ClassVar[str] = SUITE

    def redact_beside(self, payload: dict[str, Any], cleaning: Cleaning) -> None:
        redact_feedback(payload, cleaning)

    def idle(self, experience: Experience) -> str | None:
        payload = experience.payload
        messages, judged = payload.get("messages", []), payload.get("outcome", {}).get("feedback")
        if judged or payload.get("feedback") or any(message.get("tool_calls") for message in messages):
            return None
        return None if tells_something(messages) else "nothing was done in it"

    def obstacle(self, experience: Experience) -> str | None:
        return None if self.parts(experience) else "nobody and nothing in it says what was right"

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        from steps.kinds.conversation.lessons import correction_dreams
        from steps.kinds.trace.lessons import practice_dreams

        told = [one for one in experiences if dreaming.chosen(one, 0)]
        # what shows nothing that is right has no passage, and may speak against a principle all the same
        shown = [e for e in experiences if dreaming.chosen(e, len(corrections(e.payload))) or not teaching(e)]
        return [*correction_dreams(told, dreaming), *practice_dreams(shown, dreaming)]

    def suite_of(self, dream: Dream) -> str:
        """What users corrected can be asked for."""
        return SUITE if "principle" in dream.verification else CORRECTIONS

    def lesson(self, experience: Experience, dream: Dream) -> dict[str, Any]:
        from steps.kinds.trace.lessons import taught

        return taught(experience, dream) if self.suite_of(dream) == SUITE else {}

    def asked_through(self, dream: Dream) -> str | None:
        """Its principle, of which a case is always practised."""
        return str(dream.verification["principle"]) if "principle" in dream.verification else None

    def parts(self, experience: Experience) -> list[tuple[str, ...]]:
        said = [(one.question, one.said) for one in corrections(experience.payload)]
        return [*said, *((one.asked, one.right.said) for one in teaching(experience) if one.right)]

    def answers(self, experience: Experience) -> list[str]:
        return [asked_key(one.question) for one in corrections(experience.payload)]

    def claims(self, experience: Experience) -> list[str]:
        """Of what users corrected alone: what many traces do is merged into principles, and not taken for known."""
        return [f"{asked_key(one.question)}: {one.value}" for one in corrections(experience.payload)]

    def statements(self, experience: Experience) -> list[Statement]:
        found = corrections(experience.payload)
        return [
            Statement(without_asides(one), n, whose="own" if is_own(one) else "everybody")
            for n, one in enumerate(found)
        ]

    def passages(self, experience: Experience) -> list[Passage]:
        """What users corrected, and the situations: a night may have room, or enough, for the one and not the other."""
        told = self.facts(experience)
        first = sum(len(passage.sentences) for passage in told)
        shown = [" ".join(part) for part in self.parts(experience)[first:]]
        return [*told, *([Passage(experience, first, shown, SUITE)] if shown else [])]

    def facts(self, experience: Experience) -> list[Passage]:
        """What users corrected: it is asked for as in a conversation."""
        told = [f"{one.question} {one.said}" for one in corrections(experience.payload)]
        return [Passage(experience, 0, told, CORRECTIONS)] if told else []

    def context(self, experience: Experience, sentence: int | None) -> str:
        parts = self.parts(experience)
        return "\n".join(parts[sentence]) if sentence is not None and sentence < len(parts) else experience.text
