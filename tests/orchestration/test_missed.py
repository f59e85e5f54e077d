"""A night that was due and did not run is caught up or told, once; a schedule that is off or new raises no alarm."""

import json
import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._core.test_utils import freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

import orchestration.sensors
from orchestration.alerts import open_alerts, record_alert
from orchestration.definitions import build
from orchestration.environment import Deployment
from orchestration.instance import opened_instance
from orchestration.missed import missed, note_schedule, read_noted
from orchestration.sensors import missed_nights
from orchestration.status import status_table
from steps.settings import NotifySettings
from steps.workspace import write_text

BERLIN = ZoneInfo("Europe/Berlin")
ON = datetime(2026, 11, 20, 12, tzinfo=BERLIN)
NOW = datetime(2026, 11, 24, 9, tzinfo=BERLIN)
ALL = ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"]
ADDS = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"


@pytest.fixture
def noted(settings, workspace):
    return note_schedule(settings.schedule, workspace, started=ON.timestamp(), now=ON)


def ended(workspace, night):
    write_text(path := workspace.night_dir(night) / "verdict.json", "{}")
    os.utime(path, (4e9, 4e9))  # not in the second in which it was told


@pytest.fixture
def at(monkeypatch):
    """Set the sensor's clock."""

    def set_to(when):
        class Clock(datetime):
            @classmethod
            def now(cls, zone=None):
                return when

        monkeypatch.setattr(orchestration.sensors, "datetime", Clock)

    return set_to


@pytest.fixture
def instance():
    """An instance in which the nightly schedule was switched on at ``ON``."""
    with dg.instance_for_test() as made:
        location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="orchestration.definitions"))
        origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), "nightly")
        data = ScheduleInstigatorData("0 3 * * *", start_timestamp=ON.timestamp())
        made.add_instigator_state(InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.RUNNING, data))
        yield made


def test_nights_that_were_due_and_did_not_run(settings, workspace, noted):
    assert missed(settings.schedule, workspace, now=NOW) == ALL
    ended(workspace, "2026-11-22")
    assert missed(settings.schedule, workspace, now=NOW) == ALL[2:], "the later night read what the earlier would have"
    ended(workspace, "2031-01-01")
    assert missed(settings.schedule, workspace, now=NOW) == ALL[2:], (
        "what was tried on another date reads nothing of it"
    )


def test_a_night_is_not_missed_before_an_hour_has_passed(settings, workspace, noted):
    due = datetime(2026, 11, 24, 3, tzinfo=BERLIN)
    assert missed(settings.schedule, workspace, now=due + timedelta(minutes=59)) == ALL[:3]
    assert missed(settings.schedule, workspace, now=due + timedelta(minutes=61)) == ALL


def test_a_failed_night_is_not_a_missed_one_too(settings, workspace, noted):
    record_alert(workspace, night=ALL[-1], run_id="r", message="The inbox is gone.")
    assert missed(settings.schedule, workspace, now=NOW) == []


def test_off_new_or_changed_there_is_no_alarm(settings, workspace):
    assert missed(settings.schedule, workspace, now=NOW) == [], "no daemon has ever looked"
    note_schedule(settings.schedule, workspace, started=NOW.timestamp(), now=NOW)
    assert missed(settings.schedule, workspace, now=NOW + timedelta(hours=12)) == [], "the first night is still to come"
    hourly = settings.schedule.model_copy(update={"cron": "0 * * * *"})
    later = NOW + timedelta(days=3)
    assert missed(hourly, workspace, now=later) == [], "nobody knows since when that cron holds"
    note_schedule(hourly, workspace, started=NOW.timestamp(), now=later)
    assert missed(hourly, workspace, now=later + timedelta(minutes=30)) == []
    assert missed(hourly, workspace, now=later + timedelta(hours=3)) == ["2026-11-27"], "one a date"
    note_schedule(hourly, workspace, started=None, now=later)
    assert read_noted(workspace) is None and missed(hourly, workspace, now=later + timedelta(days=9)) == []


def test_a_year_off_is_looked_back_a_month(settings, workspace, noted):
    assert len(missed(settings.schedule, workspace, now=NOW + timedelta(days=365))) == 31


def told_by(settings, path, *, mode):
    knobs = NotifySettings(command=(sys.executable, "-c", ADDS, str(path)))
    schedule = settings.schedule.model_copy(update={"missed": mode})
    return settings.model_copy(update={"notify": knobs, "schedule": schedule})


def test_each_missed_night_is_told_once(settings, workspace, tmp_path, instance, at):
    told = tmp_path / "told"
    knobs = told_by(settings, told, mode="report")
    sensor = missed_nights(knobs, workspace)

    def look(when):
        at(when)
        return sensor(dg.build_sensor_context(instance=instance)).skip_message

    assert look(ON + timedelta(hours=1)) == "No night was missed."
    assert "Nights 2026-11-21, 2026-11-22" in look(NOW - timedelta(days=2))
    for _ in range(2):
        look(NOW)
    events = [json.loads(line) for line in told.read_text().splitlines()]
    assert [(e["event"], e["night"]) for e in events] == [("MISSED", "2026-11-22"), ("MISSED", "2026-11-24")]
    assert "Nights 2026-11-23, 2026-11-24 were due" in events[1]["reasons"][0]
    assert [alert["night"] for alert in open_alerts(workspace)] == ["2026-11-22", "2026-11-24"]
    ended(workspace, "2026-11-25")
    assert open_alerts(workspace) == [], "a later night has made up for them"
    with workspace.lock("2026-11-27"):
        assert "running" in look(NOW + timedelta(days=3))


def test_a_night_that_is_to_be_caught_up_is_told_if_it_is_not(settings, workspace, tmp_path, instance, at):
    told = tmp_path / "told"
    sensor = missed_nights(told_by(settings, told, mode="catch_up"), workspace)

    def look(when):
        at(when)
        return sensor(dg.build_sensor_context(instance=instance)).skip_message

    assert "to be caught up" in look(NOW) and "to be caught up" in look(NOW + timedelta(minutes=50))
    assert not told.exists()
    assert "did not run" in look(NOW + timedelta(minutes=70)) and told.exists()
    ended(workspace, "2026-11-24")
    assert look(NOW + timedelta(hours=2)) == "No night was missed."


@pytest.mark.parametrize("mode", ["catch_up", "report"])
def test_a_late_tick_runs_the_night_or_does_not(settings, workspace, tmp_path, mode):
    schedule = settings.schedule.model_copy(update={"missed": mode})
    knobs = settings.model_copy(update={"schedule": schedule})
    deployment = Deployment(settings=knobs, workspace=workspace, inbox=tmp_path)
    repository = build(deployment).get_repository_def()
    nightly = repository.get_schedule_def("nightly")

    def asked(due):
        with dg.instance_for_test() as made:
            where = {"instance": made, "repository_def": repository, "scheduled_execution_time": due}
            requests = nightly.evaluate_tick(dg.build_schedule_context(**where)).run_requests
        return [request.partition_key for request in requests]

    now = datetime.now(BERLIN)
    late, night = now - timedelta(hours=30), (now - timedelta(hours=30)).date().isoformat()
    assert asked(now - timedelta(minutes=1)) == [(now - timedelta(minutes=1)).date().isoformat()]
    assert asked(late) == ([night] if mode == "catch_up" else [])
    ended(workspace, night)
    assert asked(late) == [], "somebody ran it meanwhile"


def test_status_tells_it_while_the_daemon_is_dead(settings, workspace, registry, tmp_path):
    since = datetime.now(BERLIN) - timedelta(days=2)
    note_schedule(settings.schedule, workspace, started=since.timestamp(), now=since)
    found = Deployment(settings=settings, workspace=workspace, inbox=tmp_path)
    table = status_table(found)
    rows = dict(zip(*(map(str, column.cells) for column in table.columns), strict=True))
    assert "did not run" in rows["missed"] and "`slumber night`" in rows["missed"]


@pytest.mark.parametrize(("mode", "runs"), [("catch_up", 1), ("report", 0)])
def test_the_daemon_runs_the_newest_of_them_once(workspace, monkeypatch, mode, runs):
    """Dagster's own scheduler, on our definitions and our instance, after three days in which nothing ran."""
    now = datetime.now(UTC)
    due = now - timedelta(hours=2)
    knobs = f"missed: {mode}, timezone: UTC, cron: '{due.minute} {due.hour} * * *'"
    write_text(workspace.root / "params.yaml", f"schedule: {{{knobs}}}\n")
    monkeypatch.setenv("SLUMBER_WORKSPACE", str(workspace.root))
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="orchestration.definitions"))
    with (
        opened_instance(workspace, capture_output=False) as made,
        WorkspaceProcessContext(made, InProcessWorkspaceLoadTarget(location)) as process,
    ):
        (entry,) = process.create_request_context().get_code_location_entries().values()
        (repository,) = entry.code_location.get_repositories().values()
        with freeze_time(now - timedelta(days=3)):
            made.start_schedule(repository.get_schedule("nightly"))
        for _ in range(2):
            list(launch_scheduled_runs(process, logging.getLogger("test"), now, {}))
        asked = [run.tags["dagster/partition"] for run in made.get_runs()]
    assert asked == [due.date().isoformat()] * runs
