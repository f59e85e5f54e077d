"""The one resource of a night: what it works on, under the lock that keeps a second night out."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from orchestration.environment import Deployment
from orchestration.instance import close_dead_runs
from orchestration.tracing import traced_night
from steps.errors import SlumberError, full_disk_told
from steps.forget.elsewhere import refuse_what_is_to_be_forgotten
from steps.night import Night
from steps.preflight import check_settings
from steps.workspace import DEEP, check_night


def tonight_resource(deployment: Deployment) -> dg.ResourceDefinition:
    """Return the resource ``tonight``. The in-process executor makes it once a run, so the lock lasts for the night."""

    @dg.resource(description="Settings, workspace and inbox of the night, under the workspace's lock.")
    def tonight(context: dg.InitResourceContext) -> Iterator[Night]:
        run, instance = context.run, context.instance
        night = run.tags.get("dagster/partition") if run else None
        if run is None or instance is None or night is None:
            raise SlumberError("A run needs one night: choose one partition, not a range or none.")
        workspace = deployment.workspace
        inbox = None if run.job_name in ("forget", DEEP) else deployment.inbox
        with contextlib.ExitStack() as held:
            with full_disk_told():
                check_settings(deployment.settings, workspace=workspace, inbox=inbox)
                what = f"{check_night(night)}, deep sleep" if run.job_name == DEEP else check_night(night)
                still_ours = held.enter_context(deployment.lock(what))
                if run.job_name != "forget":
                    refuse_what_is_to_be_forgotten(deployment.settings, workspace)
                close_dead_runs(instance, but=run.run_id)
            tonight = replace(deployment.night(night, run_id=run.run_id), still_ours=still_ours)
            tonight = replace(tonight, workspace=workspace.of(DEEP)) if run.job_name == DEEP else tonight
            held.enter_context(traced_night(tonight))
            yield tonight

    return tonight
