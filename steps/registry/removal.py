"""Take a tenant out of MLflow: the registered model, its versions, runs, traces and logged models.

Where the database is a file here, nothing of it is left, not even a deleted row's bytes. A server only marks runs as
deleted: whoever keeps it runs `mlflow gc`.
"""

from typing import Any

from steps.registry.audit import experiment_of
from steps.registry.connection import sqlite_path, translate_errors
from steps.registry.gateway import Registry
from steps.registry.review import experiment_of as reviews_of
from steps.registry.traces import days_of
from steps.workspace import compact

_PAGE = 100


def remove_model(registry: Registry) -> list[str]:
    """Delete the registered model with all experiments that bear its name; done twice, it is done.

    Returns the experiments that are only marked as deleted.

    Raises:
        SlumberError: MLflow is away, or another program holds the database.
    """
    own_file, left = sqlite_path(registry.uri), []
    elsewhere = own_file is None or registry.settings.registry.artifacts is not None  # files outside of his folder
    with translate_errors(registry.uri, outcome="not all that is the tenant's is deleted"):
        client = registry.client
        nights = registry.settings.registry.experiment
        for name in (days_of(registry), nights, reviews_of(registry), experiment_of(registry.name)):
            found = client.get_experiment_by_name(name)
            if found is None:
                continue
            _empty(client, found, files=elsewhere)
            if found.lifecycle_stage == "active":
                client.delete_experiment(found.experiment_id)
            if own_file is None:
                left.append(name)
            else:
                _erase(registry.uri, found.experiment_id)
        if registry.model() is not None:
            client.delete_registered_model(registry.name)
        if own_file is not None:
            compact(own_file)
    return left


def _empty(client: Any, experiment: Any, *, files: bool) -> None:
    """Delete the traces of an experiment, and, with ``files``, the artifacts of its runs, which stay else."""
    where = [experiment.experiment_id]
    while page := client.search_traces(locations=where, max_results=_PAGE, include_spans=False):
        client.delete_traces(experiment.experiment_id, trace_ids=[trace.info.trace_id for trace in page])
    if files:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        for run in _runs(client, experiment.experiment_id):
            place = get_artifact_repository(run.info.artifact_uri)
            for item in client.list_artifacts(run.info.run_id):
                place.delete_artifacts(item.path)


def _runs(client: Any, experiment: str) -> list[Any]:
    from mlflow.entities import ViewType

    found, token = [], None
    while True:
        page = client.search_runs([experiment], "", ViewType.ALL, 1000, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _erase(uri: str, experiment: str) -> None:
    """Take out of MLflow's own database what it only marks as deleted, as `mlflow gc` does.

    What a deleted run was given (the names of its data sets) that command leaves behind.
    """
    import sqlalchemy
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    engine = sqlalchemy.create_engine(uri)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("PRAGMA foreign_keys = ON"))

        def ask(statement: str) -> Any:
            return connection.execute(sqlalchemy.text(statement), {"experiment": experiment})

        sets = "SELECT dataset_uuid FROM datasets WHERE experiment_id = :experiment"
        inputs = f"SELECT input_uuid FROM inputs WHERE source_id IN ({sets})"
        ask(f"DELETE FROM input_tags WHERE input_uuid IN ({inputs})")
        ask(f"DELETE FROM inputs WHERE source_id IN ({sets})")
        runs = [run for (run,) in ask("SELECT run_uuid FROM runs WHERE experiment_id = :experiment")]
        models = [model for (model,) in ask("SELECT model_id FROM logged_models WHERE experiment_id = :experiment")]
    engine.dispose()
    store = SqlAlchemyStore(uri, "")
    for model in models:
        store._hard_delete_logged_model(model)
    for run in runs:
        store._hard_delete_run(run)
    store._hard_delete_experiment(experiment)
