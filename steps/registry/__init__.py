"""The model registry, kept by MLflow: a version per examined candidate, and aliases that say which one serves.

Aliases: ``base`` (night 0, the base without update), ``champion`` (serves), ``previous`` (rollback goes back to it),
``candidate`` (registered last).
"""

from steps.registry.audit import Entry
from steps.registry.checks import check_examined_against
from steps.registry.connection import RegistryUnreachable
from steps.registry.gateway import Registry
from steps.registry.version import NIGHT_ZERO, WAITING, Override, Version, verdict_digest, way_back
from steps.stores import tracking_uri

__all__ = [
    "NIGHT_ZERO",
    "WAITING",
    "Entry",
    "Override",
    "Registry",
    "RegistryUnreachable",
    "Version",
    "check_examined_against",
    "tracking_uri",
    "verdict_digest",
    "way_back",
]
