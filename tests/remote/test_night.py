"""A night whose state lies in Postgres and S3, both of which die in the middle of it: it goes on when they are back."""

import shutil

import pytest

from orchestration.environment import Deployment
from orchestration.night import NightFailed, run_night_of
from steps.datasets import current_hashes, restore_night
from steps.errors import SlumberError
from steps.lifecycle import step_of
from steps.manifest import read_manifest
from steps.registry import Registry, reading
from steps.workspace import DATASETS, Workspace
from tests.orchestration.test_night import FERRY, FIRST


@pytest.fixture
def deployment(tiny_settings, workspace, tmp_path, remotely):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "ferry.md").write_text(FERRY)
    return remotely(Deployment(tiny_settings, workspace, inbox))


def stopped(deployment, monkeypatch, *, after, server):
    """Run the night with a server that dies when a step is done; return what its owner is told."""
    kind = type(step_of(after))
    work = kind.work

    def last_words(step, night):
        figures = work(step, night)
        server.die()
        return figures

    with monkeypatch.context() as patch:
        patch.setattr(kind, "work", last_words)
        with pytest.raises(SlumberError) as raised:
            run_night_of(deployment, FIRST)
    said = str(raised.value)
    assert not isinstance(raised.value, NightFailed) and "\n" not in said, said
    with pytest.raises(SlumberError, match=r"cannot be used: .* nothing was changed"):
        run_night_of(deployment, FIRST)  # it is told at the start that the server is not back yet
    server.start()
    return said


def seconds(deployment, *steps):
    """When each step was done is known by how long it took: done once, its record stays as it was."""
    return [read_manifest(deployment.workspace, night=FIRST, step=step).seconds for step in steps]


@pytest.mark.timeout(1500)  # a minute and a half on a quiet machine
def test_a_night_whose_servers_die_goes_on_and_loses_nothing(deployment, servers, stores, monkeypatch, tmp_path):
    postgres, s3 = servers
    workspace = deployment.workspace
    assert "Versioning the datasets" in stopped(deployment, monkeypatch, after="dream", server=s3)
    dreamt = seconds(deployment, "ingest", "dream")
    assert not list(workspace.data.rglob("*.dvc")), "nothing claims to be in a remote where it is not"
    said = stopped(deployment, monkeypatch, after="consolidate", server=postgres)
    assert "Postgres" in said or "registry" in said
    trained = seconds(deployment, "consolidate")
    assert "registry" in stopped(deployment, monkeypatch, after="rescue", server=s3)

    outcome = run_night_of(deployment, FIRST)
    assert outcome.verdict.verdict in ("REJECT", "INCONCLUSIVE"), "a random model learns nothing"
    assert seconds(deployment, "ingest", "dream", "consolidate") == [*dreamt, *trained], "nothing was done twice"
    registry = Registry(deployment.settings, workspace)
    versions = reading.history(registry)
    assert [version.night for version in versions] == [FIRST, "0"] and reading.champion(registry).version == "1"
    assert reading.intact(registry, versions[0])
    assert [entry.action for entry in reading.trail(registry)] == ["register", "register"]
    assert not [key for key in registry.model().tags if key.startswith(("night.", "turn."))], "no lock is left"
    assert not (workspace.state / "mlflow").exists() and not list((workspace.state / "dagster").rglob("*.db"))
    hashes, keys = current_hashes(workspace, FIRST), s3.keys(stores[2])
    assert {f"dvc/files/md5/{md5[:2]}/{md5[2:]}" for md5 in hashes.values()} <= set(keys)

    other = Workspace(tmp_path / "another host")  # which has what git has: the sidecars
    for name in DATASETS:
        if (sidecar := workspace.data / name / f"{FIRST}.jsonl.dvc").exists():
            (other.data / name).mkdir(parents=True)
            shutil.copy(sidecar, other.data / name)
    assert restore_night(settings=deployment.settings, workspace=other, night=FIRST) == hashes
    assert other.dataset("dreams", FIRST).read_bytes() == workspace.dataset("dreams", FIRST).read_bytes()
