"""`slumber init` makes a folder in which `slumber night` runs, and overwrites nothing."""

import shutil

import pytest
import yaml
from typer.testing import CliRunner

from orchestration import environment
from orchestration.cli import app
from orchestration.environment import Deployment
from steps import params
from steps.preflight import check_settings
from steps.settings import ScheduleSettings, Settings
from steps.settings.text import params_text


def slumber(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def wheel(monkeypatch):
    """As in an installed wheel: there is no checkout."""
    monkeypatch.setattr(environment, "CHECKOUT", None)
    monkeypatch.setattr(params, "CHECKOUT", None)


def test_the_folder_is_ready_for_a_night(wheel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = slumber("init", ".")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-2:] == ["  slumber night", "  slumber ui"]
    found = Deployment.find()
    assert found.workspace.root == tmp_path and found.params == tmp_path / "params.yaml"
    assert found.inbox == tmp_path / "inbox" and {p.suffix for p in found.inbox.iterdir()} == {".md", ".jsonl"}
    assert found.settings == Settings(folder=tmp_path, schedule=ScheduleSettings(inbox="inbox"))
    check_settings(found.settings, workspace=found.workspace, inbox=found.inbox)
    assert (tmp_path / ".gitignore").read_text() == ".slumber/\n"
    assert slumber("ingest", "--night", "2026-11-22").exit_code == 0
    assert "clock-tower.md" in (tmp_path / "data" / "corpus" / "2026-11-22.jsonl").read_text()


def test_what_it_writes_differs_from_the_defaults_in_the_inbox_alone(tmp_path):
    slumber("init", tmp_path / "new")
    written, default = (tmp_path / "new" / "params.yaml").read_text().splitlines(), params_text().splitlines()
    changed = [
        (a.split(" #")[0].strip(), b.split(" #")[0].strip()) for a, b in zip(written, default, strict=True) if a != b
    ]
    assert changed == [("inbox: inbox", "inbox: data/inbox")]
    assert yaml.safe_load("\n".join(written))["notify"] == {"command": [], "webhook": None, "timeout_seconds": 10}


def test_elsewhere_it_names_the_folder(tmp_path):
    result = slumber("init", tmp_path / "a" / "new")
    assert f"  slumber night --workspace {tmp_path / 'a' / 'new'}" in result.output.splitlines()


@pytest.mark.parametrize("name", ["params.yaml", "inbox", ".gitignore"])
def test_nothing_is_overwritten(tmp_path, name):
    (tmp_path / name).write_text("mine\n")
    result = slumber("init", tmp_path)
    assert result.exit_code == 2 and name in result.stderr and len(result.stderr.strip().splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == [name] and (tmp_path / name).read_text() == "mine\n"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    result = slumber("init", tmp_path / "file")
    assert result.exit_code == 2 and "not a folder" in result.stderr


# Which workspace is meant -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["params.yaml", ".slumber"])
def test_a_folder_that_is_one_is_the_workspace(tmp_path, monkeypatch, sign):
    monkeypatch.chdir(tmp_path)
    if sign == ".slumber":
        (tmp_path / sign).mkdir()
    else:
        (tmp_path / sign).touch()
    assert Deployment.find().workspace.root == tmp_path


def test_elsewhere_it_is_the_checkout_and_without_one_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "params.yaml").write_text("seed: 5\n")
    for module in (environment, params):
        monkeypatch.setattr(module, "CHECKOUT", checkout)
    found = Deployment.find()
    assert (found.workspace.root, found.settings.seed, found.inbox) == (checkout, 5, checkout / "data" / "inbox")
    other = Deployment.find(workspace=tmp_path / "other")
    assert (other.settings.seed, other.params) == (5, checkout / "params.yaml"), "its settings are the checkout's"
    shutil.rmtree(checkout)
    for module in (environment, params):
        monkeypatch.setattr(module, "CHECKOUT", None)
    found = Deployment.find()
    assert (found.workspace.root, found.params, found.inbox) == (tmp_path, None, tmp_path / "data" / "inbox")
    assert "SLUMBER_PARAMS" not in found.environment()


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence():
    result = slumber("init", "/proc/none/new")
    assert result.exit_code == 2 and isinstance(result.exception, SystemExit)
    assert "/proc/none/new cannot be written" in result.output
