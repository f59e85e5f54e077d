"""A day in the depot: an agent tries each case twice, the depot answers, and a user says what is right now and then."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.depot.choosing import chosen
from bench.depot.world import Case, tool_of
from steps.model.chat_model import ChatModel

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Episode:
    """What was tried in a case, in order; ``correction``: what a user said after the first try."""

    case: Case
    tries: tuple[str, ...]
    correction: str | None = None

    @property
    def done(self) -> bool:
        """Whether the depot did what was tried last."""
        return self.case.answered(self.tries[-1])[0]

    @property
    def messages(self) -> Messages:
        """The episode in OpenAI's form: each try is a call of the principle's tool, after its action in words."""
        said: Messages = [{"role": "user", "content": self.case.asked}]
        for number, action in enumerate(self.tries):
            if number and self.correction:
                said.append({"role": "user", "content": self.correction})
            done, answer = self.case.answered(action)
            result = {"role": "tool", "tool_call_id": f"c{number}", "content": answer}
            said += [called(self.case, action, number), result]
            if number == len(self.tries) - 1 or self.correction:
                said.append({"role": "assistant", "content": "That is done." if done else "That did not work."})
        return said

    @property
    def tools(self) -> list[dict[str, Any]]:
        return [tool_of(self.case.principle)]


def called(case: Case, action: str, number: int = 0) -> dict[str, Any]:
    """The assistant's message that does an action: what it says, and the call, whose arguments are an object."""
    function = {"name": case.principle.tool, "arguments": case.arguments(action)}
    call = {"id": f"c{number}", "type": "function", "function": function}
    return {"role": "assistant", "content": case.said(action), "tool_calls": [call]}


def played(model: ChatModel, cases: Sequence[Case]) -> list[Episode]:
    """Let a model try every case; after an error it tries once more, with the reason before the case.

    The reason is given as the one lesson in context, for a small model goes on as it began where it reads its own
    mistake. Every second failure is corrected by a user, in words that say the rule.
    """
    first = chosen(model, cases)
    failed = [(case, action) for case, action in zip(cases, first, strict=True) if not case.answered(action)[0]]
    again = dict(zip((case.id for case, _ in failed), _retried(model, failed), strict=True))
    corrected = {case.id for case, _ in failed[::2]}
    found = []
    for case, action in zip(cases, first, strict=True):
        if case.id not in again:
            found.append(Episode(case, (action,)))
        else:
            correction = f"No. {case.rule}" if case.id in corrected else None
            found.append(Episode(case, (action, again[case.id]), correction))
    return found


def _retried(model: ChatModel, failed: Sequence[tuple[Case, str]]) -> list[str]:
    cases = [case for case, _ in failed]
    return chosen(model, cases, lessons=[case.rule for case in cases]) if cases else []
