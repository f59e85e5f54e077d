"""What became of a request, as far as rules can tell: answered, refused, empty, or failed."""

import re
from typing import Any, Literal

from steps.marking import abstains

Outcome = Literal["answered", "refused", "empty", "error"]
_BEGINNING = 200  # characters in which a refusal stands; later the words are part of an answer
_REFUSES = re.compile(
    r"\b(?:can(?:no|')t (?:help|assist|do that|comply)|won't be able to|as an ai\b|das weiß ich nicht|tut mir leid|"
    r"ich kann (?:dir|ihnen|das|dabei)?[^.]{0,20}nicht|je ne (?:peux|sais) pas|désolée?|lo siento|no (?:puedo|sé))",
    re.IGNORECASE,
)


def outcome_of(message: dict[str, Any]) -> Outcome:
    """What an assistant's message is. That it does not know counts as refused, whether that is right or not."""
    text = str(message.get("content") or "").replace("’", "'").strip()
    if not text:
        return "answered" if message.get("tool_calls") else "empty"
    beginning = text[:_BEGINNING]
    return "refused" if abstains(beginning) or _REFUSES.search(beginning) else "answered"
