"""A trace of spans as one talk: the longest request to the model with its reply, and what the tools answered to it.

Each request repeats the talk before it, so the longest one has all of it (never one record a call).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from steps.ingest.experience.fields import Found, a_text, by_key, inside
from steps.ingest.experience.talk import call, calls, calls_in, last_answer, result


@dataclass(frozen=True)
class ModelCall:
    """A request to a model, or a whole run of an agent: what it was given and what came of it."""

    began: float
    messages: list[Found]
    reply: list[Found]
    tools: Any = None

    @property
    def talk(self) -> list[Found]:
        """All that is said in it; a reply may begin with what was asked."""
        repeats = len(self.reply) > len(self.messages) and self.reply[: len(self.messages)] == self.messages
        return self.reply if repeats else [*self.messages, *self.reply]


@dataclass(frozen=True)
class ToolRun:
    """A tool at work. ``id``: of the call that it answers, where that is known."""

    began: float
    name: str | None
    arguments: Any
    said: Any
    failed: bool = False
    id: str | None = None


def talk_of_spans(
    model_calls: Sequence[ModelCall], runs: Iterable[ToolRun], *, answer: Sequence[Found] = ()
) -> tuple[list[Found], Any]:
    """Return the messages of a trace, and the definitions of tools that the model was given.

    ``answer``: what the whole trace returned; it is added where the last request to the model has none yet.
    """
    ordered = sorted(runs, key=lambda run: run.began)
    talks = [(one.talk, one) for one in model_calls]
    messages, longest = max(talks, key=lambda talk: (len(talk[0]), talk[1].began), default=([], None))
    if any(map(calls_in, messages)) or not ordered:
        messages = [*_answered(messages, ordered)]
    elif not any(one.tools for one in model_calls):
        messages = [*_acted(messages, ordered)]  # a program called the tools, and no model was asked which
    said = [message for message in answer if message.get("role") == "assistant" and message.get("content")]
    last = last_answer(messages)
    if said and (last is None or last != len(messages) - 1):
        messages = [*messages, said[-1]]
    tools = longest.tools if longest and longest.tools else next((one.tools for one in model_calls if one.tools), None)
    return messages, tools


def _answered(messages: Iterable[Found], runs: Sequence[ToolRun]) -> Iterator[Found]:
    """Yield messages, each call that nothing answers followed by what the tool's own span says."""
    messages = list(messages)
    closed = {a_text(message.get("tool_call_id")) for message in messages if message.get("role") == "tool"}
    known = by_key((run.id, run) for run in runs if run.id)
    named = by_key((run.name, run) for run in reversed(runs) if run.id is None)
    for place, message in enumerate(messages):
        yield message
        if place + 1 < len(messages) and messages[place + 1].get("role") == "tool":
            continue
        for made in calls_in(message):
            id_, name = a_text(made.get("id")), a_text(inside(made, "function", "name"))
            if id_ is not None and id_ in closed:
                continue
            run = next(iter(known.get(id_, ())), None) or (named[name].pop() if named.get(name) else None)
            if run is not None:
                yield result(run.said, id=id_, failed=run.failed)


def _acted(messages: Sequence[Found], runs: Sequence[ToolRun]) -> Iterator[Found]:
    last = last_answer(messages)
    before = len(messages) if last is None or last != len(messages) - 1 else last
    yield from messages[:before]
    for number, run in enumerate(runs):
        id_ = run.id or f"call_{number + 1}"
        yield calls(call(name=run.name, arguments=run.arguments, id=id_))
        yield result(run.said, id=id_, failed=run.failed)
    yield from messages[before:]
