"""What is exported: a version's adapter, checked, and the base that it stands on."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.records import content_id
from steps.registry import Registry, Version, reading
from steps.settings import Settings

_ROOM = 50_000_000  # beside the weights


@dataclass(frozen=True)
class Source:
    """``adapter``: its folder; None of night 0. ``name``: one that no other version bears."""

    settings: Settings
    version: Version
    adapter: Path | None
    base: Path
    name: str

    @cached_property
    def config(self) -> dict[str, Any]:
        """What PEFT wrote about the adapter.

        Raises:
            SlumberError: night 0 has none.
        """
        from steps.checkpoint import adapter_config

        if self.adapter is None:
            raise SlumberError(
                f"Version {self.version.version} is the base itself and has no adapter: serve {self.base} as it is."
            )
        return adapter_config(self.adapter)

    def needed_bytes(self, *, merged: bool) -> int:
        """Bytes that are written at most."""
        weights = sum(path.stat().st_size for path in self.base.glob("*.safetensors")) if merged else 0
        own = sum(path.stat().st_size for path in self.adapter.iterdir()) if self.adapter else 0
        return weights + own + _ROOM


def source_of(registry: Registry, version: Version, settings: Settings, folder: Path) -> Source:
    """Bring the adapter of ``version`` to ``folder``.

    Raises:
        SlumberError: it is missing, deleted or not what was registered, or the base is another one than it stands on.
    """
    from steps.model.loading import base_folder
    from steps.registry.lineage import base_identity

    adapter = reading.adapter_of(registry, version, folder)
    base = base_folder(settings.model)
    zero = reading.night_zero(reading.history(registry))
    if zero is None or zero.tags.get("base") != content_id(base_identity(settings.model)):
        raise SlumberError(
            f"model.base ({base}) is not the model that this deployment was started with: set it back, then export."
        )
    return Source(settings, version, adapter, base, f"{registry.name}-v{version.version}")
