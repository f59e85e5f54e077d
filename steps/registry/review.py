"""The examination item by item in MLflow's evaluation view: what the champion said beside what the candidate says.

Each of the two is an evaluation run, and each item a trace with what was expected and whether it was right. They lie in
an experiment of their own, so that no examination is taken for experience. Nothing is decided on them: the gate reads
the night's files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steps.registry.connection import traced_to, translate_errors
from steps.registry.gateway import Registry
from steps.registry.version import Version

ROLES = ("candidate", "champion")
OF_VERSION, DONE = "review.version", "FINISHED"
_BATCH = 100  # MLflow deletes so many traces at once


@dataclass(frozen=True)
class Item:
    """One question and what both said to it, with whether it was right; ``suite`` says where it is from."""

    question: str
    expected: str
    suite: str
    said: dict[str, tuple[str, bool]]


def experiment_of(registry: Registry) -> str:
    """Return the name of the experiment that holds the reviews."""
    return f"{registry.settings.registry.experiment} review"


def write_review(registry: Registry, version: Version, items: Sequence[Item]) -> str:
    """Write the review of ``version``, once, and return its address within MLflow's pages.

    Raises:
        RegistryUnreachable: it could not be written; what a killed process or a dead server left is written anew.
    """
    with translate_errors(registry.uri, outcome=f"the review of version {version.version} was not written"):
        experiment = registry.experiment(experiment_of(registry))
        found = {run.info.run_name: run.info for run in _runs(registry, experiment, version)}
        names = {role: f"night {version.night}, version {version.version}: {role}" for role in ROLES}
        if any(name not in found or found[name].status != DONE for name in names.values()):
            delete_review(registry, version)
            run_ids = {role: _write(registry, experiment, version, role, names[role], items) for role in ROLES}
        else:
            run_ids = {role: found[name].run_id for role, name in names.items()}
    page = f"#/experiments/{experiment}/evaluation-runs"
    return f"{page}?selectedRunUuid={run_ids['candidate']}&compareToRunUuid={run_ids['champion']}"


def delete_review(registry: Registry, version: Version) -> None:
    """Delete what the review of ``version`` holds, if there is one; its traces are gone from the database."""
    found = registry.client.get_experiment_by_name(experiment_of(registry))
    if found is None:
        return
    for run in _runs(registry, found.experiment_id, version):
        while traces := _traces(registry, found.experiment_id, run.info.run_id, at_most=_BATCH):
            registry.client.delete_traces(found.experiment_id, trace_ids=[trace.info.trace_id for trace in traces])
        registry.client.delete_run(run.info.run_id)


def _write(registry: Registry, experiment: str, version: Version, role: str, name: str, items: Sequence[Item]) -> str:
    import mlflow
    from mlflow.entities import AssessmentSource
    from mlflow.entities.trace_location import MlflowExperimentLocation

    tags = {"mlflow.runType": "genai_evaluate", OF_VERSION: version.version, "night": version.night}
    run = registry.client.create_run(experiment, tags=tags, run_name=name).info.run_id
    by_code, place = (
        AssessmentSource(source_type="CODE", source_id="steps.marking"),
        MlflowExperimentLocation(experiment),
    )
    with traced_to(registry.uri):
        for item in items:
            answer, right = item.said[role]
            with mlflow.start_span(name=item.suite, trace_destination=place) as span:
                span.set_inputs(item.question)
                span.set_outputs(answer)
                mlflow.update_current_trace(tags={"suite": item.suite}, metadata={"mlflow.sourceRun": run})
                mlflow.log_expectation(trace_id=span.trace_id, name="expected_response", value=item.expected)
                mlflow.log_feedback(trace_id=span.trace_id, name="right", value=right, source=by_code)
    if len(_traces(registry, experiment, run, at_most=len(items) + 1)) != len(items):
        raise OSError("not all items were kept")  # MLflow drops a trace that it cannot write, and says nothing
    registry.client.log_metric(run, "right/mean", sum(item.said[role][1] for item in items) / max(len(items), 1))
    registry.client.set_terminated(run, DONE)
    return run


def _runs(registry: Registry, experiment: str, version: Version) -> list[Any]:
    return list(registry.client.search_runs([experiment], f"tags.`{OF_VERSION}` = '{version.version}'"))


def _traces(registry: Registry, experiment: str, run: str, *, at_most: int) -> list[Any]:
    found: list[Any] = []
    token, wanted = None, {"filter_string": f"metadata.`mlflow.sourceRun` = '{run}'", "include_spans": False}
    while len(found) < at_most:
        page = registry.client.search_traces(
            locations=[experiment], max_results=min(at_most, 500), page_token=token, **wanted
        )
        found, token = [*found, *page], page.token
        if not token:
            break
    return found
