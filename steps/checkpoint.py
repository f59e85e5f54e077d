"""An adapter that serves, or has served: what training goes on from, and what a candidate is compared with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AdapterCheckpoint:
    """A saved adapter and the nights that it learned from, the last of them its own.

    ``version``: its number in the registry, if it has one.
    """

    adapter: Path
    nights: tuple[str, ...]
    version: str | None = None
