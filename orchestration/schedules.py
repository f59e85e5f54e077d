"""When nights start by themselves."""

import dagster as dg

from orchestration.environment import Deployment
from orchestration.jobs import deep, sleep
from orchestration.missed import is_late
from steps.errors import SlumberError
from steps.workspace import VERDICT

NIGHTLY = "nightly"


def nightly(deployment: Deployment) -> dg.ScheduleDefinition:
    """Return the schedule: the night's key is the local date of the scheduled time.

    Stopped until its owner switches it on in the Dagster UI: nobody's machine should start training by surprise. After
    a time in which nothing ran, Dagster evaluates the newest time that was missed, and no older one.
    """
    settings, workspace = deployment.settings.schedule, deployment.workspace

    @dg.schedule(
        name=NIGHTLY,
        job=sleep,
        cron_schedule=settings.cron,
        execution_timezone=settings.timezone,
        description="Sleeps every night as schedule.cron and schedule.timezone of params.yaml say.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        night = context.scheduled_execution_time.date().isoformat()
        if is_late(context.scheduled_execution_time):
            if settings.missed == "report":
                return dg.SkipReason(f"Night {night} was missed (schedule.missed: report).")
            if (workspace.night_dir(night) / VERDICT).exists():
                return dg.SkipReason(f"Night {night} has its verdict: somebody ran it.")
        return dg.RunRequest(run_key=night, partition_key=night)

    return schedule


def weekly(deployment: Deployment) -> dg.ScheduleDefinition:
    """Return the schedule that looks whether a deep sleep is due (``deep.cron``), and says why if it is not.

    Stopped until its owner switches it on.
    """
    settings = deployment.settings

    @dg.schedule(
        name="deep_sleep",
        job=deep,
        cron_schedule=settings.deep.cron,
        execution_timezone=settings.schedule.timezone,
        description="Rebuilds the champion when its ranks, its drift or what it knows that is stale ask for it.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from orchestration.deep import last_night, why

        try:
            given = why(deployment)
        except SlumberError as error:
            return dg.SkipReason(str(error))
        if not any(reason.due for reason in given):
            return dg.SkipReason("; ".join(reason.line for reason in given) or "the base serves")
        when = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=f"deep {when}", partition_key=last_night(deployment))

    return schedule
