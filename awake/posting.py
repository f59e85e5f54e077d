"""Bring entries of the diary to MLflow: exchanges as traces, ratings and corrections as their assessments.

Each version that answers stands there as a logged model, so that traces name it, and lead to it, in MLflow's pages.
"""

import json
from typing import Any

from steps.registry import Registry
from steps.registry.connection import artifact_location, traced_to, translate_errors
from steps.registry.run import experiment_id
from steps.registry.traces import days_of

TAG, VERSION, TALK, OUTCOME = "slumber.completion", "slumber.version", "slumber.talk", "slumber.outcome"
_WAITS = "what was said waits on disk"


class Post:
    """Brings entries to one experiment, each once."""

    def __init__(self, registry: Registry):
        self._registry = registry
        self._experiment: str | None = None
        self._traces: dict[str, str] = {}  # of the last exchanges, by their ids
        self._models: dict[str, str] = {}  # by the number of the version

    @property
    def experiment(self) -> str:
        """Id of the experiment that holds the traces; it is made if it is not there."""
        if self._experiment is None:
            registry = self._registry
            location = artifact_location(registry.uri, registry.workspace)
            self._experiment = experiment_id(registry.client, name=days_of(registry), location=location)
        return self._experiment

    def bring(self, what: str, body: dict[str, Any], *, doubtful: bool) -> None:
        """Bring one entry. ``doubtful``: it may have arrived already, which is looked up first.

        Raises:
            SlumberError: MLflow is away.
        """
        with translate_errors(self._registry.uri, outcome=_WAITS), traced_to(self._registry.uri):
            if what == "exchange":
                if not (doubtful and self.trace_of(body["id"])):
                    self._exchange(body)
            else:
                self._feedback(body, doubtful=doubtful)

    def trace_of(self, completion: str) -> str | None:
        """Return the id of the trace of a completion."""
        import mlflow

        if completion not in self._traces:
            found = mlflow.MlflowClient(self._registry.uri).search_traces(
                locations=[self.experiment],
                filter_string=f"tags.`{TAG}` = '{completion}'",
                max_results=1,
                include_spans=False,
            )
            if not found:
                return None
            self._remember(completion, found[0].info.trace_id)
        return self._traces[completion]

    def _exchange(self, body: dict[str, Any]) -> None:
        import mlflow

        version = str(body.get("version") or "0")
        known = {
            "mlflow.trace.session": body.get("session"),
            "mlflow.trace.user": body.get("user"),
            "mlflow.modelId": self._model_of(version),
        }
        span = mlflow.start_span_no_context(
            "chat",
            span_type="CHAT_MODEL",
            inputs={"messages": body["messages"], **({"tools": body["tools"]} if body.get("tools") else {})},
            tags={
                TAG: body["id"],
                VERSION: version,
                **{tag: body[key] for tag, key in ((TALK, "talk"), (OUTCOME, "outcome")) if body.get(key)},
                **({"slumber.tenant": body["tenant"]} if body.get("tenant") else {}),
                **({"slumber.notes": " ".join(body["notes"])} if body.get("notes") else {}),
            },
            metadata={key: value for key, value in known.items() if value},
            experiment_id=self.experiment,
            start_time_ns=body["began_ns"],
        )
        if body.get("outcome") == "error":
            span.set_status("ERROR")
        choice = {"index": 0, "message": body["reply"], "finish_reason": body.get("finish")}
        span.end(outputs={"choices": [choice]}, end_time_ns=body["ended_ns"])
        mlflow.flush_trace_async_logging()
        # Failures of the queue are logged and not raised: whether it is there is the proof that it arrived.
        self._remember(body["id"], span.trace_id)
        try:
            self._registry.client.get_trace(span.trace_id)
        except Exception:
            self._traces.pop(body["id"])
            raise

    def _model_of(self, version: str) -> str:
        """Return the id of the logged model that stands for a version ("0": the base); it is made if it is not there.

        MLflow's own tag leads from it to the version in the registry.
        """
        if version not in self._models:
            # A logged model's name has no dots, which a registered model's may have.
            client, name = self._registry.client, f"{self._registry.name.replace('.', '-')}-{version}"
            there = client.search_logged_models([self.experiment], filter_string=f"name = '{name}'", max_results=1)
            if not there:
                number = version if version != "0" else self._registry.aliases().get("base")
                versions = [{"name": self._registry.name, "version": number}] if number else []
                tags = {"mlflow.modelVersions": json.dumps(versions)}
                made = client.create_logged_model(self.experiment, name=name, tags=tags, model_type="agent")
                there = [client.finalize_logged_model(made.model_id, "READY")]
            self._models[version] = there[0].model_id
        return self._models[version]

    def _feedback(self, body: dict[str, Any], *, doubtful: bool) -> None:
        import mlflow
        from mlflow.entities import AssessmentSource

        trace = self.trace_of(body["id"])
        if trace is None:
            return  # an answer that nobody gave here: counted where it came in
        source = AssessmentSource(source_type="HUMAN", source_id=body.get("user") or "anonymous")
        mark = {"slumber.feedback": body["feedback_id"]}
        there = {
            (a.name, (a.metadata or {}).get("slumber.feedback")): a
            for a in self._registry.client.get_trace(trace).info.assessments
        }
        given = []
        if body.get("rating") is not None or body.get("comment"):
            given.append(("rating", body.get("rating")))
        if body.get("correction"):
            given.append(("expected_response", body["correction"]))
        for name, value in given:
            old = there.get((name, body["feedback_id"]))
            if old is not None:  # said before: the later word counts
                mlflow.delete_assessment(trace_id=trace, assessment_id=old.assessment_id)
            if name == "rating":
                mlflow.log_feedback(
                    trace_id=trace, name=name, value=value, source=source, rationale=body.get("comment"), metadata=mark
                )
            else:
                mlflow.log_expectation(trace_id=trace, name=name, value=value, source=source, metadata=mark)

    def _remember(self, completion: str, trace: str) -> None:
        self._traces[completion] = trace
        while len(self._traces) > 1000:
            self._traces.pop(next(iter(self._traces)))
