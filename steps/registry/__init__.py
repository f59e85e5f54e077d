"""The model registry, kept by MLflow: a version per examined candidate, and aliases that say which one serves.

Aliases: ``anchor`` (night 0, the base without update), ``champion`` (serves), ``previous`` (rollback goes back to it),
``candidate`` (registered last).
"""

from steps.registry.connection import RegistryUnreachable, tracking_uri
from steps.registry.registry import Registry
from steps.registry.version import NIGHT_ZERO, Version, verdict_digest

__all__ = ["NIGHT_ZERO", "Registry", "RegistryUnreachable", "Version", "tracking_uri", "verdict_digest"]
