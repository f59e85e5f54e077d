"""A trace of spans as one talk: the longest request to the model with its reply, and what the tools answered to it.

Each request repeats the talk before it, so the longest one has all of it (never one record a call).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from steps.ingest.chat_parts import as_failed
from steps.ingest.experience.fields import Found, a_text, an_object, by_key, inside, loaded
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


def _answered(messages: Sequence[Found], runs: Sequence[ToolRun]) -> Iterator[Found]:
    """Yield messages, each call that nothing answers followed by what the tool's own span says.

    Where the span says that the tool failed, the answer that stands in the messages says so, too.
    """
    closed = {a_text(message.get("tool_call_id")) for message in messages if message.get("role") == "tool"}
    of_call = _runs_of(messages, runs)
    failed = {a_text(made.get("id")) for made, run, sure in of_call.values() if run.failed and sure} - {None}
    for place, message in enumerate(messages):
        if message.get("role") == "tool" and a_text(message.get("tool_call_id")) in failed:
            message = {**message, "content": as_failed(a_text(message.get("content")) or "")}
        yield message
        if place + 1 < len(messages) and messages[place + 1].get("role") == "tool":
            continue
        for number, made in enumerate(calls_in(message)):
            id_ = a_text(made.get("id"))
            if (id_ is None or id_ not in closed) and (place, number) in of_call:
                run = of_call[place, number][1]
                yield result(run.said, id=id_, failed=run.failed)


def _runs_of(messages: Sequence[Found], runs: Sequence[ToolRun]) -> dict[tuple[int, int], tuple[Found, ToolRun, bool]]:
    """Which run each call came to, by the place of its message and its own, and whether that is sure.

    It is by the call's id, and by the tool's name with the very same arguments; else they came in their order.
    """
    made = {(place, n): one for place, said in enumerate(messages) for n, one in enumerate(calls_in(said))}
    found: dict[tuple[int, int], tuple[Found, ToolRun, bool]] = {}
    left = dict(enumerate(runs))
    for keys_of_call, key_of_run, sure in (
        (lambda one: a_text(one.get("id")), lambda run: run.id, True),
        (lambda one: _key(*_called(one)), lambda run: _key(run.name, run.arguments), True),
        (lambda one: _called(one)[0], lambda run: run.name if run.id is None else None, False),
    ):
        waiting = by_key((key_of_run(run), n) for n, run in reversed(left.items()))
        for at, one in made.items():
            key = keys_of_call(one) if at not in found else None
            if key is not None and waiting.get(key):
                found[at] = (one, left.pop(waiting[key].pop()), sure)
    return found


def _called(made: Found) -> tuple[str | None, Any]:
    return a_text(inside(made, "function", "name")), loaded(inside(made, "function", "arguments"))


def _key(name: str | None, arguments: Any) -> str | None:
    """One text for a tool and what it is given; None where it is given nothing that tells calls apart."""
    return json.dumps([name, arguments], sort_keys=True, default=str) if name and arguments else None


def tool_message(said: Any) -> tuple[Any, str | None, bool]:
    """What a tool said, the id of its call and whether it failed; LangChain's tools return all of it in a message."""
    held = an_object(said)
    held = an_object(held.get("kwargs")) or held
    if "tool_call_id" not in held:
        return said, None, False
    return held.get("content"), a_text(held["tool_call_id"]), held.get("status") == "error"


def _acted(messages: Sequence[Found], runs: Sequence[ToolRun]) -> Iterator[Found]:
    last = last_answer(messages)
    before = len(messages) if last is None or last != len(messages) - 1 else last
    yield from messages[:before]
    for number, run in enumerate(runs):
        id_ = run.id or f"call_{number + 1}"
        yield calls(call(name=run.name, arguments=run.arguments, id=id_))
        yield result(run.said, id=id_, failed=run.failed)
    yield from messages[before:]
