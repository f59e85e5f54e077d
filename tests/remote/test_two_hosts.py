"""Two hosts, a workspace each and one registry in Postgres: one night at a time, and a dead host holds nobody up."""

import os
import signal
import subprocess
import sys
import time

import pytest

import steps.consolidate.training as training
from orchestration.environment import Deployment
from orchestration.night import run_night_of
from steps.consolidate import bucket
from steps.errors import NightRunning
from steps.manifest import read_manifest
from steps.registry import night_lease
from steps.settings import REPOSITORY
from steps.workspace import Workspace
from tests.orchestration.test_night import FERRY, FIRST

HOLD = """
import sys
from pathlib import Path
from orchestration.environment import Deployment
found = Deployment.find(workspace=Path(sys.argv[1]))
with found.lock("2026-11-21"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_of_two_hosts_one_sleeps(tiny_settings, tmp_path, remotely, monkeypatch):
    monkeypatch.setattr(night_lease, "PATIENCE_SECONDS", 5.0)
    inbox, one, other = (tmp_path / name for name in ("inbox", "one", "other"))
    for folder in (inbox, one, other):
        folder.mkdir()
    here = remotely(Deployment(tiny_settings, Workspace(other), inbox))
    knobs = here.settings.registry
    (one / "params.yaml").write_text(
        f"registry:\n  tracking_uri: {knobs.tracking_uri}\n  artifacts: {knobs.artifacts}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(one)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(NightRunning, match=rf"2026-11-21 \(host .*, process {process.pid}\) is running"):
            run_night_of(here, FIRST)
        process.send_signal(signal.SIGKILL)
        process.wait()
        outcome = run_night_of(here, FIRST)
        assert outcome.verdict.verdict == "NO_OP", "the inbox is empty"
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(1500)  # a minute on a quiet machine
def test_another_host_goes_on_with_the_training_of_a_dead_one(
    tiny_settings, tmp_path, remotely, servers, stores, monkeypatch
):
    """It dreams the same by itself, and finds the checkpoint of the same training in the bucket."""
    (_, s3), (*_, name), place = servers, stores, "checkpoints"
    monkeypatch.setattr(bucket, "_EVERY", 0.05)
    compute = tiny_settings.compute.model_copy(update={"checkpoints": f"s3://{name}/{place}"})
    (key := tmp_path / "deployment.key").write_text("k" * 64)
    registry = tiny_settings.registry.model_copy(update={"key_file": key})
    settings = tiny_settings.model_copy(update={"compute": compute, "registry": registry})
    hosts = []
    for host in ("dead", "other"):
        (inbox := tmp_path / host / "inbox").mkdir(parents=True)
        (inbox / "ferry.md").write_text(FERRY)
        hosts.append(remotely(Deployment(settings, Workspace(tmp_path / host / "workspace"), inbox)))

    def kept():
        return [key for key in s3.keys(name) if key.startswith(f"{place}/jobs/")]

    def store_and_die(*given, store=training._store):
        store(*given)
        until = time.monotonic() + 60
        while len(kept()) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "_store", store_and_die)
        with pytest.raises(KeyboardInterrupt):
            run_night_of(hosts[0], FIRST)
    assert len(kept()) == 2
    run_night_of(hosts[1], FIRST)
    trained = read_manifest(hosts[1].workspace, night=FIRST, step="consolidate").figures
    assert trained["resumed_at"] > 0 and kept() == []
