"""Telling of scheduled nights: a failed or missed one is an error in the log and an alert, a refused one a message.

Runs by hand (`slumber night`) tell their user directly.
"""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from orchestration.alerts import MISSED, record_alert
from orchestration.checks import WARN, WATCH, watch_told
from orchestration.instance import failed_checks
from orchestration.jobs import deep, sleep
from orchestration.missed import LATE, missed, missed_told, note_schedule, note_told, since_found
from orchestration.notify import notify
from orchestration.running import holder
from orchestration.schedules import NIGHTLY
from steps.errors import SlumberError
from steps.gate.verdict import read_verdict
from steps.lifecycle import step_of
from steps.records import content_id
from steps.settings import Settings
from steps.watch.record import read_watch
from steps.workspace import DEEP, NIGHTS, Workspace

PARTITION = "dagster/partition"


def night_failed(settings: Settings, workspace: Workspace) -> dg.SensorDefinition:
    """Return the sensor that watches for nights that could not be run to their end."""

    @dg.run_failure_sensor(
        name="night_failed",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A night failed: an error here, an alert in `slumber status`, `notify`.",
    )
    def sensor(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        night = run.tags.get(PARTITION)
        # A blocking check says better what went wrong than the error that stops the run because of it.
        message = "; ".join(failed_checks(context.instance, run.run_id).values()) or failure_message(context)
        record_alert(workspace, night=night, run_id=run.run_id, message=message)
        context.log.error(f"Night {night or '?'} failed (run {run.run_id}): {message}")
        for line in notify(settings, workspace, event="FAILED", night=night, run_id=run.run_id, reasons=[message]):
            context.log.warning(line)

    return sensor


def night_refused(settings: Settings, workspace: Workspace) -> dg.SensorDefinition:
    """Return the sensor that tells of nights which ended well with a candidate that may not serve."""

    @dg.run_status_sensor(
        name="night_refused",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[sleep, deep],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="The gate refused a candidate (REJECT, INCONCLUSIVE): `notify`. The run itself is a success.",
    )
    def sensor(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        night, work = run.tags[PARTITION], workspace.of(DEEP if run.job_name == DEEP else NIGHTS)
        try:
            verdict = read_verdict(work, night)
        except SlumberError as error:  # the next run of this night is at work on it
            context.log.warning(f"Nobody was told of night {night}: {error}")
            return
        if verdict.verdict not in ("REJECT", "INCONCLUSIVE"):
            return
        told: dict[str, Any] = {"event": verdict.verdict, "reasons": verdict.objections()}
        which = "Deep sleep up to" if run.job_name == DEEP else "Night"
        context.log.warning(f"{which} {night}: {verdict.verdict}: {'; '.join(verdict.reasons)}")
        for line in notify(settings, work, night=night, run_id=run.run_id, **told):
            context.log.warning(line)

    return sensor


def missed_nights(settings: Settings, workspace: Workspace) -> dg.SensorDefinition:
    """Return the sensor that tells of nights that were due and did not run, each once.

    With ``schedule.missed: catch_up`` the schedule itself runs the newest one; it is told only if that does not happen.
    """

    @dg.sensor(
        name="missed_nights",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A night was due and did not run: an error here, an alert in `slumber status`, `notify`.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        now = datetime.now(UTC)
        noted = note_schedule(settings.schedule, workspace, started=_started(context.instance), now=now)
        if noted is None:
            return dg.SkipReason("The schedule is off.")
        new = [night for night in missed(settings.schedule, workspace, now=now) if night > noted.told]
        if not new:
            return dg.SkipReason("No night was missed.")
        if holder(workspace):
            return dg.SkipReason("A night is running; it is asked again when that has ended.")
        if settings.schedule.missed == "catch_up" and since_found(workspace, noted, new[-1], now=now) < LATE:
            return dg.SkipReason(f"Night {new[-1]} was missed and is to be caught up.")
        message = missed_told(settings.schedule, new)
        record_alert(workspace, night=new[-1], run_id="", message=message, event=MISSED)
        note_told(workspace, noted, new[-1])
        context.log.error(message)
        for line in notify(settings, workspace, event=MISSED, night=new[-1], run_id="", reasons=[message]):
            context.log.warning(line)
        return dg.SkipReason(message)

    return sensor


def _started(instance: dg.DagsterInstance) -> float | None:
    """When the nightly schedule was switched on; None if it is off."""
    on = (one for one in instance.all_instigator_state() if one.instigator_name == NIGHTLY and one.is_running)
    return next((getattr(one.instigator_data, "start_timestamp", None) for one in on), None)


def morning_watch(settings: Settings, workspace: Workspace) -> dg.SensorDefinition:
    """Return the sensor that shows at the champion what the server's morning watch finds, as it goes on."""

    @dg.sensor(
        name="morning_watch",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="What the morning watch finds by day becomes the check of that name at the champion.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        watched = read_watch(workspace)
        if watched is None:
            return dg.SkipReason("No champion was watched yet.")
        seen = content_id(watched.model_dump(exclude={"seconds"}))
        if seen == context.cursor:
            return dg.SkipReason("Nobody has said anything new.")
        told = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(step_of("promote").asset), check_name=WATCH, severity=WARN, **watch_told(watched)
        )
        return dg.SensorResult(asset_events=[told], cursor=seen)

    return sensor


def failure_message(context: dg.RunFailureSensorContext) -> str:
    """The sentence that the failing step said, or else the run's own."""
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return data.user_failure_data.description
        if data.error:
            return _innermost(data.error)
    failure = context.failure_event.job_failure_data
    return (
        _innermost(failure.error) if failure and failure.error else context.failure_event.message or "no reason given"
    )


def _innermost(error: Any) -> str:
    # Dagster's SerializableErrorInfo, which it does not export.
    while error.cause:
        error = error.cause
    return " ".join(error.message.split())
