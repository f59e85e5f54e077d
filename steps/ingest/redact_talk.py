"""Passwords, PINs and the like that the turns of a talk give away as answers to each other.

A bare ``sunflower`` is no secret until one knows what was asked; then it is one wherever the talk says it again.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from steps.ingest.labelled import told
from steps.ingest.normalise import each_string
from steps.ingest.redact import PLACEHOLDER

_ANSWERS = {"user": "assistant", "assistant": "user"}  # whoever says what the other one asked for
_SAYS = ("content", "tool_calls")
_SAMPLES = ("x7Kq-93zT", "sunflower", "4711")


def redact_talk(turns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the turns, redacted one by one before, without what one of them asks for and another tells."""
    found, last = set[str](), dict[str, str]()
    for turn in turns:
        text, role = text_of(turn), turn.get("role")
        asked = last.get(_ANSWERS.get(str(role), ""), "")
        if not PLACEHOLDER.search(text):
            found |= {text[start:end] for start, end in told(asked, text)}
        last[str(role)] = text
    if not found:
        return [dict(turn) for turn in turns]
    words = "|".join(re.escape(word) for word in sorted(found, key=len, reverse=True))
    secret = re.compile(rf"(?<!\w)(?:{words})(?!\w)")

    def hidden(text: str) -> str:
        return secret.sub("[SECRET]", text)

    return [{key: each_string(v, hidden) if key in _SAYS else v for key, v in turn.items()} for turn in turns]


def secret_asked(messages: Sequence[Mapping[str, Any]]) -> str:
    """The last question of a user if it asks for a password, a PIN or the like; "" if it does not."""
    asked = next((text_of(turn) for turn in reversed(messages) if turn.get("role") == "user"), "")
    return asked if any(any(told(asked, sample)) for sample in _SAMPLES) else ""


def text_of(turn: Mapping[str, Any]) -> str:
    """All that a turn says."""
    content = turn.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return str(content or "")
