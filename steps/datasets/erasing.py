"""Erase stored versions of datasets: DVC keeps every version of a file in its cache and in the remote."""

from collections.abc import Collection
from pathlib import Path

from steps.datasets.repository import opened
from steps.datasets.sidecars import current_hashes
from steps.datasets.versions import changed_nights, version_night
from steps.errors import SlumberError
from steps.settings import Settings
from steps.workspace import Workspace


def erase_versions(*, settings: Settings, workspace: Workspace, ids: Collection[str]) -> int:
    """Version the nights whose files changed, and delete every other stored version that holds a record of ``ids``.

    What is searched is the cache, through which each version came; the copies in the remote go with it. Returns how
    many versions were deleted.

    Raises:
        SlumberError: DVC or the remote is out of reach, or the remote does not delete.
    """
    for night in changed_nights(workspace):
        version_night(settings=settings, workspace=workspace, night=night)
    nights = {path.name[:10] for path in workspace.data.glob("*/????-??-??.jsonl.dvc")}
    current = {md5 for night in nights for md5 in current_hashes(workspace, night).values()}
    if not nights:
        return 0
    with opened(workspace, settings=settings, doing="Erasing old versions of the datasets") as repo:
        cache, remote = repo.cache.local, repo.cloud.get_remote_odb(None, "push")
        old = [oid for oid in cache.all() if oid not in current and _holds(Path(cache.oid_to_path(oid)), ids)]
        for oid in old:
            if remote.exists(oid):
                remote.delete(oid)
                if remote.exists(oid):
                    raise SlumberError(f"The remote did not delete {oid}: delete it there, then try again.")
            cache.delete(oid)  # last: a killed erasing finds it here again
    return len(old)


def _holds(path: Path, ids: Collection[str]) -> bool:
    text = path.read_bytes()
    return any(number.encode() in text for number in ids)
