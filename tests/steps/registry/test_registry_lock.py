"""Two promoters at once: one wins, whatever they do and wherever they run."""

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from steps.errors import SlumberError
from steps.promote.registering import promote, register
from steps.promote.returning import rollback
from steps.registry import Registry, RegistryUnreachable, reading, registry_lock
from steps.registry.watch import strayed
from steps.workspace import PROMOTION, Workspace
from tests.examined import FIRST, SECOND, examined

pytestmark = pytest.mark.usefixtures("planted_verdicts")


def two_candidates(settings, workspace):
    for night in (FIRST, SECOND):
        examined(workspace, night=night)
        register(settings=settings, workspace=workspace, night=night)


def one_won(registry, promotions):
    won = [promotion for promotion in promotions if promotion.promoted]
    lost = [promotion for promotion in promotions if not promotion.promoted]
    assert len(won) == len(lost) == 1, promotions
    aliases = {alias: v.version for v in reading.history(registry) for alias in v.aliases}
    assert (aliases["champion"], aliases["previous"]) == (won[0].champion, "1")
    assert f"{won[0].champion} serves now" in lost[0].message and "examined against champion 1" in lost[0].message
    assert [(e.before, e.after) for e in reading.trail(registry) if e.action == "promote"] == [("1", won[0].champion)]
    assert "promoted_at" not in reading.version(registry, lost[0].candidate).tags
    assert not tickets(registry)


def tickets(registry):
    return [key for key in registry.client.get_registered_model("slumber").tags if key.startswith(registry_lock.PREFIX)]


def _promote(root, settings, night, gate, out):
    gate.wait(60)
    out.put(promote(settings=settings, workspace=Workspace(root), night=night))


def test_of_two_processes_that_promote_at_once_one_wins(settings, workspace, registry):
    two_candidates(settings, workspace)
    context = multiprocessing.get_context("spawn")
    gate, out = context.Barrier(2), context.Queue()
    promoters = [
        context.Process(target=_promote, args=(workspace.root, settings, night, gate, out)) for night in (FIRST, SECOND)
    ]
    for promoter in promoters:
        promoter.start()
    promotions = [out.get(timeout=120) for _ in promoters]
    for promoter in promoters:
        promoter.join(60)
    one_won(registry, promotions)


def test_of_two_that_have_passed_every_check_one_wins(settings, workspace, registry, monkeypatch):
    """Both wait until both have passed ``check_candidate``: only the turn, and the check in it, are left."""
    two_candidates(settings, workspace)
    checked, take = threading.Barrier(2), registry_lock.take_ticket

    def meet(client, name):
        checked.wait(60)
        return take(client, name)

    monkeypatch.setattr(registry_lock, "take_ticket", meet)
    promotions = []
    promoters = [
        threading.Thread(
            target=lambda n=night: promotions.append(promote(settings=settings, workspace=workspace, night=n))
        )
        for night in (FIRST, SECOND)
    ]
    for promoter in promoters:
        promoter.start()
    for promoter in promoters:
        promoter.join(120)
    one_won(registry, promotions)


def test_a_promotion_under_way_is_not_taken_for_an_alias_moved_by_hand(settings, workspace, registry, monkeypatch):
    """Looked at between its entry in the audit trail and the move of the alias, as another night's end would."""
    two_candidates(settings, workspace)
    entered, looked = threading.Event(), threading.Event()
    take, move = registry_lock.take_ticket, Registry.set_alias

    def taken(client, name):
        if entered.is_set():
            looked.set()
        return take(client, name)

    def moved(self, alias, version):
        entered.set()
        looked.wait(20)
        move(self, alias, version)

    monkeypatch.setattr(registry_lock, "take_ticket", taken)
    monkeypatch.setattr(Registry, "set_alias", moved)
    promoter = threading.Thread(target=lambda: promote(settings=settings, workspace=workspace, night=FIRST))
    promoter.start()
    assert entered.wait(60) and strayed(registry) is None
    promoter.join(120)
    assert reading.champion(registry).version == "2"


def test_only_one_holds_the_lock_at_a_time(settings, workspace, registry, monkeypatch):
    monkeypatch.setattr(registry_lock, "POLL_SECONDS", 0.01)
    inside, most, done = [], [], []

    def work():
        client = Registry(settings, workspace).client
        for _ in range(3):
            ticket = registry_lock.take_ticket(client, "slumber")
            inside.append(ticket)
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove(ticket)
            registry_lock.give_back(client, "slumber", ticket)
        done.append(True)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert len(done) == 3 and most == [1] * 9 and not tickets(registry)


def test_an_alias_moved_by_another_hand_in_between_is_noticed(settings, workspace, registry, monkeypatch):
    two_candidates(settings, workspace)
    move = type(registry.client).set_registered_model_alias

    def interfered(client, name, alias, version):
        move(client, name, alias, "3" if alias == "champion" else version)

    monkeypatch.setattr(type(registry.client), "set_registered_model_alias", interfered)
    promotion = promote(settings=settings, workspace=workspace, night=FIRST)
    assert not promotion.promoted and promotion.champion == "3"
    assert "Another promotion came in between: version 3 serves now" in promotion.message
    assert "promoted_at" not in reading.version(registry, "2").tags


def hang(registry, **changed):
    ticket = {"host": socket.gethostname(), "process": os.getppid(), "since": time.time()} | changed
    registry.client.set_registered_model_tag("slumber", f"{registry_lock.PREFIX}0", json.dumps(ticket))


def test_the_lock_of_a_living_process_is_respected_and_a_dead_ones_taken_over(
    settings, workspace, registry, monkeypatch
):
    monkeypatch.setattr(registry_lock, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(registry_lock, "WATCHED_SECONDS", 0.5)
    two_candidates(settings, workspace)
    for alive in ({}, {"host": "elsewhere", "process": 1}, {"since": "never"}):
        hang(registry, **alive)
        with pytest.raises(RegistryUnreachable, match=rf"Another process.*{registry_lock.PREFIX}"):
            promote(settings=settings, workspace=workspace, night=FIRST)
        assert not (workspace.night_dir(FIRST) / PROMOTION).exists(), "nothing was decided: the night goes on with this"
        with pytest.raises(SlumberError, match="Another process"):
            rollback(settings=settings, workspace=workspace, version="1")
        assert tickets(registry) == [f"{registry_lock.PREFIX}0"]

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    hang(registry, process=dead.pid)
    assert promote(settings=settings, workspace=workspace, night=FIRST).promoted
    hang(registry, host="elsewhere", since=time.time() - registry_lock.ABANDONED_SECONDS - 1)
    assert rollback(settings=settings, workspace=workspace)[1].version == "1"
    assert not tickets(registry)


def test_what_this_process_could_not_take_down_is_in_nobodys_way(settings, workspace, registry, monkeypatch):
    """The registry died while the turn was held: another process is told to wait, this one goes on."""
    two_candidates(settings, workspace)
    client = type(registry.client)
    with monkeypatch.context() as patch:
        patch.setattr(client, "delete_registered_model_tag", lambda *_: (_ for _ in ()).throw(OSError("it died")))
        with registry_lock.registry_lock(registry):
            pass
    assert len(tickets(registry)) == 1
    with registry_lock.registry_lock(registry):
        assert len(tickets(registry)) == 1
    with monkeypatch.context() as patch:  # the registry dies once the ticket hangs
        patch.setattr(registry_lock, "others_of", lambda *_, **__: {} if not tickets(registry) else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            registry_lock.take_ticket(registry.client, "slumber")
    assert len(tickets(registry)) == 1
    assert promote(settings=settings, workspace=workspace, night=FIRST).promoted and not tickets(registry)


def test_one_thread_waits_for_another(registry, settings, workspace):
    with registry_lock.registry_lock(registry), pytest.raises(SlumberError, match="Another process"):
        registry_lock.take_ticket(Registry(settings, workspace).client, "slumber", patience=0.2)


def test_a_machine_whose_clock_is_behind_is_not_taken_for_dead(registry, monkeypatch):
    """It renews its ticket, however old that seems; one that hangs unchanged is taken down."""
    monkeypatch.setattr(registry_lock, "WATCHED_SECONDS", 1.0)
    behind, over = registry_lock.ABANDONED_SECONDS + 600, threading.Event()

    def renewed():
        while not over.wait(0.2):
            hang(registry, host="elsewhere", since=time.time() - behind)

    hang(registry, host="elsewhere", since=time.time() - behind)
    living = threading.Thread(target=renewed)
    living.start()
    with pytest.raises(SlumberError, match="Another process"):
        registry_lock.take_ticket(registry.client, "slumber", patience=0.1)
    over.set()
    living.join()
    hang(registry, host="elsewhere", since=time.time() - behind)  # for the last time
    begun = time.monotonic()
    ticket = registry_lock.take_ticket(registry.client, "slumber", patience=0.1)
    assert time.monotonic() - begun >= 1.0 and tickets(registry) == [ticket]
    registry_lock.give_back(registry.client, "slumber", ticket)


def test_a_machine_whose_clock_is_ahead_is_named(registry):
    hang(registry, host="elsewhere", since=time.time() + 7200)
    with pytest.raises(SlumberError, match=r"clock is 120 minutes ahead.*delete the tag turn\.0"):
        registry_lock.take_ticket(registry.client, "slumber", patience=0.1)
