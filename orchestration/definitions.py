"""Everything that Dagster loads: ``dagster dev -m orchestration.definitions``, or `slumber ui`."""

from datetime import date, timedelta

import dagster as dg

from orchestration.assets import build_assets
from orchestration.environment import Deployment, prepare_libraries
from orchestration.jobs import deep, forget, sleep
from orchestration.resources import tonight_resource
from orchestration.schedules import nightly, weekly
from orchestration.sensors import missed_nights, morning_watch, night_failed, night_refused
from orchestration.tenant_pages import tenant_definitions

FIRST_NIGHT = "2026-01-01"


def build(deployment: Deployment, *, nights: tuple[str, ...] = ()) -> dg.Definitions:
    """Return the definitions of one deployment; ``nights`` are partitions that must exist besides those it has had."""
    prepare_libraries(deployment.settings)
    partitions = night_partitions(deployment, nights)
    of_tenants = tenant_definitions(deployment, partitions)
    return dg.Definitions(
        assets=[
            *(
                asset.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=partitions))
                for asset in build_assets()
            ),
            *of_tenants["assets"],
        ],
        jobs=[sleep, deep, forget, *of_tenants["jobs"]],
        schedules=[nightly(deployment), weekly(deployment), *of_tenants["schedules"]],
        sensors=[
            sensor(deployment.settings, deployment.workspace)
            for sensor in (night_failed, night_refused, missed_nights, morning_watch)
        ],
        resources={"tonight": tonight_resource(deployment)},
        executor=dg.in_process_executor,
    )


def night_partitions(deployment: Deployment, nights: tuple[str, ...] = ()) -> dg.DailyPartitionsDefinition:
    """One partition a night, up to today and including it, widened to nights that were run for other dates."""
    known = [*nights, *deployment.workspace.nights("ledger")]
    today = deployment.settings.schedule.today()
    last = max([today, *(date.fromisoformat(night) for night in known)])
    return dg.DailyPartitionsDefinition(
        start_date=min([FIRST_NIGHT, *known]),
        timezone=deployment.settings.schedule.timezone,
        # 1: a night starts on its own date, not after it. The rest reaches nights in the future.
        end_offset=1 + max((last - today) // timedelta(days=1), 0),
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build(Deployment.from_environment())
