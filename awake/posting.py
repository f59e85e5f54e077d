"""Bring entries of the diary to MLflow: exchanges as traces, ratings and corrections as their assessments.

Each version that answers stands there as a logged model, so that traces name it, and lead to it, in MLflow's pages.
"""

import json
from collections.abc import Callable
from typing import Any

from awake.logged_models import LoggedModels
from steps.diary import ANONYMOUS, note_astray
from steps.errors import SlumberError
from steps.ingest.days import too_late_for
from steps.ingest.redact import redact_reply
from steps.ingest.redact_talk import secret_asked
from steps.registry import Registry, RegistryUnreachable
from steps.registry.connection import traced_to, translate_errors
from steps.registry.traces import FEEDBACK, LATE, TENANT, VERSION, days_of

TAG, TALK, OUTCOME = "slumber.completion", "slumber.talk", "slumber.outcome"
_WAITS = "what was said waits on disk"
_WORDS = ("comment", "correction")
_USAGE = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens", "total_tokens": "total_tokens"}
"""MLflow's names of what OpenAI calls otherwise."""
_LONGEST_NAME = 250  # characters of a session or user that MLflow takes


class Post:
    """Brings entries to one experiment, each once."""

    def __init__(self, registry: Registry):
        self._registry = registry
        self._experiment: str | None = None
        self._traces: dict[str, tuple[str, str | None]] = {}  # of the last exchanges by their ids, and whose
        self._models = LoggedModels(registry)

    @property
    def experiment(self) -> str:
        """Id of the experiment that holds the traces; it is made if it is not there."""
        if self._experiment is None:
            registry = self._registry
            self._experiment = registry.experiment(days_of(registry))
        return self._experiment

    def bring(self, what: str, body: dict[str, Any], *, sending: Callable[[str], None] = lambda trace: None) -> None:
        """Bring one entry.

        ``sending``: is told the id of an exchange's trace before the first byte of it is sent. If that comes back as
        ``body["trace"]``, it may have arrived: that is looked up, and a part of it is taken back before it is sent
        again.

        Raises:
            SlumberError: MLflow is away, or has not taken it.
        """
        with translate_errors(self._registry.uri, outcome=_WAITS), traced_to(self._registry.uri):
            if what != "exchange":
                self._feedback(body)
            elif not (body.get("trace") and self._arrived(body)):
                self._exchange(body, sending)

    def answers(self) -> bool:
        """Whether MLflow is there, and would take what is well-formed."""
        try:
            with translate_errors(self._registry.uri, outcome=_WAITS):
                self._registry.client.get_experiment(self.experiment)
        except SlumberError:
            return False
        return True

    def trace_of(self, completion: str, *, tenant: str | None = None) -> str | None:
        """Return the id of the trace of a completion; None if there is none, or it is another tenant's.

        Raises:
            SlumberError: MLflow is away.
        """
        if completion not in self._traces:
            with translate_errors(self._registry.uri, outcome=_WAITS):
                found = self._tagged(completion, spans=False)
            if found is None:
                return None
            self._remember(completion, found.info.trace_id, found.info.tags.get(TENANT))
        trace, owner = self._traces[completion]
        return trace if owner == tenant else None

    def _tagged(self, completion: str, *, spans: bool) -> Any:
        found = self._registry.client.search_traces(
            locations=[self.experiment],
            filter_string=f"tags.`{TAG}` = '{completion}'",
            max_results=1,
            include_spans=spans,
        )
        return found[0] if found else None

    def _arrived(self, body: dict[str, Any]) -> bool:
        """Whether all of an exchange is there; what is a part of it goes: MLflow writes a trace in two commits."""
        found = self._tagged(body["id"], spans=True)
        if found is not None and found.data.spans:
            self._remember(body["id"], found.info.trace_id, body.get("tenant"))
            return True
        parts = {body.get("trace"), found and found.info.trace_id} - {None}
        if parts:
            self._registry.client.delete_traces(self.experiment, trace_ids=sorted(parts))
        return False

    def _exchange(self, body: dict[str, Any], sending: Callable[[str], None]) -> None:
        import mlflow

        late = too_late_for(self._registry.settings, self._registry.workspace, body["began_ns"] // 10**6)
        version = str(body.get("version") or "0")
        known = {
            "mlflow.trace.session": body.get("session"),
            "mlflow.trace.user": body.get("user"),
            "mlflow.modelId": self._models.id_of(version, self.experiment),
        }
        span = mlflow.start_span_no_context(
            "chat",
            span_type="CHAT_MODEL",
            inputs={"messages": body["messages"], **({"tools": body["tools"]} if body.get("tools") else {})},
            attributes=_tokens(body.get("usage")),
            tags={
                TAG: body["id"],
                VERSION: version,
                **{tag: body[key] for tag, key in ((TALK, "talk"), (OUTCOME, "outcome")) if body.get(key)},
                **({TENANT: body["tenant"]} if body.get("tenant") else {}),
                **({LATE: str(late)} if late else {}),
                **({"slumber.notes": " ".join(body["notes"])} if body.get("notes") else {}),
            },
            metadata={key: value[:_LONGEST_NAME] for key, value in known.items() if value},
            experiment_id=self.experiment,
            start_time_ns=body["began_ns"],
        )
        if body.get("outcome") == "error":
            span.set_status("ERROR")
        choice = {"index": 0, "message": body["reply"], "finish_reason": body.get("finish")}
        sending(span.trace_id)
        span.end(outputs={"choices": [choice]}, end_time_ns=body["ended_ns"])
        mlflow.flush_trace_async_logging()
        # Failures of the queue are logged and not raised: whether it is there is the proof that it arrived.
        if not self._arrived(body | {"trace": span.trace_id}):
            raise RegistryUnreachable(f"MLflow did not take all of {body['id']}; {_WAITS}.")

    def _feedback(self, body: dict[str, Any]) -> None:
        from mlflow.exceptions import MlflowException

        trace = self.trace_of(body["id"], tenant=body.get("tenant"))
        try:
            if trace is not None:
                self._say(trace, body)
                return
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            self._traces.pop(body["id"], None)
        note_astray(self._registry.workspace.state, body["id"])  # deleted, or never given here, or not to this tenant

    def _say(self, trace: str, body: dict[str, Any]) -> None:
        import mlflow
        from mlflow.entities import AssessmentSource

        source = AssessmentSource(source_type="HUMAN", source_id=body.get("user") or ANONYMOUS)
        mark = {FEEDBACK: body["feedback_id"]}
        there = self._registry.client.get_trace(trace)
        for old in there.info.assessments:  # said before by the same person: the later word counts
            if (old.metadata or {}).get(FEEDBACK) == body["feedback_id"] and old.source.source_id == source.source_id:
                mlflow.delete_assessment(trace_id=trace, assessment_id=old.assessment_id)
        how: dict[str, Any] = {"trace_id": trace, "source": source, "metadata": mark}
        asked = _secret_asked(there)
        comment, correction = (redact_reply(asked, body[key])[0] if body.get(key) else None for key in _WORDS)
        if body.get("rating") is not None or comment:
            mlflow.log_feedback(name="rating", value=body.get("rating"), rationale=comment, **how)
        if correction:
            mlflow.log_expectation(name="expected_response", value=correction, **how)

    def _remember(self, completion: str, trace: str, tenant: str | None) -> None:
        self._traces[completion] = trace, tenant
        while len(self._traces) > 1000:
            self._traces.pop(next(iter(self._traces)))


def _tokens(usage: dict[str, int] | None) -> dict[str, Any]:
    """The attribute from which MLflow counts a trace's tokens."""
    return {"mlflow.chat.tokenUsage": {mine: usage[theirs] for mine, theirs in _USAGE.items()}} if usage else {}


def _secret_asked(trace: Any) -> str:
    """What a trace's user asked last, if that was for a secret: what is said of the answer may tell it, too."""
    try:
        return secret_asked(json.loads(trace.data.request)["messages"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
