"""Traces of OpenAI's Agents SDK as its exporter writes them: a trace and its spans, an object each."""

from collections.abc import Iterator, Sequence

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, an_object, by_key, first_text, inside, loaded, seconds, when
from steps.ingest.experience.joining import longest
from steps.ingest.experience.payloads import asked, replied
from steps.ingest.experience.spans import ModelCall, ToolRun, talk_of_spans
from steps.ingest.experience.talk import talk
from steps.kinds.entry import RecordRejected

_HOW = (
    "its spans hold no messages: those of the Responses API are kept by OpenAI alone; export the session "
    "(table agent_messages) or the responses with their requests"
)


def is_export(value: Found) -> bool:
    """Whether a record is a trace or a span of one."""
    return value.get("object") in ("trace", "trace.span")


def read_exports(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each trace that no later one of its group goes on with."""
    return longest(_talks(values))


def _talks(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    keyed = (
        (a_text(value.get("id" if value["object"] == "trace" else "trace_id")), (place, value))
        for place, value in enumerate(values)
    )
    for trace, placed in by_key(keyed).items():
        try:
            yield placed[0][0], _talk(trace, [value for _, value in placed])
        except RecordRejected:
            yield placed[0][0], RecordRejected("no_messages", _HOW)


def _talk(trace: str | None, values: Sequence[Found]) -> Found:
    head = next((value for value in values if value["object"] == "trace"), {})
    spans = [(value, an_object(value.get("span_data"))) for value in values if value["object"] == "trace.span"]
    made, runs = [], []
    for span, data in spans:
        began = seconds(span.get("started_at"))
        if data.get("type") in ("generation", "response"):
            made.append(ModelCall(began, asked(data.get("input")), replied(data.get("output"))))
        elif data.get("type") == "function":
            error = first_text(inside(span, "error", "data", "error"), inside(span, "error", "message"))
            said = error or loaded(data.get("output"))
            runs.append(ToolRun(began, a_text(data.get("name")), loaded(data.get("input")), said, bool(error)))
    messages, tools = talk_of_spans([one for one in made if one.messages], runs)
    about = an_object(head.get("metadata"))
    return talk(
        messages,
        tools=tools,
        source=trace,
        user=first_text(about.get("user_id"), about.get("user")),
        session=first_text(head.get("group_id"), about.get("session_id")),
        created_at=when(min((at for span, _ in spans if (at := seconds(span.get("started_at")))), default=None)),
    )
