"""The one resource of a night: what it works on, under the lock that keeps a second night out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from orchestration.environment import Deployment
from orchestration.instance import close_dead_runs
from steps.errors import SlumberError
from steps.preflight import check_settings
from steps.settings import Settings
from steps.workspace import Workspace, check_night


@dataclass(frozen=True)
class Tonight:
    """What every asset of one run works with."""

    settings: Settings
    workspace: Workspace
    night: str
    inbox: Path
    run_id: str

    @property
    def arguments(self) -> dict:
        """The keyword arguments that every step takes."""
        return {"settings": self.settings, "workspace": self.workspace, "night": self.night}


def tonight_resource(deployment: Deployment) -> dg.ResourceDefinition:
    """Return the resource ``tonight``. The in-process executor makes it once a run, so the lock lasts for the night."""

    @dg.resource(description="Settings, workspace and inbox of the night, under the workspace's lock.")
    def tonight(context: dg.InitResourceContext) -> Iterator[Tonight]:
        night = context.run.tags.get("dagster/partition") if context.run else None
        if night is None:
            raise SlumberError("A run needs one night: choose one partition, not a range or none.")
        workspace = deployment.workspace
        inbox = None if context.run.job_name == "forget" else deployment.inbox
        check_settings(deployment.settings, workspace=workspace, inbox=inbox)
        with workspace.lock(check_night(night)):
            close_dead_runs(context.instance, but=context.run.run_id)
            yield Tonight(deployment.settings, workspace, night, deployment.inbox, context.run.run_id)

    return tonight
