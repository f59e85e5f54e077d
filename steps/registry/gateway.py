"""The one gateway to MLflow: where the registered model is, and the few calls that every subject builds on.

What is done with it are plain functions, by subject: ``reading``, ``marking``, ``promotion``, ``erasure``,
``registration``.
"""

from functools import cached_property
from typing import Any

from steps.registry.audit import Entry, append, experiment_of, newest, now, read_trail, this_user
from steps.registry.connection import artifact_location, connect, tracking_uri
from steps.registry.markdown import with_trail
from steps.registry.run import experiment_id
from steps.registry.version import Version
from steps.settings import Settings
from steps.workspace import Workspace


class Registry:
    """The registered model of one deployment. Functions that take it raise RegistryUnreachable if MLflow fails."""

    def __init__(self, settings: Settings, workspace: Workspace):
        self.settings, self.workspace = settings, workspace
        self.name = settings.registry.model_name
        self.uri = tracking_uri(settings, workspace)

    @cached_property
    def client(self) -> Any:
        """MLflow's client; connecting fails within seconds if nothing answers."""
        return connect(self.uri, self.workspace)

    def model(self) -> Any | None:
        """Return MLflow's registered model, None if there is none yet."""
        return next(iter(self.client.search_registered_models(f"name = '{self.name}'")), None)

    def aliases(self) -> dict[str, str]:
        """Return the numbers of the versions by their aliases."""
        model = self.model()
        return {alias: str(number) for alias, number in model.aliases.items()} if model else {}

    def experiment(self, name: str) -> str:
        """Return the id of an experiment of this deployment, made if there is none yet."""
        return experiment_id(self.client, name=name, location=artifact_location(self.uri, self.workspace))

    def set_alias(self, alias: str, number: str) -> None:
        """Let ``alias`` name the version ``number``, and no other."""
        self.client.set_registered_model_alias(self.name, alias, number)

    def tag(self, version: Version, **tags: str) -> None:
        """Set tags of ``version``."""
        for key, value in tags.items():
            self.client.set_model_version_tag(self.name, version.version, key, value)

    def untag(self, version: Version, key: str) -> None:
        """Remove a tag of ``version``, if it has it."""
        if key in version.tags:
            self.client.delete_model_version_tag(self.name, version.version, key)

    def enter(
        self,
        action: str,
        version: str,
        before: str | None = None,
        after: str | None = None,
        *,
        author: str | None = None,
        reason: str = "",
    ) -> None:
        """Append to the audit trail. Without ``author`` it names the account that this process runs under."""
        model, trail = self.model(), self.experiment(experiment_of(self.name))
        assert model is not None  # whoever enters something has made it
        last = read_trail(newest(self.client, trail), {})[-1:]
        entry = Entry(
            time=now(after=last[0].time if last else ""),
            action=action,
            version=version,
            before=before,
            after=after,
            author=author or this_user(),
            reason=reason,
        )
        append(self.client, trail, entry)
        told = read_trail(newest(self.client, trail), {})
        says = with_trail(model.description or "", told, page=f"#/experiments/{trail}/runs")
        self.client.update_registered_model(self.name, says)
