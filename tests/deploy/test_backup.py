"""A workspace of an earlier version is backed up and restored by docs/deploy.md: all is there; it goes on."""

import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest

from awake.asking import Ask
from awake.champion import Champion
from awake.diary import Diary
from awake.engine import Engine
from awake.entries import feedback
from awake.posting import Post
from orchestration.environment import Deployment
from orchestration.history import history_table
from orchestration.memory import added, chosen_notes
from orchestration.night import run_night_of
from steps.diary import FOLDER, Window
from steps.model.chat import prompt_tokens
from steps.model.loading import load_base
from steps.registry import Registry, reading
from steps.registry.traces import TraceDiary
from tests.awake.test_diary import ID, said, settled
from tests.deploy.commands import commands, run_plain
from tests.test_old_workspace import LAMP, SECOND, THIRD, old  # noqa: F401  # a fixture


@contextmanager
def answering(found):
    """Who answers from a workspace, as `slumber serve` has it: the champion beside the base."""
    engine = Engine(load_base(found.settings.model), together=1, waiting=1)
    champion = Champion(Registry(found.settings, found.workspace), engine, found.workspace)
    try:
        assert champion.look().problem is None
        prompt = tuple(prompt_tokens(engine.base.tokenizer, "Who lit the lamp Orsk?"))
        yield lambda: ("".join(engine.ask(Ask(prompt, 10)).pieces(seconds=60)), champion.serving.version)
    finally:
        champion.stop()
        engine.stop()


def spoken(found):
    """What the night will find of the day: who asked, and what he called right."""
    exchanges = TraceDiary(found.settings, found.workspace).exchanges(Window(0, 2**53))
    return [(one.user, one.reply["content"], [remark.correction for remark in one.remarks]) for one in exchanges]


def rows(table):
    return [list(column.cells) for column in table.columns]


@pytest.fixture
def support(old, tmp_path):  # noqa: F811
    """The old workspace as ~/deployments/support, after a day on today's code: a talk, a correction, a note."""
    place = tmp_path / "deployments" / "support"
    place.parent.mkdir()
    found = Deployment.find(workspace=old.workspace.root.rename(place))
    diary = Diary(found.workspace.state / FOLDER, Post(Registry(found.settings, found.workspace)))
    diary.begin()
    diary.write(said(1))
    diary.write(feedback(id=f"{ID}1", rating=-1, correction="Olin.", user="ann", feedback_id="f", tenant=None))
    settled(diary)
    diary.stop()
    added(found, "The gate is shut.", title="The gate", until="never", user=None, source="a person", tenant=None)
    return found


def test_restored_elsewhere_it_goes_on(support, tmp_path):
    with answering(support) as says:
        before = says()
    assert before[1] == "3"
    talk, history = spoken(support), rows(history_table(support))
    assert talk == [("ann", "Edda Krann.", [None, "Olin."])] and len(history[0]) == 3

    disk = support.workspace.state.rename(tmp_path / "disk")  # as a large one is: on another
    support.workspace.state.symlink_to(disk)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    places = {name: tmp_path / name for name in ("elsewhere", "deployments", "backup")}
    for line in commands(naming="-chzf"):
        run_plain(line, **places)
    shutil.rmtree(tmp_path / "deployments")  # the old machine is gone
    shutil.rmtree(disk)
    for line in commands(naming="-xzf"):
        run_plain(line, **places)

    found = Deployment.find(workspace=elsewhere / "support")
    assert rows(history_table(found)) == history and spoken(found) == talk
    assert [note.text for note in chosen_notes(found, None, user=None, why="added")] == ["The gate is shut."]
    with answering(found) as says:
        assert says() == before, "the champion says what it said"
    inbox = found.workspace.root / "data" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "lamp.md").write_text(LAMP)
    night = found.settings.night.model_copy(update={"wait": False})
    outcome = run_night_of(replace(found, settings=found.settings.model_copy(update={"night": night})), THIRD)
    versions = reading.history(Registry(found.settings, found.workspace))
    assert outcome.verdict.verdict != "NO_OP" and versions[0].night == THIRD
    assert reading.champion(Registry(found.settings, found.workspace)).night == SECOND
