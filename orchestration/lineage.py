"""Who served before a night, as the registry knows it, and what must be right before a night begins."""

from dataclasses import dataclass

from steps.checkpoint import AdapterCheckpoint
from steps.night import Night
from steps.progress import say
from steps.promote.returning import apply_decisions
from steps.registry import Registry
from steps.registry.lineage import compared_champion, opened_registry, training_start
from steps.registry.withdrawal import held_nights


@dataclass(frozen=True)
class RegistryLineage:
    """The lineage that the registry of a night's deployment holds."""

    def start(self, night: Night) -> AdapterCheckpoint | None:
        date = night.forgetting.first if night.forgetting else night.date
        return training_start(settings=night.settings, workspace=night.workspace, night=date)

    def champion(self, night: Night) -> AdapterCheckpoint | None:
        return compared_champion(settings=night.settings, workspace=night.workspace, night=night.date)

    def held(self, night: Night) -> tuple[str, ...]:
        return held_nights(Registry(night.settings, night.workspace))


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
