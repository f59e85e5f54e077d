"""A workspace that was moved: MLflow's database finds its files beside it, everybody's and each tenant's."""

import sqlite3
from contextlib import closing

import pytest

from steps.registry.connection import _PLACES, _follow_move
from steps.tenants import add_tenant
from steps.workspace import Workspace

FILES = ".slumber/mlflow/artifacts"


@pytest.fixture
def located(tmp_path):
    """Return a function that lets a database at a root follow its move, and returns where its files are then."""

    def follow(root, *folders):
        path = tmp_path / "mlflow.db"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection, connection:
            for table, column in _PLACES:
                connection.execute(f"CREATE TABLE {table} ({column} TEXT)")
            rows = [(f"file://{folder}/{FILES}",) for folder in folders]
            connection.executemany("INSERT INTO experiments VALUES (?)", rows)
        _follow_move(path, root)
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT artifact_location FROM experiments").fetchall()
        return [place.removeprefix("file://").removesuffix(f"/{FILES}") for (place,) in found]

    return follow


def test_all_are_found_where_they_are_now(located, tmp_path):
    root = tmp_path / "here"
    add_tenant(Workspace(root), "acme")
    found = located(root, "/old", "/old/tenants/acme", f"{root}/tenants/acme")
    assert found == [str(root), f"{root}/tenants/acme", f"{root}/tenants/acme"]


def test_a_deployment_in_a_folder_called_tenants_is_not_its_tenant_of_the_same_name(located, tmp_path):
    root = tmp_path / "tenants" / "acme"
    add_tenant(Workspace(root), "acme")
    assert located(root, root, f"{root}/tenants/acme") == [str(root), f"{root}/tenants/acme"]
