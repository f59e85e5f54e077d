"""What Dagster shows of tenants: one asset, partitioned by night and tenant, which says how each night ended.

Figures only: what a night met and learned is shown by the tenant's own pages (`slumber ui --tenant NAME`), whose
stores lie with the tenant.
"""

import dagster as dg

from orchestration.environment import Deployment
from orchestration.fairness import Slept
from orchestration.instance import QUEUE_TAG, ROUND, TENANT_NIGHT, dagster_home, opened_instance
from orchestration.missed import is_late
from steps.records import Verdict
from steps.tenants import tenants_of
from steps.workspace import compact

ASSET, NIGHT, TENANT = TENANT_NIGHT, "night", "tenant"


def tenant_definitions(found: Deployment, nights: dg.DailyPartitionsDefinition) -> dict[str, list]:
    """Asset, job and schedule of the tenants' nights; nothing where there are no tenants."""
    names = tenants_of(found.workspace)
    if not names:
        return {"assets": [], "jobs": [], "schedules": []}
    schedule = found.settings.schedule
    partitions = dg.MultiPartitionsDefinition({NIGHT: nights, TENANT: dg.StaticPartitionsDefinition(names)})

    @dg.asset(name=ASSET, group_name="tenants", partitions_def=partitions, kinds={"python"})
    def tenant_night(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """How a tenant's night ended. What it met and learned is on the tenant's own pages."""
        from orchestration.tenancy import verdict_of
        from orchestration.tenant_night import sleep

        key = context.partition_key
        assert isinstance(key, dg.MultiPartitionKey)
        night, tenant = (key.keys_by_dimension[name] for name in (NIGHT, TENANT))
        code = sleep(found, tenant, night)
        verdict = verdict_of(found.of_tenant(tenant), night)
        if code:
            raise dg.Failure(f"The night ended with code {code}: see night.log in the tenant's state.")
        return dg.MaterializeResult(metadata=_figures(Slept(tenant, code), verdict))

    @dg.op(name="all_due")
    def all_due(context: dg.OpExecutionContext) -> None:
        from orchestration.tenancy import run_tenants

        run_tenants(found, context.run.tags["slumber/date"], say=context.log.info)

    @dg.job(name=ROUND, tags={QUEUE_TAG: "running"}, executor_def=dg.in_process_executor)
    def tenants() -> None:
        """The nights of all tenants whose turn it is: who has waited longest first (`slumber nights`)."""
        all_due()

    @dg.schedule(name="nightly_tenants", job=tenants, cron_schedule=schedule.cron, execution_timezone=schedule.timezone)
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Runs the nights of tenants when schedule.cron says; stopped until its owner switches it on."""
        night = context.scheduled_execution_time.date().isoformat()
        if schedule.missed == "report" and is_late(context.scheduled_execution_time):
            return dg.SkipReason(f"The round of {night} was missed (schedule.missed: report).")
        return dg.RunRequest(run_key=night, tags={"slumber/date": night})

    return {"assets": [tenant_night], "jobs": [tenants], "schedules": [nightly]}


def tell(found: Deployment, slept: Slept, night: str, verdict: Verdict | None) -> None:
    """Show at the asset how a night ended that was run from outside Dagster."""
    partition = dg.MultiPartitionKey({NIGHT: night, TENANT: slept.tenant})
    kind = dg.AssetObservation if slept.code else dg.AssetMaterialization
    event = kind(ASSET, partition=partition, metadata=_figures(slept, verdict))
    with opened_instance(found.workspace, capture_output=False) as instance:
        instance.report_runless_asset_event(event)


def forget_pages(found: Deployment, tenant: str) -> None:
    """Take what Dagster shows of a tenant out of its stores, to the last byte."""
    import sqlite3

    home = dagster_home(found.workspace)
    for database in sorted(home.rglob("*.db")):
        with sqlite3.connect(database, timeout=30) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "event_logs" in tables:
                mark = f"%{tenant}%"
                wanted = "SELECT id FROM event_logs WHERE asset_key = ? AND partition LIKE ?"
                gone = [row for (row,) in connection.execute(wanted, (f'["{ASSET}"]', mark)) if row]
                gone = [row for row in gone if _is_of(connection, row, tenant)]
                if "asset_event_tags" in tables:
                    connection.executemany("DELETE FROM asset_event_tags WHERE event_id = ?", [(row,) for row in gone])
                connection.executemany("DELETE FROM event_logs WHERE id = ?", [(row,) for row in gone])
        connection.close()
        compact(database)


def _is_of(connection, row: int, tenant: str) -> bool:
    (partition,) = connection.execute("SELECT partition FROM event_logs WHERE id = ?", (row,)).fetchone()
    return tenant in str(partition).split("|")


def _figures(slept: Slept, verdict: Verdict | None) -> dict[str, str | float]:
    return {
        "verdict": verdict.verdict if verdict else "none",
        "code": slept.code if slept.code is not None else -1,
        "seconds": round(slept.seconds, 1),
        "waited_seconds": round(slept.waited, 1),
    }
