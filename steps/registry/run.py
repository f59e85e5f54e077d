"""Write one MLflow run of a night: parameters, metrics, dataset inputs and artifacts."""

import json
import math
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from steps.addresses import no_password
from steps.errors import SlumberError

BATCH = 100  # MLflow takes at most so many parameters or tags at once


def experiment_id(client: Any, *, name: str, location: str | None) -> str:
    """Return the experiment's id; a new one keeps its artifacts at ``location``."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return client.create_experiment(name, artifact_location=location)
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another process was faster
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        raise SlumberError(
            f"The MLflow experiment {name!r} was deleted: restore it in MLflow, or set registry.experiment and "
            "registry.model_name, after which it and its audit trail are named."
        )
    return found.experiment_id


def close_unfinished(client: Any, experiment: str, *, verdict_digest: str) -> None:
    """Mark the runs as KILLED that a killed registration of the same verdict left open."""
    query = f"tags.verdict_digest = '{verdict_digest}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([experiment], query):
        client.set_terminated(run.info.run_id, "KILLED")


def write_run(
    client: Any,
    *,
    experiment_id: str,
    name: str,
    tags: dict[str, str],
    params: dict[str, Any],
    metrics: dict[str, float],
    inputs: dict[str, tuple[str, Path]],
    files: dict[str, Path],
) -> str:
    """Create a run and finish it; return its id. A run that cannot be completed is left as FAILED.

    Args:
        params: may be nested; keys are joined with dots, passwords in addresses are left out.
        inputs: MD5 and file by dataset name.
        files: local file or folder by its path among the artifacts.
    """
    run_id = client.create_run(experiment_id, tags=tags, run_name=name).info.run_id
    try:
        _log_numbers(client, run_id, params=flat(params), metrics=metrics)
        _log_inputs(client, run_id, inputs)
        log_files(client, run_id, files)
        client.set_terminated(run_id, "FINISHED")
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    return run_id


def log_files(client: Any, run_id: str, files: dict[str, Path]) -> None:
    """Upload each local file or folder to its path among the run's artifacts."""
    for target, local in files.items():
        if local.is_dir():
            client.log_artifacts(run_id, str(local), artifact_path=target)
            continue
        folder, name = Path(target).parent.as_posix(), Path(target).name
        with tempfile.TemporaryDirectory() as temporary:
            if name != local.name:  # an artifact keeps its file's name
                local = Path(shutil.copyfile(local, Path(temporary) / name))
            client.log_artifact(run_id, str(local), artifact_path=None if folder == "." else folder)


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Join the keys of nested dictionaries with dots."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def _log_numbers(client: Any, run_id: str, *, params: dict[str, Any], metrics: dict[str, float]) -> None:
    from mlflow.entities import Metric, Param
    from mlflow.utils.time import get_current_time_millis

    written = [Param(_key(key), no_password(str(value))[:6000]) for key, value in params.items()]
    for start in range(0, len(written), BATCH):
        client.log_batch(run_id, params=written[start : start + BATCH])
    now = get_current_time_millis()
    # A missing number stays missing: MLflow would store NaN as a value.
    numbers = [Metric(_key(key), float(value), now, 0) for key, value in metrics.items() if math.isfinite(value)]
    for start in range(0, len(numbers), BATCH):
        client.log_batch(run_id, metrics=numbers[start : start + BATCH])


def _key(text: str) -> str:
    return re.sub(r"[^\w\-. /]", "_", text)[:250]


def _log_inputs(client: Any, run_id: str, inputs: dict[str, tuple[str, Path]]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    datasets = []
    for name, (md5, path) in inputs.items():
        dataset = Dataset(name, md5, source_type="local", source=json.dumps({"uri": str(path.absolute())}))
        tags = [InputTag("mlflow.data.context", "training"), InputTag("dvc.md5", md5)]
        datasets.append(DatasetInput(dataset, tags=tags))
    if datasets:
        client.log_inputs(run_id, datasets=datasets)
