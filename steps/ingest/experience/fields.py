"""Fields of what other programs wrote, whatever lies in them: what is not of the form that is looked for is missing."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from steps.ingest.loading import load
from steps.kinds.entry import RecordRejected

Found = dict[str, Any]
_MILLI, _NANO = 1e11, 1e17  # more seconds since 1970 than these are milliseconds, or nanoseconds
_FRACTION = re.compile(r"(\.\d{6})\d+")


def loaded(value: Any) -> Any:
    """Return the list or object that a text holds as JSON; any other value as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
        return value
    try:
        return load(value)
    except RecordRejected:
        return value


def an_object(value: Any) -> Found:
    """Return an object, also one that is JSON in a text; of anything else an empty one."""
    value = loaded(value)
    return dict(value) if isinstance(value, Mapping) else {}


def a_list(value: Any) -> list[Any]:
    """Return a list, also one that is JSON in a text; of anything else an empty one."""
    value = loaded(value)
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[Found]:
    """Return the objects of a list."""
    return [dict(one) for one in a_list(value) if isinstance(one, Mapping)]


def inside(value: Any, *path: str) -> Any:
    """Return what lies under keys within keys; None where one is missing."""
    for key in path:
        value = an_object(value).get(key)
    return value


def a_text(value: Any) -> str | None:
    """Return a text that says something, or a number as text (ids are either); else None."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value.strip() else None


def a_word(value: Any) -> str:
    """Return a text that names something, such as a type or a role; of anything else an empty one."""
    return value if isinstance(value, str) else ""


def first_text(*values: Any) -> str | None:
    """Return the first of the values that is a text."""
    return next(filter(None, map(a_text, values)), None)


def seconds(value: Any) -> float:
    """Return a time in seconds since 1970, be it ISO or a number of seconds, milli- or nanoseconds; 0 if it is none."""
    if isinstance(value, str):
        try:
            when = datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
            return when.replace(tzinfo=when.tzinfo or UTC).timestamp()
        except (ValueError, OverflowError, OSError):
            value = float(value) if re.fullmatch(r"\d{1,20}(?:\.\d{1,9})?", value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return 0.0
    return value / 1e9 if value > _NANO else value / 1e3 if value > _MILLI else float(value)


def when(*values: Any) -> str | None:
    """Return the first of the values that is a time, in ISO."""
    for value in values:
        if at := seconds(value):
            try:
                return datetime.fromtimestamp(round(at, 6), UTC).isoformat().replace("+00:00", "Z")
            except (ValueError, OverflowError, OSError):
                continue
    return None


def told(**fields: Any) -> Found:
    """Return the fields that say something."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}


def between(text: str, opening: re.Pattern[str], closing: str) -> tuple[list[str], str]:
    """Return what stands between each opening tag and the closing one after it, and the text without them.

    In time that grows with the text alone: tags that are never closed are looked at once.
    """
    held, rest, at = [], [], 0
    while (found := opening.search(text, at)) and (end := text.find(closing, found.end())) >= 0:
        rest.append(text[at : found.start()])
        held.append(text[found.end() : end].strip())
        at = end + len(closing)
    return held, "".join([*rest, text[at:]])


def by_key(values: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """Return the values under each key, in their order."""
    found: dict[Any, list[Any]] = {}
    for key, value in values:
        found.setdefault(key, []).append(value)
    return found
