"""The services of deploy/compose.yaml on this machine, over the tiny model."""

import os
import shutil
import subprocess

import pytest
import yaml

from bench.tiny import build_tiny_model
from tests.deploy.composed import DEPLOY, Composed, seaweedfs
from tests.deploy.containers import can_run
from tests.remote.servers import postgres_programs

KNOBS = {
    "model": {"base": "tiny", "device": "cpu", "dtype": "float32", "threads": 1},
    "serve": {"max_new_tokens": 8},
    "night": {"nice": 0},
    "schedule": {"cron": "* * * * *"},
}


@pytest.fixture(scope="module")
def composed(tmp_path_factory):
    """All services, none of them up; a model lies in their workspace, and secrets are drawn as docs/deploy.md says."""
    if not can_run():
        pytest.skip("containers need root, and a machine that lets it make namespaces")
    if postgres_programs() is None:
        pytest.skip("this distribution's Postgres is not installed: apt-get install postgresql")
    if seaweedfs() is None:
        pytest.skip("the S3 server is not installed: make remote")
    folder = tmp_path_factory.mktemp("host")
    for above in (folder, *folder.parents[:2]):
        above.chmod(0o755)  # as a host's folders are; pytest's are closed to others
    deploy = folder / "deploy"
    shutil.copytree(DEPLOY, deploy, ignore=shutil.ignore_patterns("secrets", "inbox"))
    subprocess.run(["sh", deploy / "secrets.sh"], check=True, capture_output=True)
    (deploy / "inbox").mkdir()
    settings = yaml.safe_load((deploy / "params.yaml").read_text())
    settings |= {name: settings.get(name, {}) | knobs for name, knobs in KNOBS.items()}
    (deploy / "params.yaml").write_text(yaml.safe_dump(settings))
    found = Composed(folder, deploy)
    place = found.volume("workspace")
    for path in (model := build_tiny_model(place / "tiny")), *model.iterdir():
        os.chown(path, 10001, 10001)
    yield found
    found.close()
