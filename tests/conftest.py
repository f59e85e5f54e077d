"""Fixtures that every test may use."""

import shutil

import pytest

from steps.settings import load_settings
from steps.workspace import Workspace


@pytest.fixture
def settings():
    return load_settings()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture(autouse=True)
def _no_registry_of_the_machine(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def _migrated_database(tmp_path_factory):
    from steps.registry import Registry

    workspace = Workspace(tmp_path_factory.mktemp("migrated"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        Registry(load_settings(), workspace).champion()
    return workspace.state / "mlflow" / "mlflow.db"


@pytest.fixture
def migrated(_migrated_database, workspace):
    """Give ``workspace`` a fresh MLflow database, copied: MLflow takes seconds to create one."""
    path = workspace.state / "mlflow" / "mlflow.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_migrated_database, path)
    return path
