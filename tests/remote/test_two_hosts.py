"""Two hosts, a workspace each and one registry in Postgres: one night at a time, and a dead host holds nobody up."""

import os
import signal
import subprocess
import sys

import pytest

from orchestration.environment import Deployment
from orchestration.night import run_night_of
from steps.errors import NightRunning
from steps.registry import night_lease
from steps.settings import REPOSITORY
from steps.workspace import Workspace
from tests.orchestration.test_night import FIRST

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
