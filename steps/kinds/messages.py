"""What kinds made of chat messages share: their form (OpenAI's), how they are kept, and how they read as text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from steps.ingest.chat_parts import stands_for_no_text
from steps.ingest.normalise import tidy
from steps.kinds.arguments import with_arguments
from steps.kinds.chatter import chatter
from steps.kinds.cleaning import Cleaning
from steps.kinds.entry import Entry, Input, Text
from steps.kinds.kind import Kind, Shown
from steps.records import Dream
from steps.sentences import sentences

TITLE_CHARS = 80
SHOWN_CHARS = 2000  # of a question and an answer as a dream shows them; the lesson has all of it
_BARE = ("role", "content", "tool_calls", "tool_call_id", "name")


class TextPart(Input):
    type: Literal["text", "input_text", "output_text"]
    text: str


class Function(Input):
    name: Text
    arguments: str | dict[str, Any] = "{}"


class ToolCall(Input):
    id: str | None = None
    type: Literal["function"] = "function"
    function: Function


class Message(Input):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    weight: int | float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.content is None and not self.tool_calls:
            raise ValueError("a message without content needs tool_calls")
        return self


Messages = Annotated[list[Message], Field(min_length=1)]


class Chat(Entry):
    """What a record of chat messages may say besides: who talked when in which session, which tools there were."""

    user: str | None = None
    session: str | None = None
    tools: list[dict[str, Any]] | None = None

    @field_validator("user", "session", mode="before")
    @classmethod
    def _number_or_name(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Talk(Chat):
    """A record of messages."""

    messages: Messages

    @field_validator("messages")
    @classmethod
    def _not_silent(cls, messages: list[Message]) -> list[Message]:
        if not any(message.tool_calls or _rendered(message.content).strip() for message in messages):
            raise ValueError("all messages are empty")
        return messages


class MessagesKind(Kind):
    """A kind whose records are messages, and whatever else the subclass's ``entry`` holds. It waits by default.

    ``chats``: the fields that hold messages. What else looks like some (feedback, say) is kept as it is.
    """

    learned = False
    chats: ClassVar[tuple[str, ...]] = ("messages",)

    def held_out_with(self, dream: Dream) -> str:
        """What is asked first: a talk is held out whole, with all that begin alike and the same case of other traces.

        Of one talk several answers may be rated, each after the one before.
        """
        return begun_with(dream)

    def shown(self, entry: Entry, cleaning: Cleaning) -> Shown:
        value = entry.model_dump(exclude_none=True, exclude={"kind", "created_at", "title", "source"})
        value |= {key: _plain(value[key]) for key in self.chats if isinstance(value.get(key), list)}
        payload = cleaning.payload(value)
        for key in self.chats:
            if isinstance(value.get(key), list):
                payload[key] = with_arguments(payload[key], value[key])
        question = ""
        for key in self.chats:
            question = _redact_replies(payload, key, question, cleaning)
        self.redact_beside(payload, cleaning)
        text = cleaning.redacted(cleaning.bounded(tidy(_transcript(payload))))
        return Shown(entry.title or _topic(payload), text, payload)

    def redact_beside(self, payload: dict[str, Any], cleaning: Cleaning) -> None:
        """Redact what stands beside the messages and answers them."""


def bare(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message with what a model is shown of it."""
    return {name: message[name] for name in _BARE if message.get(name) is not None}


def asked_last(messages: Sequence[Mapping[str, Any]]) -> str:
    """What the user says last; "" if nothing."""
    return next((m.get("content") for m in reversed(messages) if m["role"] == "user"), None) or ""


def opening(messages: Sequence[Mapping[str, Any]], title: str) -> str:
    """What a talk is about from its beginning: what a user asks first, greetings aside, whatever its case and spaces.

    ``title``: what it is called where no user says anything.
    """
    asked = (m["content"] for m in messages if m["role"] == "user" and tells_something([m]))
    return " ".join(next(asked, title).lower().split())[:SHOWN_CHARS]


def begun_with(dream: Dream) -> str:
    """The same of what is shown in a dream, of whatever kind that is: what begins alike gives each other away."""
    return str(dream.verification.get("opening") or " ".join(dream.question.lower().split()))


NO_TEXT = "it is about what is no text"


def shows_no_text(messages: Iterable[Mapping[str, Any]]) -> bool:
    """Whether something that is no text stands among them: without the picture nobody could have answered."""
    return any(stands_for_no_text(message.get("content") or "") for message in messages)


def tells_something(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether anybody says more than greetings, thanks and the like."""
    said = [part for message in messages for part in sentences(message.get("content") or "")]
    return any(any(map(str.isalnum, part)) and chatter(part) is None for part in said)


def _plain(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages whose content is one text and whose tools' arguments are JSON in a string, as OpenAI has them."""
    result = []
    for message in messages:
        message = dict(message)
        if isinstance(message.get("content"), list):
            message["content"] = "\n".join(part["text"] for part in message["content"])
        for call in message.get("tool_calls", []):
            if isinstance(arguments := call["function"]["arguments"], dict):
                call["function"]["arguments"] = json.dumps(arguments, ensure_ascii=False)
        result.append(message)
    return result


def _redact_replies(payload: dict[str, Any], key: str, question: str, cleaning: Cleaning) -> str:
    """Redact what answers a question for a password, or corrects such an answer; return the last question."""
    if key not in payload:
        return question
    if isinstance(payload[key], str):
        payload[key] = cleaning.reply(question, payload[key])
        return question or payload[key]
    asked, answered = question, False
    for message in payload[key]:
        content, is_user = message.get("content") or "", message["role"] == "user"
        corrects = answered and not content.rstrip().endswith("?") and chatter(content) is None
        if content and (corrects or not is_user):
            message["content"] = cleaning.reply(asked, content)
        if is_user and message.get("content") == content:  # who gives the password anew asks nothing
            asked = content
        answered = message["role"] == "assistant"
    return question or asked


def _transcript(payload: dict[str, Any]) -> str:
    parts = [_said(message) for message in payload.get("messages", [])]
    for key in ("prompt", "chosen", "rejected", "completion"):
        if key in payload:
            value = payload[key]
            parts.append(f"{key}: " + (value if isinstance(value, str) else "\n".join(_said(m) for m in value)))
    if "label" in payload:
        parts.append(f"rated: {'good' if payload['label'] else 'bad'}")
    if "outcome" in payload:
        parts.append(f"outcome: {payload['outcome']['status']}")
    feedback = payload.get("feedback", payload.get("outcome", {}).get("feedback"))
    if feedback is not None:
        parts.append(f"feedback: {feedback if isinstance(feedback, str) else json.dumps(feedback, ensure_ascii=False)}")
    return "\n".join(parts)


def _said(message: dict[str, Any]) -> str:
    speaker = message["role"] + (f" {message['name']}" if message.get("name") else "")
    lines = [f"{speaker}: {message['content']}"] if message.get("content") else []
    for call in message.get("tool_calls", []):
        lines.append(f"{speaker} calls {call['function']['name']}({call['function']['arguments']})")
    return "\n".join(lines) or f"{speaker}:"


def _topic(payload: dict[str, Any]) -> str:
    """Return the first line of the first thing that the user says."""
    prompt = payload.get("prompt", "")
    messages = payload.get("messages") or (prompt if isinstance(prompt, list) else [])
    said = [m["content"] for m in messages if m["role"] == "user" and m.get("content", "").strip()]
    text = said[0] if said else prompt if isinstance(prompt, str) else ""
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return first if len(first) <= TITLE_CHARS else first[: TITLE_CHARS - 1].rsplit(" ", 1)[0] + "…"


def _rendered(content: str | list[TextPart] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.text for part in content)
