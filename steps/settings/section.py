"""What every section of the settings is: frozen, strict about names and types, and careful when it is copied."""

from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    # Not `strict=True`: YAML has no float literal for `1`, so an int must be accepted where a float is meant.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_silent_conversion(cls, value, info):
        """Refuse ``"3"`` for 3, ``3.0`` for 3 and ``true`` for 1: pydantic's lax mode would convert them."""
        numeric = _numeric_kind(cls.model_fields[info.field_name].annotation)
        if numeric and (isinstance(value, bool | str) or (numeric is int and isinstance(value, float))):
            raise ValueError(f"must be {'a whole number' if numeric is int else 'a number'}, not {value!r}")
        return value

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some values replaced; pydantic's own takes any name, and a misspelt one changes nothing.

        Raises:
            TypeError: ``update`` names what is no setting.
        """
        if unknown := sorted(set(update or ()) - set(type(self).model_fields)):
            raise TypeError(f"{type(self).__name__} has no {', '.join(unknown)}")
        return super().model_copy(update=update, deep=deep)


def _numeric_kind(annotation) -> type | None:
    """The number that a setting is, one that may be null too."""
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    return kinds[0] if len(kinds) == 1 and kinds[0] in (int, float) else None
