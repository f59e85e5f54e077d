"""An adapter that serves, or has served: what training goes on from, and what a candidate is compared with."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG = "adapter_config.json"  # as PEFT calls it
NO_ADAPTER = "none"
"""In digests and bindings: no adapter, and no version but night zero. The base serves."""


@dataclass(frozen=True)
class AdapterCheckpoint:
    """A saved adapter and the nights that it learned from, the last of them its own.

    Of everybody's adapter that a tenant begins with, none of the tenant's nights is a part. ``version``: its number in
    the registry, if it has one.
    """

    adapter: Path
    nights: tuple[str, ...]
    version: str | None = None

    @property
    def says(self) -> str:
        """Whose it is, in words."""
        return f"the champion of night {self.nights[-1]}" if self.nights else "everybody's champion"


def adapter_config(folder: Path) -> dict[str, Any]:
    """What PEFT wrote about a saved adapter; nothing is loaded for it."""
    return json.loads((folder / CONFIG).read_text(encoding="utf-8"))
