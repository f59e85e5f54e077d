"""What an agent did: its calls of tools, what each was answered, and whether that was a refusal."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.ingest.normalise import nested_within, whole_characters
from steps.model.tools import shown

_DEPTH = 100  # of a call's arguments
_LOOKED_AT = 2000  # characters of a result: an error says so where it begins
_REFUSES = re.compile(
    r"\W*(?!(?:ok|no|0|without|success\w*)\b)(?:\w+\W+){0,2}?"
    r"(?:error|exception|failed|failure|traceback|denied|refused|not done)\b"
    r"|.{0,200}\bexit(?:ed|[_ ]code| status)?\W{0,4}(?:with )?(?:code |status )?[1-9]\d*\b",
    re.IGNORECASE | re.DOTALL,
)
_LED = re.compile(
    r"^\W*(?:(?:error|failed|failure)\b\W*(?:exit code -?\d+\W*)?(?:not done\b\W*)?|not done\b\W*)", re.IGNORECASE
)


@dataclass(frozen=True)
class Act:
    """One call. ``arguments``: None where they were no object in JSON; ``answer``: None where none is there.

    ``words``: what the agent said with it; ``place``: of its message; ``refused``: the tool answered with an error;
    ``answered``: the place of the answer.
    """

    name: str
    arguments: Mapping[str, Any] | None
    words: str
    place: int
    answer: str | None
    refused: bool
    answered: int | None = None

    @property
    def call(self) -> dict[str, Any]:
        """The call in OpenAI's form."""
        text = json.dumps(self.arguments, ensure_ascii=False)
        return {"type": "function", "function": {"name": self.name, "arguments": text}}

    @property
    def said(self) -> str:
        """What was said and called, as text."""
        return shown(self.words, [self.call])

    @property
    def why(self) -> str:
        """What the tool said of a refusal, without the word that it was one."""
        text = self.answer or ""
        error = _object(text).get("error") if text.lstrip()[:1] == "{" else None
        told = error.get("message") if isinstance(error, Mapping) else error
        text = told if isinstance(told, str) else text
        return " ".join(_LED.sub("", text[:_LOOKED_AT]).split())[:300]


def acts_of(messages: Sequence[Mapping[str, Any]]) -> dict[int, list[Act]]:
    """Return the calls of each message by its place. Answers are told by the call's id, else by their order."""
    by_id: dict[str, list[int]] = {}
    behind: dict[int, list[int]] = {}  # answers without an id, behind the message that they answer
    calling = -1
    for place, message in enumerate(messages):
        if message["role"] == "assistant":
            calling = place
        elif message["role"] in ("tool", "function"):
            number = message.get("tool_call_id")
            if number:
                by_id.setdefault(number, []).append(place)
            else:
                behind.setdefault(calling, []).append(place)
    return {
        place: _acts(messages, place, by_id, iter(behind.get(place, ())))
        for place, message in enumerate(messages)
        if message["role"] == "assistant" and message.get("tool_calls")
    }


def _acts(
    messages: Sequence[Mapping[str, Any]], place: int, by_id: Mapping[str, list[int]], others: Iterator[int]
) -> list[Act]:
    message = messages[place]
    words, calls = (message.get("content") or "").strip(), message["tool_calls"]
    found = []
    for call in calls:
        number, function = call.get("id"), call["function"]
        answered = _first_after(by_id[number], place) if number in by_id else next(others, None)
        answer = None if answered is None else messages[answered].get("content") or ""
        found.append(
            Act(
                name=function["name"],
                arguments=_arguments(function.get("arguments")),
                words=words if len(calls) == 1 else "",
                place=place,
                answer=answer,
                refused=answer is not None and is_refusal(answer),
                answered=answered,
            )
        )
    return found


def _first_after(places: Sequence[int], place: int) -> int | None:
    """The first of ``places``, which are in order, behind ``place``: some programs begin to count in every turn."""
    found = bisect_right(places, place)
    return places[found] if found < len(places) else None


def is_refusal(answer: str) -> bool:
    """Whether a tool's answer says that it did not do what it was called for."""
    start = answer[:_LOOKED_AT]
    if start.lstrip()[:1] == "{" and (said := _object(answer)):
        status = str(said.get("status", "")).lower()
        ended = [one for one in (said, said.get("metadata")) if isinstance(one, Mapping)]
        code = next((one[key] for one in ended for key in ("exit_code", "returncode") if key in one), 0)
        failed = said.get("success") is False or said.get("ok") is False or code not in (0, "0", None)
        return failed or bool(said.get("error")) or status in ("error", "failed", "failure")
    return bool(_REFUSES.match(start))


def _arguments(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return value
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
    return whole_characters(found) if isinstance(found, dict) and nested_within(found, _DEPTH) else None


def _object(text: str) -> Mapping[str, Any]:
    return _arguments(text) or {}
