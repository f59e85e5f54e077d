"""What a line of ``*.jsonl`` may be: a record of some kind, or a probe. Unknown keys are left out, and it is told."""

from typing import Any, Literal

from pydantic import BaseModel, ValidationError, field_validator

from steps.kinds.entry import Entry, Input, Text
from steps.kinds.table import KINDS


class ProbeInput(Input):
    kind: Literal["probe"]
    question: Text
    answers: list[Text]
    source: str | None = None
    type: Text | None = None
    id: str | int | None = None

    @field_validator("answers", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        """One answer may stand by itself, as in a cell of a table; an empty one says nothing."""
        return [value] if isinstance(value, str) else value


def parse_input(value: dict[str, Any]) -> Entry | ProbeInput:
    """Return the input that ``value`` is.

    Raises:
        ValueError: it is none; the message says which field is wrong and why, and repeats nothing of the record.
    """
    name, known = value.get("kind"), [*KINDS, "probe"]
    if name not in known:
        raise ValueError(
            f"'kind' is {'missing' if 'kind' not in value else 'not known'}; it must be one of {', '.join(known)}"
        )
    try:
        return ProbeInput.model_validate(value) if name == "probe" else KINDS[name].entry.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"][:2]) or "the record"
        says = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        if (name, field, says) == ("probe", "answers", "is missing"):
            says += ' (for a question that the texts leave open, write "answers": [])'
        raise ValueError(f"'{field}': {says[0].lower() + says[1:]}") from None


def unknown_keys(value: dict[str, Any], parsed: BaseModel) -> list[str]:
    """Return the keys of ``value`` that were left out, sorted."""
    return sorted(str(key) for key in value if key not in type(parsed).model_fields)
