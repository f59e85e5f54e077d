"""What clients send: OpenAI's chat, as far as it is answered here. Fields that nobody knows are ignored."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_UNANSWERED = {
    "logprobs": "log-probabilities are not given",
    "top_logprobs": "log-probabilities are not given",
    "functions": "functions are old: send tools",
    "audio": "nothing is spoken",
    "logit_bias": "no token is made likelier",
    "frequency_penalty": "what was said is as likely as before",
    "presence_penalty": "what was said is as likely as before",
}


_TEXT = {"type": "text"}


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Message(_Lenient):
    """One message. ``content``: text, parts of text, or nothing beside tool calls and of an assistant or a tool."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    name: str | None = None

    @field_validator("tool_calls")
    @classmethod
    def _called(cls, value: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        if not all(isinstance(call.get("function"), dict) for call in value or ()):
            raise ValueError("each call has a function, with a name and arguments")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> "Message":
        if self.content is None and self.role not in ("assistant", "tool"):
            raise ValueError(f"a message of role {self.role!r} has content")
        return self

    @property
    def text(self) -> str:
        """All that it says.

        Raises:
            ValueError: a part of it is no text.
        """
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        others = {str(part.get("type")) for part in self.content} - {"text"}
        if others:
            raise ValueError(f"only text is read here, and a message has a part of type {sorted(others)[0]!r}")
        said = [part.get("text", "") for part in self.content]
        if not all(isinstance(text, str) for text in said):
            raise ValueError("the text of a part is no text")
        return "".join(said)


class StreamOptions(_Lenient):
    include_usage: bool = False


class ChatRequest(_Lenient):
    """The body of ``/v1/chat/completions``."""

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(0.0, ge=0.0, le=2.0)
    top_p: float = Field(1.0, gt=0.0, le=1.0)
    n: int = 1
    seed: int | None = None
    stop: str | list[str] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None

    @model_validator(mode="before")
    @classmethod
    def _said_at_once(cls, given: Any) -> Any:
        """Refuse what would be silently missing in the answer. A null is a field that is not there."""
        if not isinstance(given, dict):
            return given
        given = {name: value for name, value in given.items() if value is not None}
        for name, why in _UNANSWERED.items():
            if given.get(name):
                raise ValueError(f"{name}: {why}")
        if given.get("response_format", _TEXT) != _TEXT:
            raise ValueError("response_format: no form is enforced; ask for it in words, and check what comes")
        if given.get("tool_choice", "auto") not in ("auto", "none"):
            raise ValueError("tool_choice: a call cannot be forced; 'auto' and 'none' are taken")
        if "audio" in (given.get("modalities") or ()):
            raise ValueError("modalities: nothing is spoken")
        return given

    @field_validator("n")
    @classmethod
    def _one(cls, value: int) -> int:
        if value != 1:
            raise ValueError("one choice is given for each request: ask again for another")
        return value

    @field_validator("stop")
    @classmethod
    def _few(cls, value: str | list[str] | None) -> str | list[str] | None:
        if isinstance(value, list) and len(value) > 4:
            raise ValueError("at most 4 stop words")
        return value

    @property
    def stops(self) -> tuple[str, ...]:
        found = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in found if text)

    @property
    def session(self) -> str | None:
        """Which talk it belongs to, as the client names it in ``metadata``."""
        return next((found for key in ("session_id", "session") if (found := (self.metadata or {}).get(key))), None)

    @property
    def remembers(self) -> bool:
        """Whether notes may be looked up for it: not with ``metadata: {"memory": "off"}``."""
        return (self.metadata or {}).get("memory") != "off"

    @property
    def most_tokens(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens


class FeedbackRequest(_Lenient):
    """The body of ``/v1/feedback``: what a person thinks of an answer, and what it should have been.

    ``id``: of the completion. ``rating``: 1 or -1. ``feedback_id``: what comes with the same one later replaces it.
    """

    id: str
    rating: Literal[1, -1] | None = None
    correction: str | None = Field(None, min_length=1)
    comment: str | None = None
    user: str | None = None
    feedback_id: str | None = None

    @field_validator("id")
    @classmethod
    def _of_a_completion(cls, value: str) -> str:
        """It names a file of the diary, so that nothing else may stand in it."""
        if not re.fullmatch(r"chatcmpl-[0-9a-f]{32}", value):
            raise ValueError("is no id of a completion: send the `id` of the answer, such as chatcmpl-0f3a...")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> "FeedbackRequest":
        if self.rating is None and self.correction is None and self.comment is None:
            raise ValueError("say a rating, a correction or a comment")
        return self
