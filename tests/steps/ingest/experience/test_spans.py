"""Spans of tools beside the messages of a model: each answers its own call, and says where it failed."""

import json

import pytest

ASK = {"role": "user", "content": "Where is 71?"}
FAILED, FOUND = "unknown order 71", "left Riga"


def call(*orders):
    made = [
        {"id": id_, "type": "function", "function": {"name": "find", "arguments": json.dumps({"id": number})}}
        for id_, number in orders
    ]
    return {"role": "assistant", "content": None, "tool_calls": made}


def answer(id_, text):
    return {"role": "tool", "tool_call_id": id_, "content": text}


FIRST, AGAIN = call(("a", "71")), call(("b", "R-71"))
TALK = [ASK, FIRST, answer("a", FAILED)]
READ = [
    ("user", "Where is 71?"),
    ("assistant", 'find({"id": "71"})'),
    ("tool", f"error: {FAILED}"),
    ("assistant", 'find({"id": "R-71"})'),
    ("tool", FOUND),
]


def langfuse(number, kind, given, came, **more):
    at = f"2026-11-26T08:00:0{number}Z"
    span = {"traceId": "t", "id": f"o{number}", "type": kind, "startTime": at, "input": given, "output": came}
    return {**span, **({"name": "find", "parentObservationId": "o1"} if kind == "TOOL" else {}), **more}


def langsmith(number, kind, given, came, **more):
    at = f"2026-11-26T08:00:0{number}Z"
    run = {"id": f"r{number}", "trace_id": "r1", "run_type": kind, "inputs": given, "outputs": came, "start_time": at}
    return {**run, "name": "find", "parent_run_id": "r1" if number > 1 else None, **more}


def mlflow(number, kind, given, came, **more):
    about = {"spanType": kind, "spanInputs": given, "spanOutputs": came, "spanFunctionName": "find"}
    attributes = {f"mlflow.{key}": json.dumps(one) for key, one in about.items()}
    span = {"span_id": str(number), "start_time_unix_nano": 1795680000000000000 + number, "attributes": attributes}
    return {**span, "name": "find", "parent_span_id": "1" if number > 1 else None, **more}


def opentelemetry(number, about, **more):
    pairs = [
        {"key": f"gen_ai.{key}", "value": {"stringValue": one if isinstance(one, str) else json.dumps(one)}}
        for key, one in about.items()
    ]
    return {
        "traceId": "t",
        "spanId": str(number),
        "startTimeUnixNano": f"179568000000000000{number}",
        "attributes": pairs,
        **more,
    }


def parts(role, *said):
    return {"role": role, "parts": list(said)}


def called(id_, number):
    return {"type": "tool_call", "id": id_, "name": "find", "arguments": {"id": number}}


LANGFUSE = [
    langfuse(1, "GENERATION", {"messages": [ASK]}, FIRST),
    langfuse(2, "TOOL", {"id": "71"}, None, level="ERROR", statusMessage=FAILED),
    langfuse(3, "GENERATION", {"messages": TALK}, AGAIN),
    langfuse(4, "TOOL", {"id": "R-71"}, FOUND),
]
LANGSMITH = [
    langsmith(1, "chain", {"messages": [ASK]}, {"messages": [*TALK, AGAIN]}),
    langsmith(2, "tool", {"id": "71"}, None, error=f"ValueError('{FAILED}')"),
    langsmith(3, "tool", {"id": "R-71"}, {"output": FOUND}),
]
TOOLCALLS = [
    LANGSMITH[0],
    langsmith(
        2,
        "tool",
        {"input": "{'id': '71'}"},
        {"output": {"type": "tool", "content": FAILED, "tool_call_id": "a", "status": "error"}},
    ),
    langsmith(3, "tool", {"name": "find", "args": {"id": "R-71"}, "id": "b", "type": "tool_call"}, {"output": FOUND}),
]
MLFLOW = {
    "info": {"trace_id": "t", "request_time": "2026-11-26T08:00:00Z"},
    "data": {
        "spans": [
            mlflow(1, "CHAT_MODEL", {"messages": TALK}, {"choices": [{"message": AGAIN}]}),
            mlflow(2, "TOOL", {"id": "71"}, None, status={"code": "STATUS_CODE_ERROR", "message": FAILED}),
            mlflow(3, "TOOL", {"id": "R-71"}, FOUND),
        ]
    },
}
OTEL_SPANS = [
    opentelemetry(
        1,
        {
            "operation.name": "chat",
            "input.messages": [
                parts("user", {"type": "text", "content": "Where is 71?"}),
                parts("assistant", called("a", "71")),
                parts("tool", {"type": "tool_call_response", "id": "a", "response": FAILED}),
            ],
            "output.messages": [parts("assistant", {"type": "reasoning", "content": "Hm."}, called("b", "R-71"))],
        },
    ),
    opentelemetry(
        2,
        {"operation.name": "execute_tool", "tool.name": "find", "tool.call.id": "a"},
        status={"code": 2, "message": "KeyError"},
    ),
    opentelemetry(
        3, {"operation.name": "execute_tool", "tool.name": "find", "tool.call.id": "b", "tool.call.result": FOUND}
    ),
]
OTEL = {"resourceSpans": [{"scopeSpans": [{"spans": OTEL_SPANS}]}]}


@pytest.mark.parametrize(
    "lines",
    [LANGFUSE, LANGSMITH, TOOLCALLS, [MLFLOW], [OTEL]],
    ids=["Langfuse", "LangSmith", "LangSmith, by LangGraph", "MLflow", "OpenTelemetry"],
)
def test_a_call_that_failed_by_its_own_span_failed_and_the_next_one_has_its_own_answer(read, said, steps_of, lines):
    """Without it the right call counted as refused and the wrong one as right: answers went to whoever was next."""
    (record,) = read(lines)
    assert said(record) == READ
    ((refused, reasons, right, evidence),) = steps_of(record)
    assert (refused, reasons) == (['find({"id": "71"})'], [FAILED])
    assert right == 'find({"id": "R-71"})' and evidence == {"environment"}


def test_calls_side_by_side_are_answered_by_what_they_were_given_in_whichever_order_they_ran(read, said):
    both = langfuse(1, "GENERATION", {"messages": [ASK]}, call(("a", "71"), ("b", "72")))
    runs = [
        langfuse(2, "TOOL", {"id": "72"}, "72 left"),
        langfuse(3, "TOOL", {"id": "71"}, None, level="ERROR", statusMessage=FAILED),
    ]
    (record,) = read([both, *runs])
    assert said(record)[2:] == [("tool", f"error: {FAILED}"), ("tool", "72 left")]
    (record,) = read([both, *({**run, "input": None} for run in runs)])
    assert said(record)[2:] == [("tool", "72 left"), ("tool", f"error: {FAILED}")], "else in their order"


def test_the_same_call_twice_is_answered_twice(read, said, steps_of):
    twice = [ASK, FIRST, answer("a", "busy"), call(("b", "71"))]
    lines = [
        langfuse(1, "GENERATION", {"messages": twice[:-1]}, twice[-1]),
        langfuse(2, "TOOL", {"id": "71"}, None, level="ERROR", statusMessage="busy"),
        langfuse(3, "TOOL", {"id": "71"}, FOUND),
    ]
    (record,) = read(lines)
    assert [text for role, text in said(record) if role == "tool"] == ["error: busy", FOUND]
