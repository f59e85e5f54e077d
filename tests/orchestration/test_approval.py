"""`slumber approve`, `rollback`, `status` and `history` say in full what people decided."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from steps.params import load_settings
from steps.registry import Registry, reading, registration
from steps.settings import REPOSITORY
from tests.examined import FIRST, SECOND, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")


@pytest.fixture
def manual(workspace, migrated):
    """Settings of a deployment in ``workspace`` where people approve; night zero is registered."""
    values = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    values["registry"]["approval"] = "manual"
    (workspace.root / "params.yaml").write_text(yaml.safe_dump(values))
    settings = load_settings(workspace.root / "params.yaml")
    registration.ensure_night_zero(Registry(settings, workspace), base={"name": "tiny"})
    return settings


@pytest.fixture
def slumber(workspace):
    def run(*arguments, code=0):
        given = [*arguments, "--workspace", str(workspace.root)]
        result = CliRunner(env={"COLUMNS": "200"}).invoke(app, given)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return " ".join(result.output.split())

    return run


def test_an_approval_and_the_way_back_and_forward(manual, workspace, slumber):
    slept(manual, workspace)
    assert "waiting" in slumber("status") and "slumber approve 2 --by NAME" in slumber("status")
    assert "waits for approval" in slumber("history")
    assert "--by NAME" in slumber("approve", code=2)
    assert "approve it without" in slumber("approve", "2", "--override", "--reason", "x", "--by", "Ada", code=2)
    assert "Name the version" in slumber("approve", "--override", "--reason", "x", "--by", "Ada", code=2)
    assert "--reason goes with" in slumber("approve", "--reason", "x", "--by", "Ada", code=2)
    assert f"Version 2 of night {FIRST} serves now." in slumber("approve", "--by", "[red]Ada")

    said = slumber("rollback", "--by", "Grace", "--reason", "[it] answered in French")
    assert "Version 1 (night 0) serves since 20" in said and "slumber rollback 2" in said
    assert f"Before, version 2 (night {FIRST}, PROMOTE) served since 20" in said
    assert "Before, version 1 (night 0, BASE) served since 20" in slumber("rollback", "2")
    shown = slumber("history")
    assert "approved by [red]Ada" in shown and "promoted 20" in shown and "champion" in shown
    audit = slumber("history", "--audit")
    told = [audit.index(action) for action in ("register", "wait", "approve", "promote", "rollback")]
    assert told == sorted(told) and "[red]Ada" in audit and "Grace [it] answered in French" in audit


def test_an_override_is_shown_until_and_after_its_end(manual, workspace, slumber):
    slept(manual, workspace, verdict="REJECT")
    assert "--reason" in slumber("approve", "2", "--override", "--by", "Ada", code=2)
    assert "REJECT" in slumber("approve", "2", "--by", "Ada", code=2)
    assert "by override of Ada" in slumber("approve", "2", "--override", "--by", "Ada", "--reason", "a wrong probe")
    for shown in (slumber("status"), slumber("history")):
        assert "REJECT overridden by Ada until 20" in shown and "a wrong probe" in shown
    assert "override" in slumber("history", "--audit")

    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    Registry(manual, workspace).client.set_model_version_tag("slumber", "2", "override_until", past)
    shown = slumber("status")
    assert "ended on 20" in shown and "slumber rollback 1" in shown
    assert "serves since" in slumber("rollback", "1") and "has ended" in slumber("rollback", "2", code=2)


def test_a_key_that_is_missing_is_told_and_no_override_is_said_to_have_ended(manual, workspace, slumber, tmp_path):
    slept(manual, workspace, verdict="REJECT")
    slumber("approve", "2", "--override", "--by", "Ada", "--reason", "a wrong probe")
    assert "key of this deployment" not in slumber("status")
    (workspace.state / "deployment.key").rename(tmp_path / "key")
    shown = " ".join(slumber("status").replace("│", " ").split())
    assert "deployment.key is missing" in shown and "bring it from the machine or the backup" in shown
    assert "REJECT overridden by Ada" in shown and "ended on" not in shown
    values = yaml.safe_load((workspace.root / "params.yaml").read_text())
    values["registry"]["key_file"] = str(tmp_path / "nowhere")
    (workspace.root / "params.yaml").write_text(yaml.safe_dump(values))
    shown = " ".join(slumber("status").replace("│", " ").split())
    assert "registry.key_file names" in shown and "does not exist" in shown


def test_nothing_is_decided_while_a_night_runs(manual, workspace, slumber):
    slept(manual, workspace)
    with workspace.lock(SECOND):
        assert "running" in slumber("approve", "--by", "Ada", code=4)
    assert reading.champion(Registry(manual, workspace)).version == "1"


def test_the_audit_of_an_empty_workspace_creates_nothing(workspace, slumber):
    slumber("history", "--audit")
    assert not workspace.state.exists()
