"""The one gateway to MLflow: where the registered model is, and the few calls that every subject builds on.

What is done with it are plain functions, by subject: ``reading``, ``marking``, ``promotion``, ``erasure``,
``registration``.
"""

from functools import cached_property
from typing import Any

from steps.deployment_key import key_path, read_key, sealed
from steps.registry.audit import (
    DAMAGED,
    Entry,
    Seal,
    append,
    experiment_of,
    following,
    now,
    read_trail,
    stored,
    this_user,
)
from steps.registry.connection import connect
from steps.registry.markdown import with_trail
from steps.registry.run import experiment_id
from steps.registry.version import Version
from steps.settings import Settings
from steps.stores import artifact_location, tracking_uri
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

    @property
    def seal(self) -> Seal | None:
        """What signs an entry of the audit trail; None where this deployment has no key yet."""
        path = key_path(self.settings, self.workspace)
        if not path.exists():
            return None
        key = read_key(path)
        return lambda what: sealed(key, self.name, what)

    def model(self) -> Any | None:
        """Return MLflow's registered model, None if there is none yet."""
        return next(iter(self.client.search_registered_models(f"name = '{self.name}'")), None)

    def aliases(self) -> dict[str, str]:
        """Return the numbers of the versions by their aliases."""
        model = self.model()
        return {alias: str(number) for alias, number in model.aliases.items()} if model else {}

    def experiment(self, name: str) -> str:
        """Return the id of an experiment of this deployment, made if there is none yet."""
        location = artifact_location(self.uri, self.settings, self.workspace)
        return experiment_id(self.client, name=name, location=location)

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
        so_far = read_trail(stored(self.client, trail), model.tags, self.seal)
        last = next((entry.time for entry in reversed(so_far) if entry.action != DAMAGED), "")
        entry = Entry(
            time=now(after=last),
            action=action,
            version=version,
            before=before,
            after=after,
            author=author or this_user(),
            reason=reason,
            **(following(so_far) if self.seal else {}),
        )
        if self.seal:
            entry = entry.model_copy(update={"signature": self.seal(entry.signed)})
        append(self.client, trail, entry)
        told = read_trail(stored(self.client, trail), model.tags, self.seal)
        says = with_trail(model.description or "", told, page=f"#/experiments/{trail}/runs")
        self.client.update_registered_model(self.name, says)
