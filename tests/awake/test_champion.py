"""The champion of the registry answers; what cannot be loaded, or a registry that is away, leaves who answers."""

import time

import pytest

from awake.asking import Ask, NotAnswered
from awake.champion import Champion
from awake.engine import BASE, Engine
from steps.consolidate.adapter import WEIGHTS
from steps.model.chat import prompt_tokens
from steps.model.loading import load_base
from steps.promote.returning import rollback
from steps.registry import Registry, RegistryUnreachable, reading
from steps.workspace import write_records
from tests.awake.adapters import adapter_in
from tests.examined import FIRST, SECOND, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")


@pytest.fixture
def day(tiny_settings, workspace, registry, tmp_path):
    """The engine and who looks after it; ``night`` lets a night promote an adapter."""

    class Day:
        settings, engine = tiny_settings, Engine(load_base(tiny_settings.model), together=2, waiting=4)
        champion = Champion(Registry(tiny_settings, workspace), engine, workspace)

        def night(self, date, *, seed):
            adapter = adapter_in(tmp_path / date, tiny_settings, seed=seed)
            assert slept(tiny_settings, workspace, night=date, adapter=adapter).promoted

        def says(self):
            prompt = tuple(prompt_tokens(self.engine.base.tokenizer, "Who built the ferry?"))
            answer = self.engine.ask(Ask(prompt, 10))
            return "".join(answer.pieces(seconds=30)), answer.version

    found = Day()
    yield found
    found.champion.stop()
    found.engine.stop()


def test_who_is_champion_answers(day, workspace):
    assert day.champion.look().problem is None and day.champion.serving.version == "1"
    assert day.champion.serving.told() == "Version 1 answers from now on (night 0)."
    base, version = day.says()
    assert version == BASE
    day.night(FIRST, seed=1)
    assert day.says()[1] == BASE, "until it is looked up"
    assert (day.champion.look().version, day.champion.serving.night) == ("2", FIRST)
    first, version = day.says()
    assert version == "2" and first != base
    day.night(SECOND, seed=2)
    assert day.champion.look().version == "3" and day.says()[0] not in (base, first)
    assert [folder.name for folder in (workspace.state / "serving").iterdir()] == ["3"]
    rollback(settings=day.settings, workspace=workspace)
    assert day.champion.look().version == "2" and day.says() == (first, "2")
    assert f"(night {FIRST})" in day.champion.serving.told()


def test_an_empty_registry_is_a_fault_only_after_a_night(day, workspace, monkeypatch):
    monkeypatch.setattr(reading, "champion", lambda registry: None)
    assert day.champion.look().problem is None and day.champion.serving.version == "0"
    write_records(workspace.dataset("corpus", FIRST), [])
    assert "registry is empty" in day.champion.look().problem


def test_a_registry_that_is_away_changes_nothing(day, monkeypatch):
    day.night(FIRST, seed=1)
    day.champion.look()
    said = day.says()

    def away(registry):
        raise RegistryUnreachable("The registry cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(reading, "champion", away)
        serving = day.champion.look()
        assert serving.version == "2" and "cannot be reached" in serving.problem and day.says() == said
    assert day.champion.look().problem is None and day.says() == said


def test_a_champion_that_does_not_load_leaves_the_old_one(day, workspace, registry):
    day.night(FIRST, seed=1)
    day.champion.look()
    said = day.says()
    day.night(SECOND, seed=2)
    for path in (workspace.state / "mlflow").rglob(WEIGHTS):
        path.write_bytes(path.read_bytes()[:-8] + b"tampered")
    serving = day.champion.look()
    assert serving.version == "2" and "version 3 is champion and does not serve" in serving.problem
    assert day.says() == said
    assert day.champion.look() == serving, "it is not tried again and again"


def test_a_champion_that_could_not_be_fetched_is_fetched_the_next_time(day, monkeypatch):
    def away(*_):
        raise RegistryUnreachable("The registry cannot be reached.")

    day.champion.look()
    day.night(FIRST, seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "adapter_of", away)
        assert "cannot be reached" in day.champion.look().problem and day.champion.serving.version == "1"
    assert (day.champion.look().version, day.champion.serving.problem) == ("2", None)


def test_a_champion_serves_though_as_many_wait_as_may(day):
    day.champion.look()
    day.night(FIRST, seed=1)
    day.engine.most_waiting = -day.engine.together  # there is room for nobody
    with pytest.raises(NotAnswered, match="wait already"):
        day.says()
    assert (day.champion.look().version, day.champion.serving.problem) == ("2", None)


def test_why_a_champion_does_not_serve_is_said_again_when_the_registry_is_back(day, workspace, monkeypatch):
    def away(registry):
        raise RegistryUnreachable("The registry cannot be reached.")

    day.champion.look()
    day.night(FIRST, seed=1)
    for path in (workspace.state / "mlflow").rglob(WEIGHTS):
        path.write_bytes(path.read_bytes()[:-8] + b"tampered")
    why = day.champion.look().problem
    with monkeypatch.context() as patch:
        patch.setattr(reading, "champion", away)
        assert "cannot be reached" in day.champion.look().problem
    assert day.champion.look().problem == why


def test_a_version_that_comes_back_is_not_dropped_before_it_serves(day):
    day.night(FIRST, seed=1)
    day.champion.look()
    prompt = tuple(prompt_tokens(day.engine.base.tokenizer, "Who built the ferry?"))
    first = day.engine.ask(Ask(prompt, 200))
    next(first.pieces(seconds=30))
    day.night(SECOND, seed=2)
    assert day.champion.look().version == "3", "version 2 is loaded still, for it is answering"
    assert day.champion.bring(reading.version(day.champion._registry, "2")) == "2"
    assert "".join(first.pieces(seconds=30)) is not None
    assert "".join(day.engine.ask(Ask(prompt, 1)).pieces(seconds=30)) is not None, "and the engine has gone on"
    day.engine.switch("2")
    assert day.says()[1] == "2"


def test_the_champion_is_followed_whatever_goes_wrong(day, monkeypatch):
    def broken(registry):
        raise ValueError("no such column")

    day.champion.look()
    day.night(FIRST, seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "champion", broken)
        day.champion.follow(seconds=0.05)
        while day.champion.serving.problem is None:
            time.sleep(0.01)
        assert "no such column" in day.champion.serving.problem
    end = time.monotonic() + 30
    while day.champion.serving.version != "2" and time.monotonic() < end:
        time.sleep(0.01)
    assert (day.champion.serving.version, day.champion.serving.problem) == ("2", None)


def test_the_champion_is_followed_in_the_background(day):
    day.champion.look()
    day.champion.follow(seconds=0.05)
    day.night(FIRST, seed=1)
    while day.champion.serving.version != "2":
        assert day.champion.serving.problem is None
    assert day.says()[1] == "2"
