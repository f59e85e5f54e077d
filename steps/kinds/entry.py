"""What a line of a JSONL file may say, whatever its kind. What is wrong is refused, what is unknown left out."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Feedback = str | int | float | bool | dict[str, Any] | list[Any] | None


class Input(BaseModel):
    # strict: 3 is no text and "yes" no truth; ignore: unknown keys are left out, see ``unknown_keys``.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Entry(Input):
    """A record of some kind: ``source`` is what its owner calls it."""

    kind: str
    created_at: str | None = None
    title: str | None = None
    source: str | None = None

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


class RecordRejected(Exception):
    """A record that cannot be read; ``args`` are its rule and the reason, one sentence without the record's text."""


def created_on(created_at: str | None) -> date | None:
    """Return the day of ``created_at``, or None."""
    try:
        return datetime.fromisoformat(created_at).date() if created_at else None
    except ValueError:
        return None
