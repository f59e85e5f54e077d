"""`dvc repro` runs the same steps from dvc.yaml and arrives at the same data as the night that Dagster ran."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestration.night import run_night
from steps.params import load_settings
from steps.settings import REPOSITORY
from steps.workspace import Workspace, file_sha256

NIGHT = "2026-11-22"
COMPARED = ("corpus", "probes", "ledger", "quarantine", "triage", "dreams", "holdouts")


@pytest.fixture
def checkout(tmp_path, tiny_settings):
    """A copy of the checkout, as a clone without git would be, with the tiny model and a small inbox."""
    root = tmp_path / "checkout"
    for name in ("steps", "orchestration"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, root / name)
    inbox = root / "data" / "inbox"
    inbox.mkdir(parents=True)
    for name in ("lighthouse.md", "day.jsonl", "company.md"):
        shutil.copy(REPOSITORY / "data" / "inbox" / name, inbox)
    shutil.copytree(tiny_settings.anchors, root / "data" / "anchors")
    shutil.copytree(tiny_settings.canaries, root / "data" / "canaries")
    values = tiny_settings.model_dump(mode="json")
    values["examine"] |= {"anchors": "data/anchors", "canaries": "data/canaries"}
    (root / "params.yaml").write_text(yaml.safe_dump(values))
    return root


def test_dvc_repro_arrives_at_the_same_data(checkout, monkeypatch):
    settings, workspace = load_settings(checkout / "params.yaml"), Workspace(checkout)
    run_night(settings=settings, workspace=workspace, night=NIGHT, inbox=checkout / "data" / "inbox")

    environment = {**os.environ, "PYTHONPATH": str(checkout), "DVC_NO_ANALYTICS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(["dvc", "repro"], cwd=checkout, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    repeated = Workspace(checkout / "reproduction")
    for name in COMPARED:
        assert file_sha256(repeated.dataset(name, NIGHT)) == file_sha256(workspace.dataset(name, NIGHT)), name
    adapters = [w.night_dir(NIGHT) / "adapter" / "adapter_model.safetensors" for w in (workspace, repeated)]
    assert file_sha256(adapters[0]) == file_sha256(adapters[1])
