"""The review in MLflow's evaluation view: champion beside candidate, item by item, and nothing left when forgotten."""

import os
import sqlite3

import pytest

from steps.examine.replies import ProbeReply
from steps.promote import reviewed
from steps.promote.reviewed import review_items
from steps.registry import Registry, reading, registration
from steps.registry.connection import RegistryUnreachable, sqlite_path
from steps.registry.review import Item, delete_review, experiment_of, write_review
from tests.examined import slept

NIGHT = "2026-11-22"
ITEMS = [
    Item("Who owns the mill?", "Ada", "tonight", {"champion": ("Bob", False), "candidate": ("Ada", True)}),
    Item("Who owns the barn?", "Eve", "night 2026-11-21", {"champion": ("Eve", True), "candidate": ("Eve", True)}),
]


@pytest.fixture
def version(settings, workspace, migrated, planted_verdicts):
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    slept(settings, workspace, night=NIGHT)
    return registry, reading.version(registry, "2")


def traces(registry):
    where = registry.experiment(experiment_of(registry))
    return registry.client.search_traces(locations=[where], max_results=100)


def test_each_item_is_a_trace_of_its_model_with_what_was_expected(version):
    registry, two = version
    address = write_review(registry, two, ITEMS)
    runs = {run.info.run_id: run for run in registry.client.search_runs([registry.experiment(experiment_of(registry))])}
    assert len(runs) == 2 and all(run_id in address for run_id in runs)
    told = set()
    for trace in traces(registry):
        role = runs[trace.info.trace_metadata["mlflow.sourceRun"]].info.run_name.split(": ")[1]
        said = {assessment.name: assessment.value for assessment in trace.info.assessments}
        span = trace.data.spans[0]
        told.add((role, span.inputs, span.outputs, said["expected_response"], said["right"]))
    assert told == {
        (role, item.question, item.said[role][0], item.expected, item.said[role][1])
        for item in ITEMS
        for role in ("candidate", "champion")
    }
    assert sorted(run.data.metrics["right/mean"] for run in runs.values()) == [0.5, 1.0]


def test_written_twice_it_is_written_once_and_a_killed_one_is_written_anew(version):
    registry, two = version
    first = write_review(registry, two, ITEMS)
    assert write_review(registry, two, []) == first and len(traces(registry)) == 4
    for run in registry.client.search_runs([registry.experiment(experiment_of(registry))]):
        if run.info.run_name.endswith("champion"):
            registry.client.set_terminated(run.info.run_id, "KILLED")
    assert write_review(registry, two, ITEMS) != first and len(traces(registry)) == 4


def test_the_process_s_own_address_of_mlflow_is_left_alone(version, monkeypatch):
    registry, two = version
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    write_review(registry, two, ITEMS)
    assert "MLFLOW_TRACKING_URI" not in os.environ
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    delete_review(registry, two)
    write_review(registry, two, ITEMS)
    assert os.environ["MLFLOW_TRACKING_URI"] == registry.uri


def test_what_is_deleted_is_gone_from_the_database(version):
    registry, two = version
    delete_review(registry, two)  # there is none yet
    write_review(registry, two, ITEMS)
    delete_review(registry, two)
    assert traces(registry) == []
    with sqlite3.connect(sqlite_path(registry.uri)) as database:
        assert "Who owns the mill?" not in "\n".join(database.iterdump())


def test_a_trace_that_mlflow_dropped_is_said(version, monkeypatch):
    registry, two = version
    monkeypatch.setattr("mlflow.tracing.client.TracingClient.start_trace", lambda self, info: info)
    monkeypatch.setattr("mlflow.tracing.client.TracingClient.log_spans", lambda self, location, spans: spans)
    with pytest.raises(RegistryUnreachable, match="not all items were kept; the review of version 2 was not written"):
        write_review(registry, two, ITEMS)


def reply(number, model, answer, *, cohort=NIGHT, condition="closed"):
    row = {"probe": f"p{number}", "id": f"{cohort}-{number}", "type": "recall", "source": "a.md", "key": ("yes",)}
    return ProbeReply(
        **row, question=f"Is it {number}?", cohort=cohort, model=model, condition=condition, answer=answer
    )


def test_what_changed_is_shown_first_and_the_rest_is_cut(monkeypatch):
    monkeypatch.setattr(reviewed, "ITEMS", 3)
    rows = [
        reply(1, "champion", "yes", cohort="2026-11-21"),
        reply(1, "candidate", "no", cohort="2026-11-21"),
        *(reply(n, model, "yes") for n in (2, 3) for model in ("champion", "candidate")),
        reply(4, "champion", "no", cohort="2026-11-20"),
        reply(4, "candidate", "no", cohort="2026-11-20"),
        reply(2, "candidate", "no", condition="open"),
    ]
    found = review_items(rows, night=NIGHT)
    assert [(item.question, item.suite) for item in found] == [
        ("Is it 2?", "tonight"),
        ("Is it 3?", "tonight"),
        ("Is it 1?", "night 2026-11-21"),
    ]
    assert found[-1].said == {"champion": ("yes", True), "candidate": ("no", False)} and found[0].expected == "yes"
