"""Dataset versions with a real DVC, with git, below the top of a checkout, and without git."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from steps.datasets import copy_earlier, current_hashes, repository, restore_night, version_night
from steps.errors import SlumberError
from steps.settings import REPOSITORY
from steps.workspace import Workspace

NIGHT = "2026-11-22"


@pytest.fixture(autouse=True)
def _no_config_of_the_machine(monkeypatch, tmp_path):
    for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "machine" / name))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


def fill(workspace, *, night=NIGHT, text="{}\n", names=("corpus", "dreams")):
    for name in names:
        path = workspace.dataset(name, night)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} {text}")


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def with_remote(settings, url):
    return settings.model_copy(update={"datasets": settings.datasets.model_copy(update={"remote": str(url)})})


def git(folder, *arguments):
    result = subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True)
    return result.stdout


@pytest.fixture
def make_workspace(tmp_path):
    def make(kind):
        top = tmp_path / "top"
        top.mkdir()
        if kind != "no git":
            git(top, "init", "-q")
        return Workspace(top / "below" if kind == "subdir" else top)

    return make


@pytest.mark.parametrize("kind", ["no git", "git", "subdir"])
def test_a_night_is_versioned_pushed_and_restored(make_workspace, settings, kind, tmp_path, monkeypatch):
    workspace = make_workspace(kind)
    fill(workspace)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    hashes = version_night(settings=settings, workspace=workspace, night=NIGHT)

    assert hashes == {"corpus": md5("corpus {}\n"), "dreams": md5("dreams {}\n")} == current_hashes(workspace, NIGHT)
    stored = workspace.state / "dvc-remote" / "files" / "md5"
    assert sorted(p.parent.name + p.name for p in stored.rglob("*") if p.is_file()) == sorted(hashes.values())
    assert ("no_scm = True" in (workspace.root / ".dvc" / "config").read_text()) == (kind == "no git")
    if kind != "no git":
        assert git(workspace.root, "diff", "--cached", "--name-only") == "", "the index is the owner's"
        new = git(workspace.root, "status", "--short", "-uall", ".").split()
        assert "data/corpus/2026-11-22.jsonl.dvc" in new and "data/corpus/2026-11-22.jsonl" not in new
        assert not any(".slumber" in path or "config.local" in path for path in new)

    shutil.rmtree(workspace.root / ".dvc" / "cache")
    workspace.dataset("corpus", NIGHT).unlink()
    assert restore_night(workspace=workspace, night=NIGHT) == hashes
    assert workspace.dataset("corpus", NIGHT).read_text() == "corpus {}\n"
    assert os.listdir(elsewhere) == []


def test_no_git_executable_is_needed(make_workspace, settings, monkeypatch):
    workspace = make_workspace("git")
    fill(workspace)
    monkeypatch.setenv("PATH", "/nowhere")
    assert version_night(settings=settings, workspace=workspace, night=NIGHT)["corpus"] == md5("corpus {}\n")


def test_a_workspace_that_git_ignores_is_versioned_without_git(make_workspace, settings):
    top = make_workspace("git")
    (top.root / ".gitignore").write_text("below/\n")
    workspace = Workspace(top.root / "below")
    fill(workspace)
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    assert "no_scm = True" in (workspace.root / ".dvc" / "config").read_text()


def test_another_run_replaces_the_nights_own_versions_only(settings, workspace):
    fill(workspace, night="2026-11-21")
    earlier = version_night(settings=settings, workspace=workspace, night="2026-11-21")
    fill(workspace)
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    fill(workspace, text="again\n")
    workspace.dataset("dreams", NIGHT).unlink()

    hashes = version_night(settings=settings, workspace=workspace, night=NIGHT)

    assert hashes == {"corpus": md5("corpus again\n")} == current_hashes(workspace, NIGHT)
    assert current_hashes(workspace, "2026-11-21") == earlier
    fill(workspace, night="2026-11-21", text="lost\n")
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    assert current_hashes(workspace, "2026-11-21") == earlier


def test_a_lost_remote_is_filled_again(settings, workspace):
    fill(workspace)
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    shutil.rmtree(workspace.state / "dvc-remote")
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    shutil.rmtree(workspace.root / ".dvc" / "cache")
    workspace.dataset("corpus", NIGHT).unlink()
    restore_night(workspace=workspace, night=NIGHT)


def test_the_settings_remote_serves_a_fresh_checkout(settings, workspace, tmp_path):
    settings = with_remote(settings, tmp_path / "store")
    fill(workspace)
    hashes = version_night(settings=settings, workspace=workspace, night=NIGHT)
    assert (tmp_path / "store" / "files" / "md5").is_dir() and not (workspace.state / "dvc-remote").exists()
    assert "slumber" not in (workspace.root / ".dvc" / "config").read_text()

    fresh = Workspace(tmp_path / "fresh")
    for name in hashes:
        sidecar = Path("data") / name / f"{NIGHT}.jsonl.dvc"
        (fresh.root / sidecar).parent.mkdir(parents=True)
        shutil.copy(workspace.root / sidecar, fresh.root / sidecar)
    assert restore_night(workspace=fresh, night=NIGHT, settings=settings) == hashes
    assert fresh.dataset("dreams", NIGHT).read_text() == "dreams {}\n"


def test_the_owners_default_remote_wins_over_the_workspaces_folder(settings, workspace, tmp_path):
    (workspace.root / ".dvc").mkdir(parents=True)
    (workspace.root / ".dvc" / "config").write_text(
        f"[core]\n    no_scm = True\n    remote = mine\n['remote \"mine\"']\n    url = {tmp_path / 'mine'}\n"
    )
    fill(workspace)
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    assert (tmp_path / "mine" / "files").is_dir() and not (workspace.state / "dvc-remote").exists()
    version_night(settings=with_remote(settings, tmp_path / "set"), workspace=workspace, night=NIGHT)
    assert (tmp_path / "set" / "files").is_dir()
    shutil.rmtree(tmp_path / "mine")
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    assert (tmp_path / "mine" / "files").is_dir(), "null in the settings gives the owner's default back its place"


@pytest.mark.parametrize(
    "url", ["{tmp}/file/store", "http://127.0.0.1:9/store", "s3://no-such-bucket/x", "nonsense://x"]
)
def test_a_remote_out_of_reach_is_one_sentence_and_leaves_the_sidecars(settings, workspace, tmp_path, url):
    fill(workspace)
    before = version_night(settings=settings, workspace=workspace, night=NIGHT)
    fill(workspace, text="new\n", names=("corpus", "dreams", "probes"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SlumberError, match=f"Versioning the datasets of {NIGHT} failed: ") as refusal:
        version_night(settings=with_remote(settings, url.format(tmp=tmp_path)), workspace=workspace, night=NIGHT)
    print(refusal.value)
    assert "\n" not in str(refusal.value)
    assert current_hashes(workspace, NIGHT) == before
    assert "probes" in version_night(settings=settings, workspace=workspace, night=NIGHT)


def test_a_locked_repository_is_waited_for_and_then_named(settings, workspace, monkeypatch):
    fill(workspace)
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    monkeypatch.setattr(repository, "LOCK_SECONDS", 0.5)
    with (workspace.root / ".dvc" / "tmp" / "lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(SlumberError, match="another DVC command holds"):
            version_night(settings=settings, workspace=workspace, night=NIGHT)


def test_restoring_never_loses_data_that_dvc_does_not_have(settings, workspace):
    fill(workspace)
    version_night(settings=settings, workspace=workspace, night=NIGHT)
    fill(workspace, text="not versioned\n")
    with pytest.raises(SlumberError, match="Restoring the datasets"):
        restore_night(workspace=workspace, night=NIGHT)
    assert workspace.dataset("corpus", NIGHT).read_text() == "corpus not versioned\n"


def test_damaged_stored_data_is_not_handed_out(settings, workspace):
    fill(workspace)
    hashes = version_night(settings=settings, workspace=workspace, night=NIGHT)
    stored = workspace.state / "dvc-remote" / "files" / "md5" / hashes["corpus"][:2] / hashes["corpus"][2:]
    stored.chmod(0o644)
    stored.write_text("tampered")
    shutil.rmtree(workspace.root / ".dvc" / "cache")
    workspace.dataset("corpus", NIGHT).unlink()
    with pytest.raises(SlumberError, match=r"damaged|Restoring"):
        restore_night(workspace=workspace, night=NIGHT)
    assert not workspace.dataset("corpus", NIGHT).exists()


@pytest.mark.parametrize("night", ["2026-11-22", "22.11.2026"])
def test_a_night_without_datasets_is_refused(settings, workspace, night):
    with pytest.raises(SlumberError):
        version_night(settings=settings, workspace=workspace, night=night)
    with pytest.raises(SlumberError):
        restore_night(workspace=workspace, night=night)
    assert not (workspace.root / ".dvc").exists()


def test_a_damaged_sidecar_is_named(workspace):
    fill(workspace)
    sidecar = workspace.dataset("corpus", NIGHT).with_name(f"{NIGHT}.jsonl.dvc")
    sidecar.write_text("outs: []\n")
    with pytest.raises(SlumberError, match=r"jsonl\.dvc is damaged"):
        current_hashes(workspace, NIGHT)


def test_earlier_nights_are_mirrored_for_a_reproduction(workspace, tmp_path):
    target = Workspace(tmp_path / "reproduction")
    for night in ("2026-11-20", "2026-11-21", NIGHT):
        fill(workspace, night=night)
        verdict = workspace.night_dir(night) / "verdict.json"
        verdict.parent.mkdir(parents=True)
        verdict.write_text(night)
    fill(target, night="2026-11-19", text="stale\n")
    fill(target, text="tonight's own\n")

    copied = copy_earlier(source=workspace, target=target, night=NIGHT)

    assert len(copied) == 6
    assert target.nights("corpus") == ["2026-11-20", "2026-11-21", NIGHT]
    assert target.dataset("corpus", NIGHT).read_text() == "corpus tonight's own\n"
    assert (target.night_dir("2026-11-21") / "verdict.json").read_text() == "2026-11-21"
    assert not target.night_dir(NIGHT).exists()
    with pytest.raises(SlumberError, match="another workspace"):
        copy_earlier(source=workspace, target=workspace, night=NIGHT)


def test_an_earlier_night_that_is_only_a_sidecar_is_asked_for(workspace, settings, tmp_path):
    fill(workspace, night="2026-11-21")
    version_night(settings=settings, workspace=workspace, night="2026-11-21")
    workspace.dataset("corpus", "2026-11-21").unlink()
    with pytest.raises(SlumberError, match="slumber data 2026-11-21"):
        copy_earlier(source=workspace, target=Workspace(tmp_path / "reproduction"), night=NIGHT)


def test_the_stages_of_dvc_yaml_fit_together(tmp_path):
    from dvc.repo import Repo

    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    with Repo.init(str(tmp_path), no_scm=True) as repo:
        stages = [stage.name for stage in repo.index.stages]
        repo.check_graph(repo.index.stages)
    assert stages == ["earlier", "ingest", "triage", "dream", "consolidate", "examine", "gate"]
    outs = {out.def_path for stage in repo.index.stages for out in stage.outs}
    assert all(path.startswith("reproduction/") for path in outs)
