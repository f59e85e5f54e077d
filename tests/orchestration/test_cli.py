"""Mistakes on the command line: one clear sentence, the documented exit code, no traceback."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.running import note_begun
from steps.forget.request import Request, open_request
from steps.lifecycle import STEPS
from steps.night import Night
from steps.records import Check, Verdict
from steps.settings import REPOSITORY, Settings
from steps.workspace import Workspace

NIGHT = "2026-11-22"


@pytest.fixture
def params(tmp_path):
    """Write params.yaml with changed settings, named 'section.key', and return its path."""

    def write(**changed) -> Path:
        values = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
        values["schedule"]["inbox"] = str(tmp_path / "inbox")
        for name, value in changed.items():
            section, key = name.split("__")
            values[section][key] = value
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(values))
        (tmp_path / "inbox").mkdir(exist_ok=True)
        return path

    return write


def slumber(*arguments, workspace=None):
    options = ["--workspace", str(workspace)] if workspace else []
    return CliRunner().invoke(app, [str(a) for a in arguments] + options)


def refused(result, *words, code=2):
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    said = result.stderr.strip().splitlines()
    assert all(word in said[-1] for word in words), result.stderr


def test_unknown_setting(tmp_path, params):
    path = params(schedule__colour="blue")
    refused(slumber("night", "--params", path, workspace=tmp_path), "schedule.colour", "not a setting")


def test_missing_params(tmp_path):
    refused(slumber("night", "--params", tmp_path / "none.yaml", workspace=tmp_path), "no settings file", "none.yaml")


@pytest.mark.parametrize("night", ["tonight", "2026-13-01", "20261122", "22.11.2026"])
def test_not_a_night(tmp_path, params, night):
    refused(slumber("night", "--night", night, workspace=tmp_path) if params() else None, night, "2026-11-22")


def test_night_out_of_reach(tmp_path, params):
    params()
    refused(slumber("night", "--night", "1066-10-14", workspace=tmp_path), "1066-10-14", "out of reach")


def test_missing_inbox(tmp_path, params):
    params()
    refused(slumber("night", "--night", NIGHT, "--inbox", tmp_path / "gone", workspace=tmp_path), "no inbox", "gone")
    assert not (tmp_path / ".slumber").exists()


def test_missing_model(tmp_path, params):
    params(model__base="/nowhere/model")
    (tmp_path / "inbox" / "note.md").write_text("# Ferry\n\nThe ferry was built in 1938 by Edda Krann.\n")
    refused(slumber("dream", "--night", NIGHT, workspace=tmp_path), "/nowhere/model", "model.base")


def test_a_second_night(tmp_path, params, workspace):
    params()
    with workspace.lock("2026-11-21"):
        refused(slumber("night", "--night", NIGHT, workspace=tmp_path), "2026-11-21", "running", code=4)
        refused(slumber("ingest", "--night", NIGHT, workspace=tmp_path), "2026-11-21", "running", code=4)


def test_port_in_use(tmp_path, params):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        params(ui__dagster_port=port)
        refused(slumber("ui", workspace=tmp_path), str(port), "ui.dagster_port")


def test_workspace_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    refused(slumber("status", workspace=tmp_path / "file"), "not a folder")


@pytest.mark.parametrize("command", [["status"], ["history"], ["rollback"], ["forget", "--source", "a.md"]])
def test_a_misspelt_workspace_is_not_taken_for_a_new_one(tmp_path, command):
    refused(slumber(*command, workspace=tmp_path / "suport"), "no workspace", "suport")
    assert not (tmp_path / "suport").exists()


def test_what_is_carried_over_is_shown(tmp_path, params, workspace):
    params()
    for night, sentences in (("2026-11-20", 9), ("2026-11-21", 2)):
        row = {"experience": "a", "night": night, "source": "", "first": 0, "sentences": sentences, "since": night}
        row["surprise"] = None
        path = workspace.dataset("carried", night)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{json.dumps(row | {'source': name})}\n" for name in ("a.md", "b.md")))
    shown = " ".join(slumber("status", workspace=tmp_path).output.split())
    assert "4 sentences of 2 sources wait for the next nights" in shown


def test_nights_that_were_cut_off_are_shown_with_how_they_go_on(tmp_path, params, workspace):
    params()
    for night in ("2026-11-20", "2026-11-21"):
        note_begun(Night.of(Settings(), workspace, night))
    shown = re.sub(r"[\s│]", "", slumber("status", workspace=tmp_path).output)  # folded anywhere
    for night in ("2026-11-20", "2026-11-21"):
        assert f"`slumbernight--night{night}`goesonwhereitstopped" in shown


def test_steps_before_their_time(tmp_path, params):
    params()
    for step in ("validate", "triage"):
        refused(slumber(step, "--night", NIGHT, workspace=tmp_path), "missing")


def test_no_step_runs_while_a_request_to_forget_is_unfinished(tmp_path, params):
    """It could learn, from a corpus that is being removed, what is to be forgotten."""
    path, workspace = params(), Workspace(tmp_path / "w")
    workspace.state.mkdir(parents=True)
    open_request(Request(id="r", night=NIGHT, first=NIGHT, experiences=("0" * 16,), probes=()), workspace)
    for step in ("ingest", "triage", "consolidate"):
        refused(slumber(step, "--night", NIGHT, "--params", path, workspace=workspace.root), "to forget is unfinished")
    assert not list(workspace.night_dir(NIGHT).glob("*.manifest.json"))


def test_report_of_no_night(tmp_path, params):
    params()
    refused(slumber("report", "--night", NIGHT, workspace=tmp_path), "no night")


def test_ingest_writes_its_ledger(tmp_path, params):
    params()
    (tmp_path / "inbox" / "ferry.md").write_text("# Ferry\n\nThe ferry was built in 1938 by Edda Krann.\n")
    (tmp_path / "inbox" / "day.jsonl").write_text("this is not json\n")
    result = slumber("ingest", "--night", NIGHT, "--json", tmp_path / "out.json", workspace=tmp_path)
    assert result.exit_code == 0, result.output
    ledger = {row["file"]: row for row in json.loads((tmp_path / "out.json").read_text())["ledger"]}
    assert ledger["ferry.md"]["outcome"] == "accepted" and ledger["ferry.md"]["record"] is None
    assert ledger["day.jsonl"]["outcome"] == "quarantined" and ledger["day.jsonl"]["record"] == 1
    assert set(ledger["day.jsonl"]) == {"file", "record", "outcome", "reason", "id"}


def test_power_says_how_many_items_a_loss_needs_and_what_the_last_night_could_see(tmp_path, params):
    params()
    result = slumber("power", "--epsilon", "0.02", workspace=tmp_path)
    assert result.exit_code == 0
    assert "loss of 2 points" in result.output and "1,546" in result.output  # 6.18 * 0.1 / 0.02^2
    assert re.search(r"documents +29 +12 +9 +6", result.output), "log 0.05 / log 0.9 with one probe of each document"
    folder = tmp_path / ".slumber" / "nights" / NIGHT
    folder.mkdir(parents=True)
    figures = {"items": 90, "clusters": 18, "better": 3, "worse": 9, "detectable": 0.123, "items_needed": 456}
    check = Check(name="kept", status="INCONCLUSIVE", reason="too few", figures=figures)
    verdict = Verdict(night=NIGHT, verdict="INCONCLUSIVE", reasons=("kept: too few",), checks=(check,))
    (folder / "verdict.json").write_text(verdict.model_dump_json())
    shown = slumber("power", workspace=tmp_path).output
    assert "loss of 2 points" in shown and "12.3" in shown and "456" in shown
    wrong = slumber("power", "--epsilon", "2", workspace=tmp_path)
    assert wrong.exit_code == 2 and "--epsilon" in wrong.stderr and "0.5" in wrong.stderr


def test_status_and_history_of_an_empty_workspace(tmp_path, params):
    params()
    assert "no night was run" in slumber("status", workspace=tmp_path).output
    assert slumber("history", workspace=tmp_path).exit_code == 0
    assert not (tmp_path / ".slumber").exists()


def test_rollback_with_nothing_to_go_back_to(tmp_path, params, migrated):
    params()
    refused(slumber("rollback", workspace=tmp_path), "no previous champion")


def test_help_of_a_step_is_for_people():
    for step in STEPS:
        said = CliRunner().invoke(app, [step.name, "--help"]).output
        assert "Usage" in said and not any(code in said for code in ("Raises:", "SlumberError", "``"))


def test_help_names_the_exit_codes_and_is_quick():
    code = "import sys; from orchestration.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += (
        "print([m for m in ('torch', 'dagster', 'mlflow', 'dvc', 'great_expectations', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, "--help"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ,
        check=True,
    )
    assert "another night is running" in " ".join(run.stdout.split())
    assert run.stdout.strip().endswith("[]")
