"""What an inbox may say: the JSON objects of ``*.jsonl`` as pydantic models (messages in the OpenAI chat format).

Wrong or missing fields are refused; keys that are not known are left out, and the ledger says so.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, field_validator
from pydantic import model_validator as validate_model

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Feedback = str | int | float | bool | dict[str, Any] | list[Any] | None


class Input(BaseModel):
    # strict: 3 is no text and "yes" no truth; ignore: unknown keys are left out, see unknown_keys().
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


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

    @validate_model(mode="after")
    def _says_something(self) -> Self:
        if self.content is None and not self.tool_calls:
            raise ValueError("a message without content needs tool_calls")
        return self


Messages = Annotated[list[Message], Field(min_length=1)]


class Dated(Input):
    created_at: str | None = None

    @field_validator("created_at", mode="before")
    @classmethod
    def _iso(cls, value: Any) -> Any:
        """Accept an ISO date or time, or seconds since 1970 (as chat exports have them)."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return datetime.fromtimestamp(value, UTC).isoformat()
            except (OverflowError, OSError, ValueError):
                raise ValueError("is not a time that a calendar knows") from None
        if isinstance(value, str):
            try:
                datetime.fromisoformat(value.strip())
            except ValueError:
                raise ValueError("must be an ISO date such as 2026-11-22") from None
            return value.strip()
        return value


class DocumentInput(Dated):
    kind: Literal["document"]
    title: Text
    text: Text
    source: str | None = None


class Talk(Dated):
    messages: Messages
    title: str | None = None
    source: str | None = None

    @field_validator("messages")
    @classmethod
    def _not_silent(cls, messages: list[Message]) -> list[Message]:
        if not any(message.tool_calls or rendered(message.content).strip() for message in messages):
            raise ValueError("all messages are empty")
        return messages


class ConversationInput(Talk):
    kind: Literal["conversation"]
    feedback: Feedback = None


class OutcomeInput(Input):
    status: Text
    feedback: Feedback = None


class TraceInput(Talk):
    kind: Literal["trace"]
    outcome: OutcomeInput


class DemonstrationInput(Talk):
    kind: Literal["demonstration"]

    @field_validator("messages")
    @classmethod
    def _shows_something(cls, messages: list[Message]) -> list[Message]:
        if not any(message.role == "assistant" for message in messages):
            raise ValueError("a demonstration needs a message of the assistant")
        return messages


class PreferenceInput(Dated):
    kind: Literal["preference"]
    prompt: Text | Messages
    chosen: Text | Messages
    rejected: Text | Messages
    title: str | None = None
    source: str | None = None


class ProbeInput(Input):
    kind: Literal["probe"]
    question: Text
    answers: list[Text]
    source: str | None = None
    type: Text | None = None
    id: str | int | None = None


AnyInput = Annotated[
    DocumentInput | ConversationInput | TraceInput | DemonstrationInput | PreferenceInput | ProbeInput,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyInput)
KINDS = ("document", "conversation", "trace", "demonstration", "preference", "probe")


def parse_input(value: dict[str, Any]) -> AnyInput:
    """Return the input that ``value`` is.

    Raises:
        ValueError: it is none; the message says which field is wrong and why, and repeats nothing of the record.
    """
    if value.get("kind") not in KINDS:
        known = ", ".join(KINDS)
        raise ValueError(f"'kind' is {'missing' if 'kind' not in value else 'not known'}; it must be one of {known}")
    try:
        return _ADAPTER.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"][1:3]) or "the record"
        says = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        raise ValueError(f"'{field}': {says[0].lower() + says[1:]}") from None


def unknown_keys(value: dict[str, Any], parsed: BaseModel) -> list[str]:
    """Return the keys of ``value`` that were left out, sorted."""
    return sorted(str(key) for key in value if key not in type(parsed).model_fields)


def rendered(content: str | list[TextPart] | None) -> str:
    """Return a message's content as one text."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.text for part in content)


def created_on(created_at: str | None) -> date | None:
    """Return the day of ``created_at``, or None."""
    try:
        return datetime.fromisoformat(created_at).date() if created_at else None
    except ValueError:
        return None
