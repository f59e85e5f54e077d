"""The diary in MLflow: every exchange is a trace, ratings and corrections are its assessments.

Read are the traces of this deployment's server and those of other experiments that the settings name: of a trace its
last call of a chat model, which holds the whole talk, or else its root.
"""

import json
import math
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from steps.diary import Exchange, Remark, Window, person
from steps.registry.connection import sqlite_path, translate_errors
from steps.registry.gateway import Registry
from steps.settings import Settings
from steps.workspace import Workspace, compact

TENANT, VERSION = "slumber.tenant", "slumber.version"
"""Tags of a trace: through whose API key it came, and the number of the version that answered."""
FEEDBACK = "slumber.feedback"
"""Metadata of what was said through the server: by which id its client names it."""
LEARNED = "slumber.learned"
"""The tag of a trace that names the last night which made lessons of it."""
_PAGE = 100
_MODELS = ("CHAT_MODEL", "LLM")
LATE = "slumber.late"
"""Tag of what no night finds by its time: where the day of the last night ended that could not (milliseconds)."""
_UNREAD = "nothing was learned from what was said by day"


def days_of(registry: Registry) -> str:
    """Return the name of the experiment of a deployment's days, beside that of its nights."""
    return f"{registry.name}-days"


class TraceDiary:
    """The diary of a deployment."""

    def __init__(self, settings: Settings, workspace: Workspace):
        self._settings, self._workspace = settings, workspace

    @cached_property
    def _registry(self) -> Registry:
        return Registry(self._settings, self._workspace)

    def absent(self) -> list[str]:
        with translate_errors(self._registry.uri, outcome=_UNREAD):
            client = self._registry.client
            return [name for name in self._settings.ingest.experiments if client.get_experiment_by_name(name) is None]

    def state(self, window: Window) -> list[tuple[str, int]]:
        found = [(trace.info.trace_id, _changed(trace)) for trace, _ in self._traces(window, spans=False)]
        return sorted(found)

    def exchanges(self, window: Window) -> Iterator[Exchange]:
        found = (_exchange(trace, experiment) for trace, experiment in self._traces(window, spans=True))
        yield from sorted(found, key=lambda one: (one.began, one.trace))

    def _traces(self, window: Window, *, spans: bool) -> Iterator[tuple[Any, str]]:
        """Yield the traces of a window, each with the name of its experiment."""
        with translate_errors(self._registry.uri, outcome=_UNREAD):
            client = self._registry.client
            names = [days_of(self._registry), *self._settings.ingest.experiments]
            there = {found.experiment_id: name for name in names if (found := client.get_experiment_by_name(name))}
            if not there:
                return
            within = f"timestamp_ms >= {window.since} AND timestamp_ms < {window.until}"
            for trace in _found(client, list(there), within, spans=spans):
                yield trace, there[trace.info.experiment_id]
            for trace in _found(client, list(there), f"tags.`{LATE}` LIKE '%'", spans=spans):
                if 0 <= trace.info.timestamp_ms < window.since and _late_until(trace) < window.until:
                    yield trace, there[trace.info.experiment_id]


def erase_traces(registry: Registry, ids: Collection[str]) -> None:
    """Delete traces, with what lies in files of them, to the last byte where the database is a file here.

    Raises:
        SlumberError: MLflow is away, or another program holds the database.
    """
    if not ids:
        return
    with translate_errors(registry.uri, outcome="not all that was to be forgotten is deleted"):
        names = [days_of(registry), *registry.settings.ingest.experiments]
        there = [found.experiment_id for name in names if (found := registry.client.get_experiment_by_name(name))]
        for experiment in there:
            for start in range(0, len(ids), _PAGE):
                registry.client.delete_traces(experiment, trace_ids=sorted(ids)[start : start + _PAGE])
        database = sqlite_path(registry.uri)
        if database is not None:
            for folder in database.parent.rglob("tr-*"):
                if folder.name in ids and folder.is_dir():
                    shutil.rmtree(folder)
            compact(database)


def mark_learned(registry: Registry, *, run_id: str, night: str, traces: Sequence[str], table: str) -> None:
    """Mark traces with the night that learned from them, and let its run show an artifact as the ``table`` that it is.

    A trace that was deleted meanwhile is left out. A mark makes no trace look changed.
    """
    from mlflow.exceptions import MlflowException

    with translate_errors(registry.uri, outcome="the traces that were learned from are not all marked"):
        client = registry.client
        client.set_tag(run_id, "mlflow.loggedArtifacts", json.dumps([{"path": table, "type": "table"}]))
        for trace in traces:
            with suppress(MlflowException):
                client.set_trace_tag(trace, LEARNED, night)


def _found(client: Any, there: list[str], condition: str, *, spans: bool) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_traces(
            locations=there, filter_string=condition, max_results=_PAGE, page_token=token, include_spans=spans
        )
        yield from page
        token = page.token
        if not token:
            return


def _changed(trace: Any) -> int:
    """When a trace or what is thought of it was last changed."""
    return max([trace.info.timestamp_ms, *(a.last_update_time_ms or 0 for a in trace.info.assessments or ())])


def _late_until(trace: Any) -> float:
    """Where the day ended that a late trace missed; what another program wrote there is none."""
    said = trace.info.tags[LATE]
    return int(said) if said.isascii() and said.isdigit() else math.inf


def _exchange(trace: Any, experiment: str) -> Exchange:
    """A trace as an exchange; one that cannot be read, whoever wrote it, keeps the night from no other."""
    info, metadata = trace.info, trace.info.trace_metadata or {}
    tenant = info.tags.get(TENANT)
    known = {
        "trace": info.trace_id,
        "began": info.timestamp_ms,
        "session": metadata.get("mlflow.trace.session"),
        "user": person(metadata.get("mlflow.trace.user"), tenant),
        "tenant": tenant,
        "version": info.tags.get(VERSION),
        "experiment": experiment,
        "remarks": tuple(filter(None, (_remark(one, tenant) for one in info.assessments or ()))),
    }
    try:
        messages, reply = _call(trace.data.spans)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        return Exchange(messages=(), reply={}, fault=f"it cannot be read ({type(error).__name__})", **known)
    if not messages:
        return Exchange(messages=(), reply={}, fault="it holds no messages with an answer", **known)
    return Exchange(messages=messages, reply=reply, **known)


def _call(spans: Sequence[Any]) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """The last call of a chat model, or else the root: its messages and the answer."""
    spans = sorted(spans, key=lambda span: span.start_time_ns)
    calls = [span for span in spans if span.span_type in _MODELS]
    roots = [span for span in spans if span.parent_id is None]
    for span in [*reversed(calls), *roots]:
        messages, reply = _messages(span.inputs), _reply(span.outputs)
        if messages and reply:
            return messages, reply
    return [], {}


def _remark(assessment: Any, tenant: str | None) -> Remark | None:
    """What a person said; what a program or another model judged corrects nothing.

    Who speaks through the server is named by its client; who does so in MLflow's own pages is no tenant's user.
    """
    if assessment.source is None or assessment.source.source_type != "HUMAN" or assessment.valid is False:
        return None
    through = tenant if FEEDBACK in (assessment.metadata or {}) else None
    said: dict[str, Any] = {
        "at": assessment.last_update_time_ms or 0,
        "user": person(assessment.source.source_id, through),
    }
    if assessment.expectation is not None:
        value = assessment.expectation.value
        return Remark(correction=value, **said) if isinstance(value, str) else None
    value = getattr(assessment.feedback, "value", None)
    if isinstance(value, str) and assessment.name in ("correction", "expected_response"):
        return Remark(correction=value, comment=assessment.rationale, **said)
    return Remark(rating=value, comment=assessment.rationale, **said)


def _messages(inputs: Any) -> list[Mapping[str, Any]]:
    found = _read(inputs)
    found = found.get("messages") if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not all(isinstance(one, Mapping) and "role" in one for one in found):
        return []
    return found


def _reply(outputs: Any) -> Mapping[str, Any]:
    found = _read(outputs)
    if isinstance(found, Mapping) and isinstance(found.get("choices"), list) and found["choices"]:
        found = found["choices"][0].get("message") if isinstance(found["choices"][0], Mapping) else None
    if isinstance(found, Mapping) and isinstance(found.get("messages"), list) and found["messages"]:
        found = found["messages"][-1]
    if isinstance(found, str) and found.strip():
        return {"role": "assistant", "content": found}
    if isinstance(found, Mapping) and found.get("role", "assistant") == "assistant":
        return {"role": "assistant", **found} if found.get("content") or found.get("tool_calls") else {}
    return {}


def _read(value: Any) -> Any:
    """What a span holds; some programs put JSON there as text."""
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
