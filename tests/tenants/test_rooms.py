"""Rooms of tenants of whom something is wrong: nobody else waits for them, and who runs the server is told."""

import threading
import time
from types import SimpleNamespace

import pytest

from awake.room import Room
from awake.rooms import NotOpened, Rooms
from steps.errors import SlumberError
from steps.tenants import add_tenant, made
from steps.workspace import write_json

NAMES = ("acme", "beta", "gamma")


class Engine:
    """Notes whose place it was to close."""

    def __init__(self):
        self.closed = []

    def works_for(self, asker):
        return False

    def close(self, place):
        self.closed.append(place)


class Champion:
    """Of a tenant for whom ``does`` is done at each look; ``looks`` counts them."""

    def __init__(self, does):
        self.does, self.looks = does, 0
        self.serving = SimpleNamespace(problem=None, version="0")

    def look(self):
        self.looks += 1
        self.does()

    def failed(self, error):
        self.serving.problem = str(error)

    def stop(self):
        pass


class Diary:
    def __init__(self, folder):
        self.folder, self.problem, self.at_work, self.waiting = folder, None, False, 0

    def begin(self):
        """Bring what waits."""
        for path in self.folder.glob("*.json"):
            path.unlink()

    def stop(self, *, seconds):
        pass


class House:
    """Three tenants; ``does``: what happens when one's champion is looked up."""

    def __init__(self, settings, workspace, monkeypatch):
        self.said, self.does, self.engine = [], {}, Engine()
        self.places = {name: add_tenant(workspace, name) for name in NAMES}
        serve = settings.serve.model_copy(update={"adapters": 2})
        monkeypatch.setattr("awake.rooms.furnished", self._furnished)
        self.make = lambda: Rooms(
            settings.model_copy(update={"serve": serve}), workspace, self.engine, tell=print, say=self.said.append
        )

    def _furnished(self, settings, workspace, engine, *, tell, tenant):
        champion = Champion(self.does.get(tenant, lambda: None))
        diary = Diary(workspace.state / "diary")
        return Room(tenant, "m", champion, diary, None, None, workspace, made(workspace))

    def left_behind(self, *names):
        for name in names:
            write_json(self.places[name].state / "diary" / "1.json", {})


@pytest.fixture
def house(settings, workspace, monkeypatch):
    return House(settings, workspace, monkeypatch)


def fails(error):
    def does():
        raise error

    return does


@pytest.mark.parametrize("error", [SlumberError("It is damaged."), ValueError("It is damaged.")])
def test_one_whose_room_does_not_open_keeps_nobodys_diary_waiting(house, error):
    house.left_behind(*NAMES)
    house.does["acme"] = fails(error)
    rooms = house.make()
    for _ in range(4):
        rooms.look()
    assert [name for name in NAMES if rooms._waits(name)] == ["acme"]
    assert len(house.said) == 1 and house.said[0].startswith("acme: ") and "It is damaged." in house.said[0]
    house.does.clear()
    rooms.look()
    assert not rooms._waits("acme"), "he is tried again"


def test_what_one_cannot_bring_does_not_close_the_others_rooms(house, monkeypatch):
    rooms = house.make()
    rooms.leave(rooms.enter("acme"))
    rooms._open["acme"].diary.problem = "MLflow takes none of it."
    house.left_behind("beta")
    rooms._closed["beta"] = None
    there = [False, True]
    monkeypatch.setattr("awake.rooms.reading.whole", lambda registry: there.pop(0) or fails(SlumberError("away"))())
    rooms.look()
    assert rooms._waits("beta"), "MLflow is away"
    rooms.look()
    assert not rooms._waits("beta")


def test_whatever_fails_in_a_look_the_others_are_looked_after_and_so_is_he_again(house):
    rooms = house.make()
    for name in ("acme", "beta"):
        rooms.leave(rooms.enter(name))
    acme, beta = (rooms._open[name].champion for name in ("acme", "beta"))
    acme.does = fails(RuntimeError("out of luck"))
    thread = rooms.follow(seconds=0.01)
    deadline = time.monotonic() + 30
    while (beta.looks < 5 or acme.looks < 5) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert thread.is_alive() and beta.looks >= 5 and acme.looks >= 5
    rooms.stop()
    assert house.said == ["acme: out of luck"], "once"


def test_what_nobody_has_foreseen_is_told_to_who_runs_the_server_and_not_to_the_tenant(house):
    house.does["acme"] = fails(PermissionError(13, "Permission denied", "/srv/tenants/acme"))
    with pytest.raises(NotOpened) as refused:
        house.make().enter("acme")
    assert "/srv" not in str(refused.value) and "/srv/tenants/acme" in house.said[0]
    assert house.engine.closed == ["acme"], "what was loaded for him goes"


def test_a_room_that_makes_way_while_its_champion_is_looked_up_leaves_nothing_loaded(house):
    rooms = house.make()
    rooms.leave(rooms.enter("acme"))

    def makes_way():
        other = threading.Thread(target=rooms._close, args=("acme",), kwargs={"seconds": 0.0})
        other.start()
        other.join(10)
        house.engine.closed.clear()  # and then the look loads the champion once more

    rooms._open["acme"].champion.does = makes_way
    rooms.look()
    assert house.engine.closed == ["acme"] and "acme" not in rooms._open
