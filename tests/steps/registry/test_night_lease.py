"""A lease on the registry: one night at a time, whoever dies, and whoever only seemed dead."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from orchestration.environment import Deployment
from steps.errors import NightRunning
from steps.night import Night
from steps.registry import night_lease, registry_lock
from steps.registry.night_lease import leased
from steps.step import Step


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(night_lease, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(registry_lock, "WATCHED_SECONDS", 0.3)


def tickets(registry):
    tags = registry.client.get_registered_model("slumber").tags
    return {key: json.loads(value) for key, value in tags.items() if key.startswith(night_lease.PREFIX)}


def hang(registry, **changed):
    """The ticket of another process."""
    whose = {"what": "2026-11-21", "host": socket.gethostname(), "place": registry_lock.place(), "process": 1}
    ticket = whose | {"since": time.time()} | changed
    registry.client.set_registered_model_tag("slumber", f"{night_lease.PREFIX}0", json.dumps(ticket))


def dead_process():
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    return dead.pid


def test_it_is_held_as_long_as_the_night_and_no_longer(registry):
    with leased(registry, "2026-11-22"):
        (ticket,) = tickets(registry).values()
        assert (ticket["what"], ticket["process"]) == ("2026-11-22", os.getpid())
        with pytest.raises(NightRunning, match=r"2026-11-22 \(host .*, process \d+\) is running with the registry"):
            leased(registry, "2026-11-23").__enter__()
    assert tickets(registry) == {}


@pytest.mark.parametrize("alive", [{"host": "elsewhere"}, {"place": "another container"}, {}])
def test_who_lives_is_waited_for(registry, alive):
    """A process number says nothing about another machine, nor about another container of the same name."""
    hang(registry, **({"process": dead_process()} if alive else {}), **alive)
    with pytest.raises(NightRunning, match="its claim ends 15 minutes after its last sign of life"):
        leased(registry, "2026-11-22").__enter__()
    assert list(tickets(registry)) == [f"{night_lease.PREFIX}0"]


@pytest.mark.parametrize("dead", [{"here": True}, {"host": "elsewhere", "since": 1.0}])
def test_who_died_holds_nobody_up(registry, dead):
    hang(registry, **({"process": dead_process()} if dead.pop("here", False) else {}), **dead)
    with leased(registry, "2026-11-22"):
        assert [ticket["what"] for ticket in tickets(registry).values()] == ["2026-11-22"]


def test_it_is_renewed(registry, monkeypatch):
    monkeypatch.setattr(night_lease, "RENEW_SECONDS", 0.05)
    with leased(registry, "2026-11-22"):
        (before,) = tickets(registry).values()
        deadline = time.monotonic() + 30
        while tickets(registry)[next(iter(tickets(registry)))]["since"] == before["since"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_who_was_thought_dead_stops_before_the_next_step(registry, settings, workspace):
    class Never(Step):
        name, asset = "never", "corpus"

        def work(self, night):
            raise AssertionError("it ran")

    with leased(registry, "2026-11-22") as still_ours:
        still_ours()
        registry.client.delete_registered_model_tag("slumber", next(iter(tickets(registry))))
        hang(registry, host="elsewhere")
        with pytest.raises(NightRunning, match="another one took over"):
            Never().run(Night.of(settings, workspace, "2026-11-22", still_ours=still_ours))
    assert list(tickets(registry)) == [f"{night_lease.PREFIX}0"], "the other's is left, one's own is not hung up again"


def test_a_registry_that_is_away_for_a_while_ends_no_night_and_locks_nobody_out(registry, monkeypatch):
    client = type(registry.client)

    def away(*_):
        raise OSError("no route to host")

    with monkeypatch.context() as patch, leased(registry, "2026-11-22") as still_ours:
        patch.setattr(client, "get_registered_model", away)
        patch.setattr(client, "delete_registered_model_tag", away)
        still_ours()
    assert len(tickets(registry)) == 1, "it could not be taken down"
    with leased(registry, "2026-11-23"):
        assert len(tickets(registry)) == 1


def test_a_deployment_of_its_own_asks_no_registry(settings, workspace):
    with Deployment(settings, workspace, workspace.root).lock("2026-11-22") as still_ours:
        assert still_ours is None and not (workspace.state / "mlflow").exists()
