"""`slumber review`: what people wrote is shown as they wrote it, and decided."""

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from steps.records import Held, Triaged
from steps.review.decisions import decisions
from steps.workspace import write_records

NIGHT = "2026-03-02"


@pytest.fixture
def run(workspace, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words, code=0):
        done = CliRunner().invoke(app, ["review", *words, "--workspace", str(workspace.root)])
        assert done.exit_code == code, done.output
        return done.output

    return invoke


def test_what_waits_is_shown_as_it_was_written_and_decided(run, workspace):
    assert "Nothing waits" in run()
    known = {"experience": "e", "source": "traces/tr-1", "kind": "conversation"}
    held = Held(
        id="abcdef0123", night=NIGHT, experience="e", source="traces/tr-1", sentence=0, question="Who [bold]built[/x]?",
        says="[/red] Olin.", against="", other="", why="bob says otherwise", user="ann",
    )  # fmt: skip
    row = Triaged(verdict="persist", reason="new", held=(held,), **known)
    write_records(workspace.dataset("triage", NIGHT), [row])
    shown = run()
    assert "[/red] Olin." in shown and "Who [bold]built[/x]?" in shown and "abcdef01" in shown
    assert "│ ann" in shown  # whom `--user` takes
    said = CliRunner().invoke(app, ["status", "--workspace", str(workspace.root)]).output
    assert "1 held back until somebody decides: `slumber review`" in said
    assert "is not learned: [/red] Olin." in run("reject", "abc", "--by", "the boss")
    assert decisions(workspace)["abcdef0123"].by == "the boss" and "Nothing waits" in run()
    assert "nothing that was held back" in run("accept", "xyz", code=2)
