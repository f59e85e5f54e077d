"""Logs of Inspect: a trace of each sample, with the outcome that its scorers gave."""

from collections.abc import Iterator
from typing import Any

from steps.ingest.chat_parts import plain
from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, an_object, first_text, inside, loaded, objects, told, when
from steps.ingest.experience.talk import call, result, talk
from steps.kinds.entry import RecordRejected

_MARKS = {"C": "success", "I": "failure", "P": "partly", "N": "no answer", True: "success", False: "failure"}


def is_log(value: Found) -> bool:
    """Whether a record is a log."""
    return isinstance(value.get("eval"), dict) and ("samples" in value or {"plan", "status"} <= value.keys())


def read_log(value: Found) -> Iterator[Made]:
    """Make a trace of each sample."""
    samples = objects(value.get("samples"))
    if not samples:
        raise RecordRejected("no_messages", "the log holds no samples: write it whole (inspect log dump FILE)")
    for sample in samples:
        try:
            yield _trace(sample, created_at=when(sample.get("started_at"), inside(value, "eval", "created")))
        except RecordRejected as refusal:
            yield refusal


def _trace(sample: Found, *, created_at: str | None) -> Found:
    messages = [said for message in objects(sample.get("messages")) for said in _message(message)]
    scores = {name: an_object(score) for name, score in an_object(sample.get("scores")).items()}
    remarks = [
        told(comment=a_text(inside(by, "reason")), user=a_text(inside(by, "author")), name=name)
        for name, score in scores.items()
        for by in [inside(one, "provenance") for one in objects(score.get("history"))]
        if first_text(inside(by, "reason"))
    ]
    made = talk(
        messages,
        outcome=_outcome(sample, scores),
        feedback=remarks,
        source=first_text(sample.get("uuid"), sample.get("id")),
        user=first_text(inside(sample, "metadata", "user"), inside(sample, "metadata", "user_id")),
        created_at=created_at,
    )
    return {**made, "kind": "trace"}


def _message(message: Found) -> list[Found]:
    if message.get("role") == "tool":
        error = an_object(message.get("error"))
        said = error.get("message") if error else message.get("content")
        return [result(said, id=a_text(message.get("tool_call_id")), failed=bool(error))]
    made = [
        call(name=one.get("function"), arguments=one.get("arguments"), id=a_text(one.get("id")))
        for one in objects(message.get("tool_calls"))
    ]
    if not isinstance(message.get("role"), str):
        return []
    content = message.get("content")
    served: list[Found] = []
    if isinstance(content, list):  # what a tool of the provider's server did, and what is its own affair
        served = [part for one in objects(content) if one.get("type") == "tool_use" for part in _served(one)]
        content = [one for one in content if an_object(one).get("type") not in ("tool_use", "data")]
    before = plain({"role": message["role"], "content": served}) if served else []
    if served and not content and not made:
        return before
    return before + plain(
        {"role": message["role"], "content": content or ("" if not made else None), **told(tool_calls=made)}
    )


def _served(part: Found) -> list[Found]:
    made = {"type": "tool_use", "id": part.get("id"), "name": part.get("name"), "input": loaded(part.get("arguments"))}
    error = a_text(part.get("error"))
    said = {"type": "tool_result", "tool_use_id": part.get("id"), "is_error": bool(error)}
    return [made, {**said, "content": error or a_text(part.get("result")) or ""}]


def _outcome(sample: Found, scores: dict[str, Found]) -> Found | None:
    """What the scorers say, in one word where they agree; a sample that broke off has failed, one unmarked has none."""
    if error := a_text(inside(sample, "error", "message")):
        return {"status": "error", "feedback": error}
    marks = {name: score.get("value") for name, score in scores.items() if score.get("value") is not None}
    words = {_word(value) for value in marks.values()}
    if not words:
        return None
    status = words.pop() if len(words) == 1 else "; ".join(f"{name}: {_word(value)}" for name, value in marks.items())
    reasons = [text for score in scores.values() if (text := a_text(score.get("explanation")))]
    return {"status": status, **told(feedback="\n".join(reasons))}


def _word(value: Any) -> str:
    if isinstance(value, str | bool):
        return _MARKS.get(value, str(value)) or "unmarked"
    return f"score {value}"
