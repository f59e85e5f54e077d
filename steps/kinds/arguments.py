"""Arguments of calls are data: they stay as they are, byte for byte, but for what must not be stored or learned.

A message is brought into one form; a no-break space in a path, a composed letter or a joiner within a name is another
path and another name.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steps.ingest.normalise import control_tokens, each_string, nested_within, neutralise, tidy, visible

_DEPTH = 64
_JOINERS = "\u200c\u200d"  # words of many languages, and emoji, are others without them


def with_arguments(cleaned: Sequence[dict[str, Any]], given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return cleaned messages whose calls have the arguments that were given, where nothing in them had to go."""
    return [_with_own(message, before) for message, before in zip(cleaned, given, strict=True)]


def _with_own(message: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    if not message.get("tool_calls"):
        return message
    made = [
        {**call, "function": {**call["function"], "arguments": as_data(_text(call), _text(own))}}
        for call, own in zip(message["tool_calls"], before["tool_calls"], strict=True)
    ]
    return {**message, "tool_calls": made}


def _text(call: Mapping[str, Any]) -> str:
    return str(call["function"]["arguments"])


def as_data(cleaned: str, given: str) -> str:
    """Return arguments as they were given; as they were cleaned, if that redacted anything.

    Control tokens are made harmless and hidden characters left out within their strings, escaped ones, too.
    """
    if cleaned != tidy(given):
        return cleaned
    try:
        inner = json.loads(given)
    except (ValueError, RecursionError):
        return _harmless(given)
    if not nested_within(inner, _DEPTH):
        return cleaned
    return given if all(_harmless(one) == one for one in _strings(inner)) else _written(inner)


def _written(inner: Any) -> str:
    return json.dumps(each_string(inner, _harmless), ensure_ascii=False)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _strings(one)


def _harmless(text: str) -> str:
    """A text without hidden characters; if it held control tokens, in the one form of texts and without these."""
    shown = "".join(character for character in text if not _is_hidden(character))
    seen = visible(shown)
    return neutralise(seen) if control_tokens(seen) else shown


def _is_hidden(character: str) -> bool:
    if character in "\t\n\r" or character in _JOINERS:
        return False
    kind = unicodedata.category(character)
    return kind in ("Cc", "Cf", "Cs") or (kind == "Cn" and ord(character) & 0xFFFE == 0xFFFE)
