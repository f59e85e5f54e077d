"""`slumber review`: what people wrote is shown as they wrote it, and decided."""

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from steps.records import Held, Triaged
from steps.review.decisions import decisions
from steps.tenants import add_tenant
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


def test_whose_it_is_may_be_said_before_the_word_and_behind_it(run, workspace):
    """Before the word it counted for nothing: everybody's was decided."""
    known = {"source": "traces/tr-1", "kind": "conversation"}
    for place in (workspace, add_tenant(workspace, "acme")):
        held = [Held(id=f"{n}{place.root.name}", night=NIGHT, experience="e", sentence=0, question="Who?", says="Olin.",
                     against="", other="", why="bob says otherwise", user="ann", source="traces/tr-1")
                for n in "ab"]  # fmt: skip
        row = Triaged(experience="e", verdict="persist", reason="new", held=tuple(held), **known)
        write_records(place.dataset("triage", NIGHT), [row])
    assert "aacme is not learned" in run("--tenant", "acme", "reject", "aacme")
    assert "is not learned" in run("reject", "bacme", "--tenant", "acme")
    run("--tenant", "acme", "reject", "--user", "ann", code=2)
    assert not decisions(workspace) and len(decisions(workspace.of_tenant("acme"))) == 2
    assert "There is no workspace" in CliRunner().invoke(app, ["review", "--workspace", "/nowhere"]).stderr


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
