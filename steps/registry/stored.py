"""What MLflow stores of the registered model, read in one go.

MLflow's own SQLite file is read as such, in milliseconds and without MLflow, whose import alone takes ten seconds here:
`slumber status` and `slumber history` are asked often. Any other store is read through MLflow's client.
"""

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steps.registry.audit import PREFIX, Entry, Seal, experiment_of, read_trail, stored
from steps.registry.connection import sqlite_path
from steps.registry.gateway import Registry
from steps.registry.version import Version, read_version


@dataclass(frozen=True)
class StoredModel:
    """The registered model's audit trail, oldest first, and its versions, newest first."""

    trail: list[Entry]
    versions: list[Version]


def stored_model(registry: Registry) -> StoredModel | None:
    """Return the registered model, None if there is none yet."""
    path = sqlite_path(registry.uri)
    if path is not None and not path.exists():
        return None  # only what is written is worth a database
    if path is not None:
        try:
            return _from_sqlite(path, registry.name, registry.seal)
        except sqlite3.OperationalError:  # tables of another MLflow: its client knows, or says what to do
            pass
    return _from_client(registry)


def _from_sqlite(path: Path, name: str, seal: Seal | None) -> StoredModel | None:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=20)) as database:
        if not database.execute("SELECT 1 FROM registered_models WHERE name = ?", (name,)).fetchone():
            return None
        tags = dict(database.execute("SELECT key, value FROM registered_model_tags WHERE name = ?", (name,)))
        named = database.execute("SELECT alias, version FROM registered_model_aliases WHERE name = ?", (name,))
        aliases = {alias: str(number) for alias, number in named}
        told: dict[int, dict[str, str]] = defaultdict(dict)
        rows = "SELECT version, key, value FROM model_version_tags WHERE name = ?"
        for number, key, value in database.execute(rows, (name,)):
            told[number][key] = value
        rows = (
            "SELECT version, run_id, description, creation_time FROM model_versions "
            "WHERE name = ? AND coalesce(current_stage, '') != 'Deleted_Internal' ORDER BY version DESC"
        )
        versions = [
            read_version(
                number=str(number),
                tags=told[number],
                run_id=run_id,
                description=description,
                created_ms=created,
                aliases=aliases,
            )
            for number, run_id, description, created in database.execute(rows, (name,))
        ]
        rows = (
            "SELECT run_uuid, key, value FROM runs JOIN experiments USING (experiment_id) "
            "LEFT JOIN tags USING (run_uuid) WHERE experiments.name = ?"
        )
        runs: dict[str, dict[str, str]] = defaultdict(dict)
        for run, key, value in database.execute(rows, (experiment_of(name),)):
            runs[run] |= {key: value} if key == "mlflow.runName" or str(key).startswith(PREFIX) else {}
    return StoredModel(read_trail(runs.values(), tags, seal), versions)


def _from_client(registry: Registry) -> StoredModel | None:
    model = registry.model()
    if model is None:
        return None
    aliases = {alias: str(number) for alias, number in model.aliases.items()}
    found: list[Any] = []
    token, pages = None, 0
    while pages == 0 or token:
        wanted = f"name = '{registry.name}'"
        page = registry.client.search_model_versions(wanted, max_results=1000, page_token=token)
        found, token, pages = [*found, *page], page.token, pages + 1
    versions = [
        read_version(
            number=str(entity.version),
            tags=dict(entity.tags),
            run_id=entity.run_id,
            description=entity.description,
            created_ms=entity.creation_timestamp,
            aliases=aliases,
        )
        for entity in found
    ]
    experiment = registry.client.get_experiment_by_name(experiment_of(registry.name))
    runs = stored(registry.client, experiment.experiment_id) if experiment else []
    newest_first = sorted(versions, key=lambda version: -int(version.version))
    return StoredModel(read_trail(runs, dict(model.tags), registry.seal), newest_first)
