"""Which adapters may go: old ones that neither serve, nor wait, nor could be needed to go back."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from steps.errors import SlumberError
from steps.registry import reading
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.marking import seconds
from steps.registry.registry_lock import registry_lock
from steps.registry.version import Version, way_back

PROTECTED = {"champion", "previous", "base", "anchor", "candidate"}


def prune(registry: Registry, *, keep: int) -> list[str]:
    """Delete the adapters that nothing could need, see ``expendable``; return their versions."""
    if keep == 0:
        return []
    with registry_lock(registry), translate_errors(registry.uri, outcome="old adapters were not deleted"):
        gone = expendable(reading.history(registry), keep=keep, now=datetime.now(UTC))
        for version in gone:
            registry.enter("delete", version.version, reason=f"registry.keep_versions: {keep}")
            delete_adapter(registry.client, version, uri=registry.uri)
            registry.tag(version, adapter_deleted_at=seconds())
    return [version.version for version in gone]


def expendable(versions: list[Version], *, keep: int, now: datetime) -> list[Version]:
    """Return the versions whose adapters may be deleted, oldest first; none if ``keep`` is 0.

    Kept are: what an alias names, the last ``keep`` former champions, what may serve by override, the champion to which
    an override's end leads back, and candidates that wait for approval and were examined against one of these.
    """
    if keep == 0:
        return []
    kept = {v.version for v in versions if PROTECTED & set(v.aliases) or v.override_holds(now)}
    former = sorted(
        (v for v in versions if "promoted_at" in v.tags and "champion" not in v.aliases),
        key=lambda v: (v.tags["promoted_at"], int(v.version)),
    )
    kept |= {version.version for version in former[-keep:]}
    kept |= {v.version for c in versions if "champion" in c.aliases for v in way_back(c, versions)}
    kept |= {v.version for v in versions if v.waits and v.tags.get("champion_before") in kept}
    gone = [v for v in versions if v.version not in kept and v.adapter_sha256 and not v.adapter_deleted_at]
    return sorted(gone, key=lambda version: int(version.version))


def delete_adapter(client: Any, version: Version, *, uri: str) -> None:
    """Delete the adapter's files of ``version``; its other artifacts stay.

    Raises:
        SlumberError: the store of artifacts does not delete.
    """
    _delete(client, version, ["adapter"], uri=uri)


def delete_artifacts(client: Any, version: Version, *, uri: str, but: Collection[str]) -> None:
    """Delete all artifacts of the run of ``version`` ``but`` those.

    Raises:
        SlumberError: the store of artifacts does not delete.
    """
    _delete(client, version, [i.path for i in client.list_artifacts(version.run_id) if i.path not in but], uri=uri)


def _delete(client: Any, version: Version, paths: list[str], *, uri: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    place = get_artifact_repository(client.get_run(version.run_id).info.artifact_uri, tracking_uri=uri)
    for path in paths:
        place.delete_artifacts(path)
    # Some stores inherit a delete_artifacts that does nothing.
    left = {item.path for item in client.list_artifacts(version.run_id)} & set(paths)
    if left:
        raise SlumberError(f"The artifact store did not delete {', '.join(sorted(left))} of version {version.version}.")
