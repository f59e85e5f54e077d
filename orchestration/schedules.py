"""When nights start by themselves."""

import dagster as dg

from orchestration.jobs import sleep
from steps.settings import ScheduleSettings


def nightly(settings: ScheduleSettings) -> dg.ScheduleDefinition:
    """Return the schedule: the night's key is the local date of the scheduled time.

    Stopped until its owner switches it on in the Dagster UI: nobody's machine should start training by surprise.
    """

    @dg.schedule(
        name="nightly",
        job=sleep,
        cron_schedule=settings.cron,
        execution_timezone=settings.timezone,
        description="Sleeps every night as schedule.cron and schedule.timezone of params.yaml say.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        night = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=night, partition_key=night)

    return schedule
