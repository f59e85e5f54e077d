"""Runs of LangSmith, one a line, and the feedback on them, which is a listing of its own.

What people said is told by its key's source; a correction is a text, or an object that has the answer as its output.
``session_id`` of a run is the project, not the talk: that is in the metadata.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, an_object, by_key, first_text, inside, seconds, told, when
from steps.ingest.experience.joining import longest_with_preferences
from steps.ingest.experience.payloads import asked, further, replied, tools_in
from steps.ingest.experience.spans import ModelCall, ToolRun, talk_of_spans, tool_message
from steps.ingest.experience.talk import talk
from steps.kinds.entry import RecordRejected

_THREAD = ("thread_id", "session_id", "conversation_id")
_ANSWER = ("output", "answer", "response", "content", "text")


def is_export(value: Found) -> bool:
    """Whether a record is a run, or feedback on one."""
    return ("run_type" in value and ("trace_id" in value or "dotted_order" in value)) or _is_feedback(value)


def _is_feedback(value: Found) -> bool:
    return "run_id" in value and "key" in value and ("score" in value or "correction" in value)


def read_exports(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each trace that no later one of its thread goes on with, with the feedback on any of its runs."""
    return longest_with_preferences(_talks(values))


def _talks(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    runs = [(place, value) for place, value in enumerate(values) if not _is_feedback(value)]
    feedback = [(place, value) for place, value in enumerate(values) if _is_feedback(value)]
    traces = by_key((first_text(run.get("trace_id"), run.get("id")), (place, run)) for place, run in runs)
    of_run = {a_text(run.get("id")): first_text(run.get("trace_id"), run.get("id")) for _, run in runs}
    said = by_key((of_run.get(a_text(one.get("run_id")), a_text(one.get("trace_id"))), one) for _, one in feedback)
    for trace, placed in traces.items():
        try:
            yield placed[0][0], _talk(trace, [run for _, run in placed], said.get(trace, []))
        except RecordRejected as refusal:
            yield placed[0][0], refusal
        if untold := further(*(run.get("outputs") for _, run in placed if run.get("run_type") == "llm")):
            yield placed[0][0], untold
    for place, one in feedback:
        if of_run.get(a_text(one.get("run_id")), a_text(one.get("trace_id"))) not in traces:
            yield place, RecordRejected("no_messages", "it is feedback without its run: export both into one file")


def _talk(trace: str | None, runs: Sequence[Found], feedback: Sequence[Found]) -> Found:
    made = [_model_call(run) for run in runs if run.get("run_type") in ("llm", "chain") or not run.get("parent_run_id")]
    tool_runs = [_tool_run(run) for run in runs if run.get("run_type") == "tool"]
    root = next((run for run in runs if not run.get("parent_run_id")), {})
    messages, tools = talk_of_spans(
        [one for one in made if one.messages], tool_runs, answer=replied(root.get("outputs"))
    )
    about = [an_object(inside(run, "extra", "metadata")) for run in (root, *runs)]
    remarks = [_remark(one) for one in feedback]
    return talk(
        messages,
        tools=tools,
        feedback=[remark for remark in remarks if remark],
        source=trace,
        user=first_text(*(one.get("user_id") for one in about)),
        session=first_text(*(one.get(key) for key in _THREAD for one in about)),
        created_at=when(root.get("start_time"), *(run.get("start_time") for run in runs)),
    )


def _model_call(run: Found) -> ModelCall:
    tools = tools_in(run.get("inputs")) or inside(run, "extra", "invocation_params", "tools")
    return ModelCall(seconds(run.get("start_time")), asked(run.get("inputs")), replied(run.get("outputs")), tools)


def _tool_run(run: Found) -> ToolRun:
    inputs, outputs = an_object(run.get("inputs")), an_object(run.get("outputs"))
    said, id_, failed = tool_message(outputs.get("output", run.get("outputs")))
    said = inside(said, "content") or inside(said, "kwargs", "content") or said
    error = a_text(run.get("error"))
    arguments: Any = inputs
    if isinstance(inputs.get("args"), dict) and inputs.get("type") == "tool_call":
        arguments, id_ = inputs["args"], id_ or a_text(inputs.get("id"))
    began, name = seconds(run.get("start_time")), a_text(run.get("name"))
    return ToolRun(began, name, arguments, error or said, bool(error) or failed, id_)


def _remark(one: Found) -> Found:
    if inside(one, "feedback_source", "type") in ("model", "auto_eval"):
        return {}
    meant = one.get("correction")
    text = a_text(meant) or first_text(*(inside(meant, key) for key in _ANSWER))
    rating = one.get("score") if one.get("score") is not None else one.get("value")
    found = told(rating=rating, correction=text, comment=a_text(one.get("comment")))
    user = a_text(inside(one, "feedback_source", "user_id"))
    return {**found, **told(name=a_text(one.get("key")), user=user)} if found else {}
