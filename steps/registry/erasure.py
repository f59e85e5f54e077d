"""Versions that learned what was to be forgotten: they may not serve again, and all that they hold is deleted.

Only the one that serves is left until another takes its place: a request to forget must not stop the service.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

from steps.checkpoint import CONFIG
from steps.errors import SlumberError
from steps.registry import reading, retention
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.marking import seconds
from steps.registry.reading import COPYING
from steps.registry.registry_lock import registry_lock
from steps.registry.review import delete_review
from steps.registry.version import Version
from steps.workspace import VERDICT, compact, file_sha256

_KEPT = (VERDICT,)  # figures and reasons, no words of the material
_SQLITE = "sqlite:///"
_NOTE = "**It had learned what was forgotten on request.** Adapter, examination and report are deleted."


def learned_since(registry: Registry, night: str) -> list[Version]:
    """Return the versions that may have learned what ``night`` met, or were examined on it."""
    versions = reading.history(registry)
    return [v for v in versions if not v.is_night_zero and v.night >= night and not v.must_forget]


def must_forget(registry: Registry, request: str, *, versions: Collection[str]) -> None:
    """Mark ``versions`` as ones that must go; done twice, it is done.

    The audit trail names the ``request`` by its number, and nothing of what it is about.
    """
    with translate_errors(registry.uri):
        if not any(e.action == "forget" and e.reason == f"request {request}" for e in reading.trail(registry)):
            registry.enter("forget", "-", reason=f"request {request}")
        for version in reading.history(registry):
            if version.version in versions:
                registry.tag(version, must_forget=request)


def erase(registry: Registry) -> list[str]:
    """Delete what the versions hold that must go, but for the champion; return their numbers.

    `previous` moves to the last champion that need not go: a rollback must find an adapter.

    Raises:
        SlumberError: the store of artifacts does not delete, or another program holds the database.
    """
    if not any(version.must_forget for version in reading.history(registry)):
        return []
    with registry_lock(registry), translate_errors(registry.uri, outcome="not all that was to be forgotten is deleted"):
        versions = reading.history(registry)
        _move_previous(registry, versions)
        gone = [v for v in versions if v.must_forget and not v.erased and "champion" not in v.aliases]
        for version in gone:
            registry.enter("erase", version.version, reason=f"request {version.must_forget}")
            retention.delete_artifacts(registry.client, version, uri=registry.uri, but=_KEPT)
            delete_review(registry, version)
            registry.client.update_model_version(registry.name, version.version, _NOTE)
            registry.client.set_tag(version.run_id, "mlflow.note.content", _NOTE)
        if gone and registry.uri.startswith(_SQLITE):
            compact(Path(registry.uri.removeprefix(_SQLITE)))  # the old descriptions; if it fails, all is done again
        for version in gone:
            registry.tag(version, adapter_deleted_at=version.adapter_deleted_at or seconds(), erased_at=seconds())
        _drop_copies(registry, {v.adapter_sha256 for v in versions if v.must_forget and "champion" not in v.aliases})
    return [version.version for version in gone]


def _drop_copies(registry: Registry, digests: Collection[str | None]) -> None:
    """Delete what ``adapter_of`` brought into the workspace of these adapters, and what a killed one left."""
    state = registry.workspace.state
    for folder in [*state.glob("*"), *state.glob("*/*")]:  # a server has them by version, in a folder of its own
        copied = (folder / CONFIG).is_file() and file_sha256(folder) in digests
        if copied or folder.name.startswith(COPYING):
            shutil.rmtree(folder)


def _move_previous(registry: Registry, versions: list[Version]) -> None:
    previous = next((v for v in versions if "previous" in v.aliases), None)
    if previous is None or not previous.must_forget:
        return
    former = [v for v in versions if _may_return(v)]
    last = max(former, key=lambda v: v.tags.get("promoted_at", ""), default=None)
    if last is not None:
        registry.set_alias("previous", last.version)
    elif any("champion" in v.aliases and v.is_night_zero for v in versions):  # nothing lies behind it
        registry.client.delete_registered_model_alias(registry.name, "previous")
    else:
        raise SlumberError("The registry has no night 0 to go back to: nothing was deleted.")


def _may_return(version: Version) -> bool:
    served = version.is_night_zero or ("promoted_at" in version.tags and not version.refused)
    gone = bool(version.must_forget or version.adapter_deleted_at)
    return served and not gone and "champion" not in version.aliases
