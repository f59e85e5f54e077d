"""Make an experience or a probe of an input: normalised, neutral, redacted, with its names and content id."""

import json
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

from steps.ingest.inputs import AnyInput, DocumentInput, PreferenceInput, ProbeInput, rendered
from steps.ingest.naming import names_of
from steps.ingest.normalise import each_string, neutralise, one_line, paragraphs, tidy
from steps.ingest.pages import TITLE_CHARS
from steps.ingest.readers import Raw, Refused
from steps.ingest.redact import redact, redact_tree
from steps.records import Experience, Probe, content_id

MAX_TITLE_CHARS = 300
MAX_PROBE_CHARS = 2000


def prepare(raw: Raw, *, night: str, max_chars: int) -> tuple[Experience | Probe, Counter[str]]:
    """Return what ``raw.entry`` says, and how many items of each kind were redacted.

    Raises:
        Refused: it is too long, or nothing is left of it.
    """
    counts = Counter(kind.lower() for kind in re.findall(r"\[(SECRET|EMAIL|IBAN|CARD)\]", raw.file))
    entry = raw.entry
    assert entry is not None, "only what could be read is prepared"
    if isinstance(entry, ProbeInput):
        return _probe(raw, entry, night, counts), counts
    if isinstance(entry, DocumentInput):
        title, text, payload = entry.title, _bounded(entry.text, max_chars), {}
        text = _clean(paragraphs(text), counts)
    else:
        payload = _payload(entry, counts, max_chars)
        text = _clean(_bounded(tidy(_transcript(payload)), max_chars), counts)
        title = entry.title or _topic(payload) or f"{entry.kind} {PurePosixPath(raw.file).stem}:{raw.record}"
    title = _clean(one_line(title), counts)
    if not text or not title:
        raise Refused("empty", f"nothing is left of the {'text' if title else 'title'} once it is normalised")
    if len(title) > MAX_TITLE_CHARS:
        raise Refused("too_long", f"the title has {len(title)} characters, the limit is {MAX_TITLE_CHARS}")
    source = _clean(one_line(entry.source), counts) if entry.source else None
    experience = Experience(
        id=content_id(entry.kind, title, text),
        night=night,
        kind=entry.kind,
        source=raw.file,
        record=raw.record,
        title=title,
        text=_bounded(text, max_chars),
        names=names_of(file=raw.file, source=source, title=title),
        payload=payload,
        created_at=entry.created_at,
        redactions=dict(sorted(counts.items())),
    )
    return experience, counts


def _probe(raw: Raw, entry: ProbeInput, night: str, counts: Counter[str]) -> Probe:
    question = _clean(one_line(entry.question), counts)
    answers = tuple(dict.fromkeys(_clean(one_line(answer), counts) for answer in entry.answers))
    if not question or not all(answers):
        raise Refused("empty", "nothing is left of the question or an answer once it is normalised")
    if max(map(len, (question, *answers))) > MAX_PROBE_CHARS:
        raise Refused("too_long", f"the question or an answer has more than {MAX_PROBE_CHARS} characters")
    optional = {
        name: _clean(one_line(str(value)), counts) if value is not None else None
        for name, value in (("source", entry.source), ("name", entry.id), ("type", entry.type))
    }
    return Probe(
        id=content_id("probe", question, answers),
        night=night,
        question=question,
        answers=answers,
        type=(optional["type"] or "recall") if answers else "unanswerable",  # whatever its owner calls it
        origin="owner",
        source=optional["source"] or None,
        experience=None,
        name=optional["name"] or None,
        record=raw.record,
        file=raw.file,
    )


def _clean(text: str, counts: Counter[str]) -> str:
    text, found = redact(text)
    counts.update(found)
    return text


def _bounded(text: str, max_chars: int) -> str:
    if len(text) > max_chars:
        raise Refused("too_long", f"the text has {len(text)} characters, ingest.max_text_chars is {max_chars}")
    return text


def _payload(entry: AnyInput, counts: Counter[str], max_chars: int) -> dict[str, Any]:
    value = entry.model_dump(exclude_none=True, exclude={"kind", "created_at", "title", "source"})
    if isinstance(entry, PreferenceInput):
        value = {key: _messages(item) if isinstance(item, list) else item for key, item in value.items()}
    else:
        value["messages"] = _messages(value["messages"])
    _bounded(json.dumps(value, ensure_ascii=False), 2 * max_chars)
    # Neutral once more at the end: redaction resolves the escapes of JSON within strings (\u003c|im_start|\u003e).
    return each_string(redact_tree(each_string(value, tidy), counts), neutralise)


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages whose content is one text and whose tools' arguments are JSON in a string, as OpenAI has them."""
    result = []
    for message in messages:
        message = dict(message)
        if isinstance(message.get("content"), list):
            message["content"] = "\n".join(part["text"] for part in message["content"])
        for call in message.get("tool_calls", []):
            if isinstance(arguments := call["function"]["arguments"], dict):
                call["function"]["arguments"] = json.dumps(arguments, ensure_ascii=False)
        result.append(message)
    return result


def _transcript(payload: dict[str, Any]) -> str:
    parts = [_said(message) for message in payload.get("messages", [])]
    for key in ("prompt", "chosen", "rejected"):
        if key in payload:
            value = payload[key]
            parts.append(f"{key}: " + (value if isinstance(value, str) else "\n".join(_said(m) for m in value)))
    if "outcome" in payload:
        parts.append(f"outcome: {payload['outcome']['status']}")
    feedback = payload.get("feedback", payload.get("outcome", {}).get("feedback"))
    if feedback is not None:
        parts.append(f"feedback: {feedback if isinstance(feedback, str) else json.dumps(feedback, ensure_ascii=False)}")
    return "\n".join(parts)


def _said(message: dict[str, Any]) -> str:
    speaker = message["role"] + (f" {message['name']}" if message.get("name") else "")
    lines = [f"{speaker}: {rendered(message['content'])}"] if message.get("content") else []
    for call in message.get("tool_calls", []):
        lines.append(f"{speaker} calls {call['function']['name']}({call['function']['arguments']})")
    return "\n".join(lines) or f"{speaker}:"


def _topic(payload: dict[str, Any]) -> str:
    """Return the first line of the first thing that the user says."""
    prompt = payload.get("prompt", "")
    messages = payload.get("messages") or (prompt if isinstance(prompt, list) else [])
    said = [m["content"] for m in messages if m["role"] == "user" and m.get("content", "").strip()]
    text = said[0] if said else prompt if isinstance(prompt, str) else ""
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return first if len(first) <= TITLE_CHARS else first[: TITLE_CHARS - 1].rsplit(" ", 1)[0] + "…"
