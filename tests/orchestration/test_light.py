"""What people ask often answers at once: it imports nothing that trains, schedules or serves."""

import json
import subprocess
import sys
import tarfile

import pytest

from steps.registry import Registry, registration
from steps.registry.stored import _from_client, stored_model
from steps.settings import REPOSITORY
from tests.examined import slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")

HEAVY = {"torch", "transformers", "peft", "dagster", "mlflow", "sqlalchemy", "alembic", "numpy", "pandas", "scipy"}
HEAVY |= {"great_expectations", "dvc", "httpx"}
PROGRAM = """
import json, sys
from orchestration.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    with tarfile.open(REPOSITORY / "tests" / "fixtures" / "workspace-a8d1df0.tar.xz") as archive:
        archive.extractall(folder := tmp_path_factory.mktemp("light"), filter="data")
    return folder / "old"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--help"], "consolidate"),
        (["status"], "version 3 of night 2026-01-02"),
        (["history"], "PROMOTE"),
        (["history", "--audit"], "promote"),
        (["forget", "--source", "ferry.md", "--dry-run"], "Nothing was removed."),
    ],
)
def test_nothing_heavy_is_imported(old, arguments, says):
    where = [] if "--help" in arguments else ["--workspace", str(old)]
    command = [sys.executable, "-c", PROGRAM, *arguments, *where]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0 and says in done.stdout, done.stderr
    assert not HEAVY & set(json.loads(done.stderr.splitlines()[-1]))


def test_the_database_is_read_as_mlflow_reads_it(settings, workspace, migrated):
    opened = Registry(settings, workspace)
    registration.ensure_night_zero(opened, base={"name": "tiny"})
    slept(settings, workspace)
    slept(settings, workspace, night="2026-11-23", verdict="REJECT")
    registry = Registry(settings, workspace)
    registry.client.create_model_version("slumber", "runs:/gone/adapter")
    registry.client.delete_model_version("slumber", "4")
    stored = stored_model(registry)
    assert len(stored.versions) == 3 and stored == _from_client(registry)


def test_to_read_creates_nothing(settings, workspace):
    assert stored_model(Registry(settings, workspace)) is None
    assert list(workspace.root.iterdir()) == []
