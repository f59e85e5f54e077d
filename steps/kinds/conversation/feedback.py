"""What is said of answers in a field beside the talk, without what must not be stored."""

from typing import Any

from steps.kinds.cleaning import Cleaning
from steps.kinds.conversation.turns import COMMENTING, CORRECTING


def redact_feedback(payload: dict[str, Any], cleaning: Cleaning) -> None:
    """Redact what corrects or comments on an answer: a password that was asked for, say."""
    feedback, asked = payload.get("feedback"), [""]
    for message in payload["messages"]:
        asked.append((message.get("content") or "") if message["role"] == "user" else asked[-1])
    last = max((at for at, m in enumerate(payload["messages"]) if m["role"] == "assistant"), default=0)
    for one in feedback if isinstance(feedback, list) else [feedback]:
        said = one if isinstance(one, dict) else {}
        at = said.get("message", last)
        question = asked[at] if isinstance(at, int) and 0 <= at < len(asked) else ""
        for name in (name for name in (*CORRECTING, *COMMENTING) if isinstance(said.get(name), str)):
            said[name] = cleaning.reply(question, said[name])
