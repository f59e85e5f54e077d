"""The audit trail: every change of the registry, from everybody, and nothing of the experiences."""

import threading

import pytest

from steps.promote.approval import approve, override
from steps.promote.returning import rollback
from steps.registry import Registry, reading, registration
from steps.registry.audit import DAMAGED, PREFIX, Entry, append, now
from tests.examined import FIRST, SECOND, THIRD, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")


def test_every_change_is_entered_with_time_author_and_reason(settings, workspace, migrated, monkeypatch):
    monkeypatch.setenv("LOGNAME", "night-owl")
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    slept(settings, workspace, night=FIRST)
    slept(settings, workspace, night=SECOND, verdict="REJECT")
    override(settings=settings, workspace=workspace, version="3", by="Ada", reason="we need it")
    rollback(settings=settings, workspace=workspace)
    told = [(e.action, e.version, e.before, e.after, e.author, e.reason) for e in reading.trail(registry)]
    assert told == [
        ("register", "1", None, None, "night-owl", "BASE"),
        ("register", "2", None, None, "night-owl", "PROMOTE"),
        ("promote", "2", "1", "2", "night-owl", ""),
        ("register", "3", None, None, "night-owl", "REJECT"),
        ("override", "3", "2", "3", "Ada", "we need it"),
        ("rollback", "3", "3", "2", "night-owl", ""),
    ]
    times = [entry.time for entry in reading.trail(registry)]
    assert times == sorted(times) and all(time.endswith("+00:00") for time in times)

    again = slept(settings, workspace, night=FIRST, champion="none", champion_version="none")
    assert again.promoted and len(reading.trail(registry)) == 6, "what is so already is not entered again"
    slept(settings, workspace, night=THIRD)
    approve(settings=settings, workspace=workspace, version="4", by="Eve")
    assert [e.action for e in reading.trail(registry)[6:]] == ["register", "promote", "approve"]


def test_a_registration_that_was_killed_before_its_entry_is_entered_by_the_next(settings, workspace, migrated):
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    slept(settings, workspace, verdict="REJECT")
    for key in registry.client.get_registered_model("slumber").tags:
        registry.client.delete_registered_model_tag("slumber", key)
    slept(settings, workspace, verdict="REJECT")
    assert [(entry.action, entry.version) for entry in reading.trail(registry)] == [("register", "2")]


def test_entries_that_come_at_once_are_all_kept(settings, workspace, migrated):
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    time, start = now(), threading.Barrier(4)

    def write(author):
        start.wait()
        client = Registry(settings, workspace).client
        for _ in range(3):
            append(client, "slumber", Entry(time=time, action="wait", version="1", author=author))

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(entry.author for entry in reading.trail(registry) if entry.action == "wait") == sorted("abcd" * 3)


def test_an_entry_changed_by_hand_is_shown_as_damaged_and_hides_no_other(settings, workspace, migrated):
    registry = Registry(settings, workspace)
    assert reading.trail(registry) == []
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    registry.client.set_registered_model_tag("slumber", f"{PREFIX}20000101", "{}")
    assert [entry.action for entry in reading.trail(registry)] == [DAMAGED, "register"]
