"""Failing loudly: every failed run of this code location becomes an error in the log and an alert."""

from typing import Any

import dagster as dg

from orchestration.alerts import record_alert
from orchestration.instance import failed_checks
from orchestration.notify import Event, notify
from steps.settings import Settings
from steps.workspace import Workspace


def night_failed(settings: Settings, workspace: Workspace) -> dg.SensorDefinition:
    """Return the sensor that watches for failed nights. Runs by hand (`slumber night`) tell their user directly."""

    @dg.run_failure_sensor(
        name="night_failed",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A night failed or was refused by the gate: an error here, an alert in `slumber status`, `notify`.",
    )
    def sensor(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        night = run.tags.get("dagster/partition")
        # A blocking check says better what went wrong than the error that stops the run because of it.
        failed = failed_checks(context.instance, run.run_id)
        message = "; ".join(failed.values()) or failure_message(context)
        record_alert(workspace, night=night, run_id=run.run_id, message=message)
        context.log.error(f"Night {night or '?'} failed (run {run.run_id}): {message}")
        event = event_of(failed.get("gate", ""))
        for line in notify(settings, workspace, event=event, night=night, run_id=run.run_id, reasons=[message]):
            context.log.warning(line)

    return sensor


def event_of(gate: str) -> Event:
    """What the check `gate` begins with, if it was what failed."""
    if gate.startswith("REJECT:"):
        return "REJECT"
    return "INCONCLUSIVE" if gate.startswith("INCONCLUSIVE:") else "FAILED"


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
