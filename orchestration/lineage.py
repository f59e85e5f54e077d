"""Who served before a night, as the registry knows it, and what must be right before a night begins."""

from dataclasses import dataclass

from steps.checkpoint import AdapterCheckpoint
from steps.night import Night
from steps.progress import say
from steps.promote.returning import apply_decisions
from steps.registry import Registry
from steps.registry.lineage import compared_champion, opened_registry, shared_champion, training_start
from steps.registry.withdrawal import held_nights
from steps.settings import Settings
from steps.workspace import Workspace

FIRST = "0001-01-01"
"""Before any night: what a deep sleep begins with has learned none."""


@dataclass(frozen=True)
class RegistryLineage:
    """The lineage that the registry of a night's deployment holds.

    ``shared``: settings and workspace of everybody, whose champion serves a tenant without one of his own.
    """

    shared: tuple[Settings, Workspace] | None = None

    def start(self, night: Night) -> AdapterCheckpoint | None:
        date = FIRST if night.deep else night.forgetting.first if night.forgetting else night.date
        own = training_start(settings=night.settings, workspace=night.workspace, night=date)
        return own or self._everybodys(night)

    def champion(self, night: Night) -> AdapterCheckpoint | None:
        own = compared_champion(settings=night.settings, workspace=night.workspace, night=night.date)
        return own or self._everybodys(night)

    def held(self, night: Night) -> tuple[str, ...]:
        return held_nights(Registry(night.settings, night.workspace))

    def _everybodys(self, night: Night) -> AdapterCheckpoint | None:
        if self.shared is None:
            return None
        settings, workspace = self.shared
        return shared_champion(settings, workspace, tenant=night.workspace, night=night.date)


def begin(night: Night) -> None:
    """Check the base, once for each, and do what people decided since the last night.

    Raises:
        SlumberError: the base or the registry cannot be used: told now, not after training.
    """
    from steps.doctor import ensure_checked

    ensure_checked(night.settings)
    opened_registry(night.settings, night.workspace)
    for sentence in apply_decisions(settings=night.settings, workspace=night.workspace):
        say(sentence)
