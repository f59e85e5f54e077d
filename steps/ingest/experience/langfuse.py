"""Traces of Langfuse: the download of a trace, an export of its table of observations, its scores.

A score of a person rates, comments or corrects; those of evaluators (source EVAL) are no feedback. What it exports into
a bucket has the same names with underscores.
"""

import re
from collections.abc import Iterator, Sequence

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import (
    Found,
    a_text,
    a_word,
    by_key,
    first_text,
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
from steps.kinds.entry import RecordRejected

_TYPES = frozenset("SPAN EVENT GENERATION AGENT TOOL CHAIN RETRIEVER EVALUATOR EMBEDDING GUARDRAIL".split())
_HOW = (
    "its observations hold no messages: a download leaves inputs and outputs out above a size; take it from the API "
    "(/api/public/v2/observations)"
)
_ALONE = "it is a score without its trace: write the observations of the trace into the same file"
_TRUTHS = {"true": True, "false": False}


def is_export(value: Found) -> bool:
    """Whether a record is a trace with its observations, one observation, or one score."""
    if "trace_id" in value and "project_id" in value:
        value = _camel(value)
    if isinstance(value.get("observations"), list):
        return "scores" in value or any("traceId" in one for one in objects(value["observations"])[:1])
    return "traceId" in value and (a_word(value.get("type")) in _TYPES or "dataType" in value)


def read_exports(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each trace that no later one of its session goes on with; scores may lie on other lines."""
    return longest_with_preferences(_talks(values))


def _talks(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    seen: list[tuple[int, Found]] = []
    scores: list[Found] = []
    alone: dict[str | None, int] = {}  # where the first score of a trace lies
    for place, value in enumerate(map(_camel, values)):
        if "observations" in value:
            about = {key: value.get(key) for key in ("userId", "sessionId")}
            found = [
                {**about, **{k: v for k, v in one.items() if v is not None}} for one in objects(value["observations"])
            ]
            seen += [(place, one) for one in found]
            scores += objects(value.get("scores"))
        elif "dataType" in value and a_word(value.get("type")) not in _TYPES:
            scores.append(value)
            alone.setdefault(a_text(value.get("traceId")), place)
        else:
            seen.append((place, value))
    judged = by_key((a_text(score.get("traceId")), score) for score in scores)
    traces = by_key((a_text(one.get("traceId")), (place, one)) for place, one in seen)
    for trace, placed in traces.items():
        try:
            yield placed[0][0], _talk(trace, [one for _, one in placed], judged.get(trace, []))
        except RecordRejected:
            yield placed[0][0], RecordRejected("no_messages", _HOW)
        if untold := further(*(one.get("output") for _, one in placed if one.get("type") == "GENERATION")):
            yield placed[0][0], untold
    yield from ((place, RecordRejected("no_messages", _ALONE)) for key, place in alone.items() if key not in traces)


def _camel(value: Found) -> Found:
    """A record with names as its API has them, which a bucket's export has with underscores."""
    if "trace_id" not in value or "traceId" in value:
        return value
    return {re.sub(r"(?<=[a-z])_([a-z])", lambda found: found[1].upper(), key): one for key, one in value.items()}


def _talk(trace: str | None, observations: Sequence[Found], scores: Sequence[Found]) -> Found:
    roots = [one for one in observations if not one.get("parentObservationId")]
    asking = [one for one in observations if one.get("type") == "GENERATION"] + roots
    runs = [_run(one) for one in observations if one.get("type") == "TOOL"]
    made = [_model_call(one) for one in asking]
    answer = replied(roots[0].get("output")) if roots else ()
    messages, tools = talk_of_spans([one for one in made if one.messages], runs, answer=answer)
    began = [at for one in observations if (at := seconds(one.get("startTime")))]
    return talk(
        messages,
        tools=tools,
        feedback=[remark for score in scores if (remark := _remark(score))],
        source=trace,
        user=first_text(*(one.get("userId") for one in observations)),
        session=first_text(*(one.get("sessionId") for one in observations)),
        created_at=when(min(began, default=None)),
    )


def _model_call(one: Found) -> ModelCall:
    return ModelCall(
        seconds(one.get("startTime")), asked(one.get("input")), replied(one.get("output")), tools_in(one.get("input"))
    )


def _run(one: Found) -> ToolRun:
    said, id_, failed = tool_message(loaded(one.get("output")))
    failed = failed or one.get("level") == "ERROR"
    if failed and said is None:
        said = a_text(one.get("statusMessage"))
    return ToolRun(seconds(one.get("startTime")), a_text(one.get("name")), loaded(one.get("input")), said, failed, id_)


def _remark(score: Found) -> Found:
    if score.get("source") == "EVAL":
        return {}
    kind, name, value = score.get("dataType"), a_text(score.get("name")), score.get("value")
    text = first_text(score.get("longStringValue"), score.get("stringValue"), value if isinstance(value, str) else None)
    about = told(name=name, comment=a_text(score.get("comment")), user=a_text(score.get("authorUserId")))
    if kind == "CORRECTION":
        return {"correction": text, **about} if text else {}
    if kind == "TEXT":
        return {**about, "comment": text} if text else about
    if kind == "BOOLEAN":
        value = bool(value) if isinstance(value, int | float) else _TRUTHS.get((text or "").strip().lower())
    return told(rating=text if kind == "CATEGORICAL" else value, **about)
