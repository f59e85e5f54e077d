"""Spans of OpenTelemetry (OTLP as JSON) by the conventions for generative AI, with messages in spans, events or logs.

Content is opt-in there: spans without it are refused with how to turn it on. Attributes of OpenInference and
OpenLLMetry are others and not read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from steps.ingest.chat_parts import plain
from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import (
    Found,
    a_text,
    an_object,
    by_key,
    first_text,
    inside,
    loaded,
    objects,
    seconds,
    told,
    when,
)
from steps.ingest.experience.joining import longest
from steps.ingest.experience.payloads import further
from steps.ingest.experience.spans import ModelCall, ToolRun, talk_of_spans
from steps.ingest.experience.talk import call, calls, result, talk
from steps.kinds.entry import RecordRejected

_EARLIER = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}  # until 1.36
_HOW = (
    "its spans hold no messages: turn on their content where they are written "
    "(OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true) and name them gen_ai.input.messages"
)
_SIMPLE = ("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue")


def is_export(value: Found) -> bool:
    """Whether a record is an export of spans or of logs."""
    return isinstance(value.get("resourceSpans"), list) or isinstance(value.get("resourceLogs"), list)


def read_exports(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each trace that no later one of its conversation goes on with.

    Its spans and logs may lie in several exports of a file.
    """
    return longest(_talks(values))


def _talks(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    spans = by_key((a_text(span.get("traceId")), (place, span)) for place, span in _each(values, "Spans", "spans"))
    logs = by_key((a_text(log.get("traceId")), log) for _, log in _each(values, "Logs", "logRecords"))
    for trace, found in spans.items():
        if not any(key.startswith("gen_ai.") for _, span in found for key in _attributes(span.get("attributes"))):
            yield found[0][0], RecordRejected("ignored", "no model is asked in it")
            continue
        try:
            yield found[0][0], _talk(trace, [span for _, span in found], logs.get(trace, []))
        except RecordRejected:
            yield found[0][0], RecordRejected("no_messages", _HOW)
        said = (_attributes(span.get("attributes")).get("gen_ai.output.messages") for _, span in found)
        if untold := further(*({"choices": one} for one in said)):
            yield found[0][0], untold


def _each(values: Sequence[Found], what: str, items: str) -> Iterator[tuple[int, Found]]:
    for place, value in enumerate(values):
        for resource in objects(value.get(f"resource{what}")):
            for scope in objects(resource.get(f"scope{what}")):
                yield from ((place, item) for item in objects(scope.get(items)))


def _talk(trace: str | None, spans: Sequence[Found], logs: Sequence[Found]) -> Found:
    of_span = by_key((a_text(log.get("spanId")), log) for log in logs)
    made, runs, about = [], [], [_attributes(span.get("attributes")) for span in spans]
    for span, attributes in zip(spans, about, strict=True):
        events = [*objects(span.get("events")), *of_span.get(a_text(span.get("spanId")), [])]
        for event in events:
            attributes = {**_attributes(event.get("attributes")), **attributes}
        began, name = seconds(span.get("startTimeUnixNano")), a_text(attributes.get("gen_ai.tool.name"))
        if attributes.get("gen_ai.operation.name") == "execute_tool":
            failed = inside(span, "status", "code") in (2, "STATUS_CODE_ERROR") or "error.type" in attributes
            said = loaded(attributes.get("gen_ai.tool.call.result"))
            if said is None and failed:
                said = first_text(inside(span, "status", "message"), attributes.get("error.type"))
            arguments, id_ = (attributes.get(f"gen_ai.tool.call.{key}") for key in ("arguments", "id"))
            runs.append(ToolRun(began, name, loaded(arguments), said, failed, a_text(id_)))
            continue
        given, said = _messages(attributes.get("gen_ai.input.messages")), attributes.get("gen_ai.output.messages")
        system = "\n".join(filter(None, map(_part, objects(attributes.get("gen_ai.system_instructions")))))
        reply = _messages(said)
        if not given:
            given, reply = _earlier(events)
        given = [*([{"role": "system", "content": system}] if system else []), *given]
        made.append(ModelCall(began, given, reply[:1], attributes.get("gen_ai.tool.definitions")))
    messages, tools = talk_of_spans([one for one in made if one.messages], runs)
    return talk(
        messages,
        tools=tools,
        feedback=[remark for log in logs if (remark := _remark(log))],
        source=trace,
        user=first_text(*(one.get(key) for key in ("user.id", "enduser.id") for one in about)),
        session=first_text(*(one.get(key) for key in ("gen_ai.conversation.id", "session.id") for one in about)),
        created_at=when(min((at for span in spans if (at := seconds(span.get("startTimeUnixNano")))), default=None)),
    )


def _attributes(pairs: Any) -> Found:
    found = {}
    for pair in objects(pairs):
        if (key := a_text(pair.get("key"))) is not None:
            found[key] = _value(pair.get("value"))
    return found


def _value(value: Any) -> Any:
    held = an_object(value)
    if isinstance(held.get("arrayValue"), dict):
        return [_value(one) for one in objects(held["arrayValue"].get("values"))]
    if isinstance(held.get("kvlistValue"), dict):
        return _attributes(held["kvlistValue"].get("values"))
    return next((held[key] for key in _SIMPLE if key in held), None)


def _messages(value: Any) -> list[Found]:
    """Messages of parts: what is said, what is called, what a tool answered."""
    found: list[Found] = []
    for message in objects(value):
        parts = objects(message.get("parts"))
        for part in parts:
            if part.get("type") == "tool_call_response":
                found.append(result(part.get("response", part.get("result")), id=a_text(part.get("id"))))
        text = "\n".join(filter(None, map(_part, parts)))
        made = [
            call(name=part.get("name"), arguments=part.get("arguments"), id=a_text(part.get("id")))
            for part in parts
            if part.get("type") == "tool_call"
        ]
        role = message.get("role") if isinstance(message.get("role"), str) else "user"
        if made:
            found.append({**calls(*made, content=text or None), "role": role})
        elif text and role != "tool":
            found.append({"role": role, "content": text})
    return found


def _part(part: Found) -> str:
    kind = part.get("type")
    if kind in ("blob", "file", "uri"):
        return f"({part['modality']})" if isinstance(part.get("modality"), str) else "(file)"
    return (a_text(part.get("content")) or "") if kind == "text" else ""


def _earlier(events: Sequence[Found]) -> tuple[list[Found], list[Found]]:
    """Messages that were events of their own: what was asked, and the reply."""
    given, reply = [], []
    for event in events:
        name = first_text(event.get("eventName"), event.get("name"), inside(event, "body", "name"))
        said = {**_attributes(event.get("attributes")), **an_object(_value(event.get("body")))}
        if name == "gen_ai.choice":
            message = an_object(said.get("message"))
            reply += plain({"role": "assistant", **told(content=message.get("content"), tool_calls=_calls(message))})
        elif name in _EARLIER and _EARLIER[name] == "tool":
            given.append(result(said.get("content"), id=a_text(said.get("id"))))
        elif name in _EARLIER:
            given += plain({"role": _EARLIER[name], **told(content=said.get("content"), tool_calls=_calls(said))})
    return given, reply


def _calls(message: Found) -> list[Found]:
    made = [an_object(one.get("function")) | {"id": one.get("id")} for one in objects(message.get("tool_calls"))]
    return [call(name=one.get("name"), arguments=one.get("arguments"), id=a_text(one["id"])) for one in made]


def _remark(log: Found) -> Found:
    if first_text(log.get("eventName"), inside(log, "body", "stringValue")) != "gen_ai.evaluation.result":
        return {}
    said = _attributes(log.get("attributes"))
    value = {key: said.get(f"gen_ai.evaluation.{key}") for key in ("name", "score.value", "score.label", "explanation")}
    return told(
        rating=value["score.value"], label=value["score.label"], comment=value["explanation"], name=value["name"]
    )
