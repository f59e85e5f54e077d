"""Entries of the diary: an exchange, or what somebody thinks of one, without secrets and personal data."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from awake.outcome import outcome_of
from steps.ingest.redact import redact_reply, redact_tree
from steps.ingest.redact_talk import redact_talk


@dataclass(frozen=True)
class Entry:
    """What is written down. ``what``: an exchange, or feedback on one; ``body``: its fields, redacted."""

    what: Literal["exchange", "feedback"]
    body: dict[str, Any] = field(default_factory=dict)


def exchange(
    *,
    id: str,
    began_ns: int,
    ended_ns: int,
    messages: list[dict[str, Any]],
    reply: dict[str, Any],
    tools: list[dict[str, Any]] | None,
    usage: dict[str, int] | None = None,
    notes: Sequence[str] = (),
    **who: str | None,
) -> Entry:
    """A request and what became of it.

    ``usage``: its tokens, by OpenAI's names. ``notes``: by id, what of memory it was asked with. ``who``: version,
    session, user, tenant, talk, finish ("error": no answer).
    """
    outcome = "error" if who.get("finish") == "error" else outcome_of(reply)
    clean = redact_tree({"messages": messages, "reply": reply, "tools": tools}, Counter())
    *clean["messages"], clean["reply"] = redact_talk([*clean["messages"], clean["reply"]])
    told = {"usage": usage, "notes": list(notes)}
    more = {"outcome": outcome, **{key: value for key, value in told.items() if value}}
    return Entry("exchange", {"id": id, "began_ns": began_ns, "ended_ns": ended_ns, **clean, **more, **who})


def feedback(*, id: str, asked: str = "", **said: Any) -> Entry:
    """What somebody thinks of the answer ``id``. ``said``: rating, correction, comment, user, tenant, feedback_id.

    ``asked``: the question, if it was for a secret (``Diary.secret_asked``), which a correction would tell.
    Names by which users and feedback are told apart stay as they are, as those of an exchange do: two addresses that
    were redacted would be one person.
    """
    names = {key: value for key, value in said.items() if key in ("user", "tenant", "feedback_id")}
    clean = redact_tree(said, Counter())
    words = {key: redact_reply(asked, clean[key])[0] for key in ("correction", "comment") if clean.get(key)}
    return Entry("feedback", {"id": id, **clean, **words, **names})
