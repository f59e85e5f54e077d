"""Traces of MLflow as ``trace.to_json()`` writes them, and rows of ``search_traces``.

What people thought of it are its assessments; those of models and programs are no feedback. The trace's state says that
nothing crashed, and not that the task was done: it is no outcome.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from steps.ingest.experience.family import Made, each
from steps.ingest.experience.fields import (
    Found,
    a_text,
    an_object,
    first_text,
    inside,
    loaded,
    objects,
    seconds,
    told,
    when,
)
from steps.ingest.experience.joining import longest_with_preferences
from steps.ingest.experience.payloads import asked, further, replied, tools_in
from steps.ingest.experience.spans import ModelCall, ToolRun, talk_of_spans, tool_message
from steps.ingest.experience.talk import talk

_MODEL = ("CHAT_MODEL", "LLM")
_CORRECTS = ("correction", "expected_response")


def is_trace(value: Found) -> bool:
    """Whether a record is a trace, or a row of a table of them."""
    if "trace_id" in value and "trace" in value:
        value = an_object(value["trace"])
    return isinstance(value.get("info"), dict) and isinstance(inside(value, "data"), dict) and "spans" in value["data"]


def read_traces(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each trace that no later one of its session goes on with, with what people said of it."""
    return longest_with_preferences(each(_trace)(values))


def _trace(value: Found) -> Iterator[Made]:
    value = an_object(value["trace"]) if "trace" in value else value
    info, spans = an_object(value["info"]), objects(inside(value, "data", "spans"))
    metadata = an_object(info.get("trace_metadata")) or an_object(info.get("request_metadata"))
    kinds = [a_text(loaded(_attribute(span, "spanType"))) for span in spans]
    made = [_model_call(span) for span, kind in zip(spans, kinds, strict=True) if kind in _MODEL]
    runs = [_run(span) for span, kind in zip(spans, kinds, strict=True) if kind == "TOOL"]
    roots = [span for span in spans if not span.get("parent_span_id", span.get("parent_id"))]
    made += [_model_call(span) for span in roots]
    answer = replied(_attribute(roots[0], "spanOutputs")) if roots else ()
    messages, tools = talk_of_spans([one for one in made if one.messages], runs, answer=answer)
    remarks = [_remark(one) for one in objects(info.get("assessments"))]
    yield talk(
        messages,
        tools=tools,
        feedback=[remark for remark in remarks if remark],
        source=first_text(info.get("trace_id"), info.get("request_id")),
        user=a_text(metadata.get("mlflow.trace.user")),
        session=a_text(metadata.get("mlflow.trace.session")),
        created_at=when(info.get("request_time"), info.get("timestamp_ms")),
    )
    models = (span for span, kind in zip(spans, kinds, strict=True) if kind in _MODEL)
    if untold := further(*(_attribute(span, "spanOutputs") for span in models)):
        yield untold


def _attribute(span: Found, name: str) -> Any:
    """What a span says under a name of MLflow's: a value that is JSON in a text."""
    return an_object(span.get("attributes")).get(f"mlflow.{name}")


def _began(span: Found) -> float:
    return seconds(span.get("start_time_unix_nano", span.get("start_time")))


def _model_call(span: Found) -> ModelCall:
    inputs, outputs = _attribute(span, "spanInputs"), _attribute(span, "spanOutputs")
    return ModelCall(_began(span), asked(inputs), replied(outputs), tools_in(inputs))


def _run(span: Found) -> ToolRun:
    failed = inside(span, "status", "code") == "STATUS_CODE_ERROR"
    raised = (inside(event, "attributes", "exception.message") for event in objects(span.get("events")))
    said, id_, refused = tool_message(loaded(_attribute(span, "spanOutputs")))
    if failed:
        said = first_text(*raised, inside(span, "status", "message"))
    name = first_text(loaded(_attribute(span, "spanFunctionName")), span.get("name"))
    return ToolRun(_began(span), name, loaded(_attribute(span, "spanInputs")), said, failed or refused, id_)


def _remark(assessment: Found) -> Found:
    """What a person thought; nothing for a judge's opinion and for what was overwritten."""
    if inside(assessment, "source", "source_type") != "HUMAN" or assessment.get("valid") is False:
        return {}
    name, value = a_text(assessment.get("assessment_name")), inside(assessment, "feedback", "value")
    said = inside(assessment, "expectation", "value")
    if said is None and name in _CORRECTS:
        said, value = value, None
    found = told(rating=value, correction=a_text(said), comment=a_text(assessment.get("rationale")))
    return {**found, **told(name=name, user=a_text(inside(assessment, "source", "source_id")))} if found else {}
