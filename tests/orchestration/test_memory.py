"""`slumber memory`: notes written, found, changed and forgotten from the command line, and what is wrong said."""

import pytest
from typer.testing import CliRunner

from awake.keys import new_key
from orchestration.cli import app
from steps.memory import encoder as encoders
from steps.memory.files import memory_path, opened
from steps.tenants import add_tenant
from tests.steps.memory.encoders import WordEncoder


@pytest.fixture
def run(workspace, monkeypatch):
    monkeypatch.setattr(encoders, "encoder", WordEncoder)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words, code=0):
        done = CliRunner().invoke(app, ["memory", *words, "--workspace", str(workspace.root)])
        assert done.exit_code == code, done.output
        return done.output

    return invoke


@pytest.fixture
def notes(workspace):
    def read(tenant=None):
        with opened(memory_path(workspace, tenant)) as memory:
            return memory.notes()

    return read


def test_a_note_from_its_first_word_to_its_last(run, notes, workspace):
    assert "is looked up from now on" in run("add", "The pool is closed.", "--title", "Pool", "--until", "2999-01-02")
    run("add", "My locker is 77.", "--user", "ann", "--source", "ann's mail")
    pool, _ = notes()
    listed = run("list")
    assert pool.id[:8] in listed and "2999-01-02" in listed and "everyone" in listed and "2 notes" in listed
    assert "77" in run("list", "--user", "ann") and "Pool" not in run("list", "--user", "ann")
    assert "Pool" in run("search", "Is the pool closed?") and "77" not in run("search", "Which locker is mine?")
    assert "77" in run("search", "Which locker is mine?", "--user", "ann")
    assert "is changed" in run("edit", pool.id[:8], "--text", "The pool is open.", "--until", "never")
    changed = notes()[0]
    assert (changed.id, changed.text, changed.valid_until) == (pool.id, "The pool is open.", None)
    shown = run("show", pool.id)
    assert "The pool is open." in shown and "The pool is closed., until 2999-01-02" in shown
    assert "open" in run("search", "Is the pool open?")
    assert (
        "Nothing was removed."
        in CliRunner()
        .invoke(app, ["memory", "forget", pool.id, "--workspace", str(workspace.root)], input="n\n")
        .output
    )
    assert len(notes()) == 2
    assert "1 note is gone" in run("forget", pool.id[:8], "--yes")
    assert "1 note is gone" in run("forget", "--user", "ann", "--yes")
    assert notes() == [] and b"pool" not in memory_path(workspace, None).read_bytes()


def test_a_trace_is_named_by_the_beginning_of_its_id(run):
    trace = "traces/tr-5825fbfdc04858375eb6d2652d03e602"
    run("add", "Ida Holt.", "--title", "Who steers?", "--source", trace)
    listed = run("list")
    assert "traces/tr-5825fb…" in listed and trace not in listed and "Who steers? Ida Holt." in listed


def test_the_same_note_again_is_the_same_note(run, notes):
    run("add", "The pool is closed.")
    assert "was there already" in run("add", "The pool is closed.", "--until", "2999-01-02")
    (note,) = notes()
    assert note.valid_until and [old.valid_until for old in note.history] == [None]


def test_tenants_are_apart(run, notes):
    run("add", "The pool is closed.", "--tenant", "acme")
    assert len(notes("acme")) == 1 and "closed" in run("list", "--tenant", "acme")
    assert "There is no memory here yet" in run("list", code=2)
    assert "Pool" not in run("search", "Is the pool closed?") and "closed" in run("search", "pool", "--tenant", "acme")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "zz"], "There is no note 'zz'"),
        (["list", "--why", "because"], "'because' is no reason"),
        (["add", "  "], "must say something"),
        (["add", "x", "--until", "Friday"], "'Friday' is no day"),
        (["add", "x", "--until", "2001-01-01"], "2001-01-01 is past"),
        (["add", "x", "--tenant", "../x"], "no name of an API key"),
        (["edit", "zz"], "Say what is to change"),
        (["forget"], "Name the notes"),
        (["forget", "zz", "--user", "ann"], "Name the notes"),
        (["forget", "--user", "bob", "--yes"], "There is nothing of 'bob'"),
    ],
)
def test_what_is_wrong_is_said(run, words, says):
    run("add", "The pool is closed.")
    assert says in run(*words, code=2)


@pytest.mark.parametrize("gone", [True, False])
def test_what_a_night_changed_while_a_note_was_edited_is_not_written_over(run, notes, workspace, monkeypatch, gone):
    run("add", "The pool is closed.")
    (pool,) = notes()

    class Meanwhile(WordEncoder):
        def encode(self, texts):
            with opened(memory_path(workspace, None)) as memory, memory.connection:
                if gone:
                    memory.drop([pool.id], for_good=True)
                else:
                    memory.change(pool.model_copy(update={"why": "refused"}))
            return super().encode(texts)

    monkeypatch.setattr(encoders, "encoder", Meanwhile)
    said = run("edit", pool.id[:8], "--text", "The pool is open.", code=2)
    assert "changed meanwhile" in said or "There is no note" in said
    assert [(note.text, note.why) for note in notes()] == ([] if gone else [("The pool is closed.", "refused")])


def test_whoever_is_neither_a_tenant_nor_has_a_key_gets_no_memory(run, notes, workspace):
    (workspace.root / "params.yaml").write_text("serve: {keys: keys}\n")
    new_key(workspace.root / "keys", "office")
    run("add", "The pool is closed.", "--tenant", "office")
    add_tenant(workspace, "acme")
    run("add", "The pool is open.", "--tenant", "acme")
    assert "'acm' is no tenant" in run("add", "The code is 7.", "--tenant", "acm", code=2)
    assert not memory_path(workspace, "acm").exists() and len(notes("office")) == 1
