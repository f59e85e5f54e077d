"""The audit trail: every change of the registry, from everybody, and nothing of the experiences."""

import sqlite3
import threading

import pytest

from steps.promote.approval import approve, override
from steps.promote.returning import rollback
from steps.registry import Registry, reading, registration, stored
from steps.registry.audit import DAMAGED, PREFIX, Entry, append, experiment_of, now
from steps.registry.connection import sqlite_path
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
    database = sqlite3.connect(sqlite_path(registry.uri))
    with database:
        database.execute("DELETE FROM tags WHERE key LIKE 'audit.%'")
        database.execute("DELETE FROM runs WHERE name LIKE 'register:%'")
    database.close()
    slept(settings, workspace, verdict="REJECT")
    assert [(entry.action, entry.version) for entry in reading.trail(registry)] == [("register", "2")]


def test_entries_that_come_at_once_are_all_kept(settings, workspace, migrated):
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    time, start = now(), threading.Barrier(4)

    def write(author):
        start.wait()
        writer = Registry(settings, workspace)
        trail = writer.experiment(experiment_of(writer.name))
        for _ in range(3):
            append(writer.client, trail, Entry(time=time, action="wait", version="1", author=author))

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
    registry.enter("wait", "1")
    (run,) = trail_page(registry, "attributes.run_name LIKE 'wait%'")
    registry.client.set_tag(run.info.run_id, f"{PREFIX}sum", "1")
    assert [entry.action for entry in reading.trail(registry)] == [DAMAGED, DAMAGED, "register"]


def test_an_entry_deleted_on_the_page_is_still_told(settings, workspace, migrated):
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    registry.enter("promote", "1", "2", "1", author="Ada", reason="because")
    (run,) = trail_page(registry, "attributes.run_name LIKE 'promote%'")
    assert run.info.run_name == "promote: version 1 serves, 2 no more (Ada: because)"
    registry.client.delete_run(run.info.run_id)
    assert reading.told_champion(registry) == "1" and len(reading.trail(registry)) == 2


def test_both_ways_to_read_the_trail_agree_and_older_tags_are_read(settings, workspace, migrated):
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    older = Entry(time="2026-11-01T00:00:00.000000+00:00", action="promote", version="7", after="7")
    text = older.model_dump_json(by_alias=True)
    registry.client.set_registered_model_tag("slumber", f"{PREFIX}20261101", text)
    told = stored._from_client(registry)
    assert told == stored.stored_model(registry) and told.trail[0] == older


def test_the_model_s_page_shows_the_last_entries_as_a_table_and_keeps_what_its_owner_wrote(
    settings, workspace, migrated
):
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    registry.client.update_registered_model("slumber", "Ours. " + registry.model().description)
    for number in range(30):
        registry.enter("override", str(number), "1", str(number), author="[Ada](javascript:x)", reason="a | b\n# c")
    page = registry.model().description
    rows = [line for line in page.splitlines() if line.startswith("| 20")]
    assert page.startswith("Ours. A version a night") and page.count("## Audit trail") == 1 and len(page) <= 5000
    assert len(rows) == 20 and "| override | 29 | 1 → 29 |" in rows[0]
    assert "[Ada]" not in page.replace("\\[", "") and rows[0].endswith("a \\| b \\# c |")
    assert f"#/experiments/{registry.experiment(experiment_of('slumber'))}/runs" in page


def trail_page(registry, query):
    trail = registry.experiment(experiment_of(registry.name))
    return registry.client.search_runs([trail], query)
