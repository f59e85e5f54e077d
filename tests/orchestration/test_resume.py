"""A night killed with SIGKILL in mid-training goes on from its checkpoint and ends like an uninterrupted one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.running import night_alerts
from steps.consolidate.step import ConsolidateStep
from steps.records import Verdict
from steps.workspace import VERDICT, Workspace, file_sha256, write_text

NIGHT = "2026-11-22"
_OLDER = Verdict(night=NIGHT, verdict="NO_OP", reasons=("nothing new",))  # of an earlier try
FACTS = "".join(f"The ferry Aldis carried {n * 37} barrels of salt in the year {1900 + n}. " for n in range(1, 9))


@pytest.fixture
def night(tmp_path, tiny_settings):
    """Return a function that starts `slumber night` in a workspace of the given name."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "ferry.md").write_text(f"# The ferry Aldis\n\n{FACTS}\n")
    values = tiny_settings.model_dump(mode="json")
    values["examine"] |= {"anchors": str(tiny_settings.anchors), "canaries": str(tiny_settings.canaries)}
    values["consolidate"] |= {"epochs": 12, "checkpoint_steps": 1}
    params = tmp_path / "params.yaml"
    params.write_text(yaml.safe_dump(values))

    def start(name):
        command = [
            Path(sys.executable).with_name("slumber"),
            "night",
            "--night",
            NIGHT,
            "--inbox",
            inbox,
            "--params",
            params,
        ]
        command += ["--workspace", tmp_path / name, "--json", tmp_path / f"{name}.json"]
        (tmp_path / name).mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            list(map(str, command)), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ), Workspace(tmp_path / name)

    return start


def status(workspace):
    shown = CliRunner().invoke(app, ["status", "--workspace", str(workspace.root)]).output
    return " ".join(shown.split())


def finish(process):
    _, told = process.communicate(timeout=200)
    assert process.returncode == 0, told[-2000:]


def test_a_killed_night_ends_like_an_uninterrupted_one(night, tmp_path):
    process, whole = night("whole")
    finish(process)

    process, cut = night("cut")
    write_text(cut.night_dir(NIGHT) / VERDICT, _OLDER.model_dump_json())
    checkpoint = cut.night_dir(NIGHT) / "consolidate" / NIGHT / "checkpoint.pt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists():
        assert process.poll() is None and time.monotonic() < deadline, "the night ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert f"night {NIGHT} was begun" in status(cut) and len(night_alerts(cut)) == 1
    assert not (cut.night_dir(NIGHT) / "adapter").exists()
    assert ConsolidateStep.read(cut, NIGHT) is None

    process, cut = night("cut")
    finish(process)
    assert "was begun" not in status(cut) and night_alerts(cut) == []
    figures = ConsolidateStep.read(cut, NIGHT).figures
    assert 0 < figures.resumed_at < figures.steps
    assert file_sha256(cut.night_dir(NIGHT) / "adapter") == file_sha256(whole.night_dir(NIGHT) / "adapter")
    told = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("whole", "cut")]
    assert told[0]["verdict"] == told[1]["verdict"] and told[0]["examination"] == told[1]["examination"]
