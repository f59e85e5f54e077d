"""A failed night is loud, a second one is refused, and a killed one does not block the queue."""

import errno
import os
import signal
import sqlite3
import time
from pathlib import Path

import dagster as dg
import pytest

from orchestration.alerts import open_alerts, record_alert
from orchestration.definitions import build
from orchestration.environment import Deployment
from orchestration.instance import close_dead_runs, opened_instance
from orchestration.night import NightFailed, run_night
from orchestration.resources import tonight_resource
from orchestration.running import holder, night_alerts, note_begun, note_ended, unfinished
from orchestration.sensors import night_failed
from steps.errors import DataRefused, NightRunning, SlumberError
from steps.ingest.step import IngestStep
from steps.night import Night
from steps.validate.step import ValidateStep
from steps.workspace import DEEP, NIGHTS, PROMOTION, VERDICT

NIGHT = "2026-11-22"


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def sensor_context(instance, run_id):
    run = instance.get_run_by_id(run_id)
    entries = instance.all_logs(run_id)
    failure = next(e.dagster_event for e in entries if e.dagster_event and e.dagster_event.is_job_failure)
    context = dg.build_run_status_sensor_context("night_failed", failure, instance, run)
    return context.for_run_failure()


def test_the_sensor_raises_an_alert(settings, workspace, inbox):
    """A night in an inbox that is not there fails; what the step said becomes the alert."""
    deployment = Deployment(settings=settings, workspace=workspace, inbox=inbox / "gone")
    with dg.instance_for_test() as instance:
        job = build(deployment, nights=(NIGHT,)).resolve_job_def("sleep")
        result = job.execute_in_process(instance=instance, partition_key=NIGHT, raise_on_error=False)
        night_failed(settings, workspace)(sensor_context(instance, result.run_id))
    (alert,) = open_alerts(workspace)
    assert alert["night"] == NIGHT and alert["run_id"] == result.run_id
    assert "inbox" in alert["message"] and "\n" not in alert["message"]


@pytest.mark.parametrize("torn", [b'{"night": "2026-', '{"night": "Stra\u00dfe'.encode()[:-2]])
def test_a_line_that_a_crash_tore_costs_no_other(workspace, torn):
    record_alert(workspace, night=NIGHT, run_id="r", message="It failed.")
    with (workspace.state / "alerts.jsonl").open("ab") as stream:
        stream.write(torn)
    record_alert(workspace, night="2026-11-23", run_id="s", message="It failed, too.")
    assert [a["message"] for a in open_alerts(workspace)] == ["It failed.", "It failed, too."]


@pytest.mark.parametrize(
    ("work", "name"),
    [(NIGHTS, VERDICT), (NIGHTS, PROMOTION), (DEEP, VERDICT)],
    ids=["a verdict", "a verdict that was there before", "of a deep sleep"],
)
def test_alerts_close_when_the_night_is_decided(workspace, work, name):
    night = workspace.night_dir(NIGHT)
    night.mkdir(parents=True)
    (night / VERDICT).write_text("{}")  # of an earlier try, or what was not told before it failed in promotion
    record_alert(workspace, night=NIGHT, run_id="r", message="It failed.")
    assert [a["message"] for a in open_alerts(workspace)] == ["It failed."]
    path = workspace.of(work).night_dir(NIGHT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    os.utime(path, (4e9, 4e9))
    assert open_alerts(workspace) == []


def test_a_second_night_is_refused(settings, workspace, inbox):
    with workspace.lock("2026-11-21"), pytest.raises(NightRunning, match=r"night 2026-11-21 .* is running"):
        run_night(settings=settings, workspace=workspace, night=NIGHT, inbox=inbox)
    assert open_alerts(workspace) == []


def test_a_second_run_is_refused_by_the_resource(settings, workspace, inbox):
    """Dagster's queue keeps nights apart, and the lock does where there is no queue."""
    deployment = Deployment(settings=settings, workspace=workspace, inbox=inbox)

    @dg.op(required_resource_keys={"tonight"})
    def never():
        raise AssertionError("it ran")

    @dg.job(resource_defs={"tonight": tonight_resource(deployment)})
    def job():
        never()

    with workspace.lock("2026-11-21"), pytest.raises(dg.DagsterError) as raised:
        job.execute_in_process(tags={"dagster/partition": NIGHT})
    assert isinstance(raised.value.__cause__, NightRunning)


def test_a_run_without_a_night_is_refused(settings, workspace, inbox):
    deployment = Deployment(settings=settings, workspace=workspace, inbox=inbox)
    with dg.instance_for_test() as instance, pytest.raises(dg.DagsterError) as raised:
        build(deployment).resolve_job_def("sleep").execute_in_process(instance=instance)
    assert isinstance(raised.value.__cause__, SlumberError)


def test_a_killed_run_does_not_block_the_queue(workspace):
    with opened_instance(workspace) as instance:

        @dg.job
        def killed():
            pass

        run = instance.create_run_for_job(killed, status=dg.DagsterRunStatus.STARTED)
        assert close_dead_runs(instance, but="another") == [run.run_id]
        assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE


def test_an_unexpected_error_is_one_sentence_and_a_log(settings, workspace, inbox, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug\nin two lines")

    monkeypatch.setattr(IngestStep, "work", broken)
    with pytest.raises(NightFailed, match="RuntimeError: a bug in two lines") as raised:
        run_night(settings=settings, workspace=workspace, night=NIGHT, inbox=inbox)
    assert "\n" not in str(raised.value) and raised.value.exit_code == 1
    assert "Traceback" in (workspace.night_dir(NIGHT) / "error.log").read_text()
    assert len(open_alerts(workspace)) == 1


def test_refused_data_is_a_failed_check(settings, workspace, inbox, monkeypatch):
    def refuses(*_):
        raise DataRefused("The experiences were refused: two have one id.")

    monkeypatch.setattr(ValidateStep, "run", refuses)
    with pytest.raises(DataRefused, match="two have one id"):
        run_night(settings=settings, workspace=workspace, night=NIGHT, inbox=inbox)
    with opened_instance(workspace) as instance:
        (run,) = instance.get_runs()
        entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    (check,) = [entry.dagster_event.asset_check_evaluation_data for entry in entries]
    assert not check.passed and check.check_name == "expectations" and check.blocking is not False


def _as_a_quota_says_it():
    raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))


def _as_safetensors_says_it():
    raise RuntimeError("Error while serializing: IoError(Os { code: 28, message: No space left on device })")


def _as_mlflow_says_it():
    try:
        raise sqlite3.OperationalError("database or disk is full")
    except sqlite3.OperationalError as error:
        raise ValueError("(sqlite3.OperationalError)") from error


@pytest.mark.parametrize(
    "says",
    [
        lambda: Path("/dev/full").write_text("a real one"),
        _as_a_quota_says_it,
        _as_safetensors_says_it,
        _as_mlflow_says_it,
    ],
)
def test_a_full_disk_is_one_sentence(settings, workspace, inbox, monkeypatch, says):
    def full(*_):
        says()

    monkeypatch.setattr(IngestStep, "work", full)
    with pytest.raises(SlumberError, match="The disk is full") as raised:
        run_night(settings=settings, workspace=workspace, night=NIGHT, inbox=inbox)
    assert raised.value.exit_code == 2


def test_the_holder_is_shown_and_a_dead_one_is_not(workspace):
    with workspace.lock(NIGHT):
        assert NIGHT in holder(workspace)
    (workspace.state / "night.holder").write_text("night 2026-11-20 (process 1)")
    assert holder(workspace) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_night_is_interrupted(settings, workspace, inbox, monkeypatch, number):
    """Dagster turns both signals into an error of its own; the run ends, and the lock is free for the next try.

    That it was begun and not finished is told, whatever verdict an earlier try of the same date came to.
    """

    def interrupted(*_):
        os.kill(os.getpid(), number)
        time.sleep(5)

    monkeypatch.setattr(IngestStep, "work", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_night(settings=settings, workspace=workspace, night=NIGHT, inbox=inbox)
    with opened_instance(workspace) as instance:
        assert [run.is_finished for run in instance.get_runs()] == [True]
    with workspace.lock(NIGHT):
        assert unfinished(workspace) == [] and night_alerts(workspace) == [], "somebody is at work just now"
    (left,) = unfinished(workspace)
    assert f"`slumber night --night {NIGHT}` goes on" in left.told() and night_alerts(workspace) == [left.told()]
    record_alert(workspace, night=NIGHT, run_id="r", message="It failed, too.")
    assert len(night_alerts(workspace)) == 1, "one night, one alert"
    later = Night.of(settings, workspace, "2026-11-23")
    note_begun(later)
    assert [one.night for one in unfinished(workspace)] == [NIGHT, later.date]
    note_ended(later)
    assert unfinished(workspace) == [left], "a later night does not learn what this one met"
