"""Read the registered model: its versions, who serves, and the files of a version."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from steps.errors import SlumberError
from steps.records import Verdict
from steps.registry.audit import Entry, last_change
from steps.registry.connection import RegistryUnreachable, translate_errors
from steps.registry.gateway import Registry
from steps.registry.stored import StoredModel, stored_model
from steps.registry.version import Version, serving, verdict_digest
from steps.workspace import VERDICT, file_sha256

COPYING = ".adapter-"  # folders into which an adapter is being brought


def champion(registry: Registry) -> Version | None:
    """Return the version that serves; None only while the registry is empty.

    Raises:
        SlumberError: there are versions, but no champion among them.
    """
    versions = history(registry)
    champion = serving(versions)
    if versions and champion is None:
        raise SlumberError(
            f"The registry {registry.name!r} has {len(versions)} versions and no champion: name one with "
            "`slumber rollback N`."
        )
    return champion


def history(registry: Registry) -> list[Version]:
    """Return all versions with their aliases, newest first."""
    model = whole(registry)
    return model.versions if model else []


def version(registry: Registry, number: str) -> Version:
    """Return one version as it is now.

    Raises:
        SlumberError: there is no such version.
    """
    found = next((version for version in history(registry) if version.version == str(number)), None)
    if found is None:
        raise SlumberError(f"The registry {registry.name!r} has no version {number}: see `slumber history`.")
    return found


def trail(registry: Registry) -> list[Entry]:
    """Return the audit trail, oldest first."""
    model = whole(registry)
    return model.trail if model else []


def told_champion(registry: Registry) -> str | None:
    """Return the version that serves as the audit trail has it; None while there is none."""
    return told(registry)[0]


def told(registry: Registry) -> tuple[str | None, str | None]:
    """Return the versions that serve and that served before, as the audit trail has it."""
    model = whole(registry)
    return told_by(model) if model else (None, None)


def told_by(model: StoredModel) -> tuple[str | None, str | None]:
    """The same, of what was read before."""
    last = last_change(model.trail)
    zero = night_zero(model.versions)
    return (last.after, last.before) if last else (zero.version if zero else None, None)


def whole(registry: Registry) -> StoredModel | None:
    """Return versions and audit trail, read in one go; None if there is no registered model yet."""
    with translate_errors(registry.uri):
        return stored_model(registry)


def night_zero(versions: Iterable[Version]) -> Version | None:
    """Return the base without update: the oldest version, if it is that. Another that calls itself so is not."""
    oldest = min(versions, key=lambda version: int(version.version), default=None)
    return oldest if oldest is not None and oldest.is_night_zero and oldest.adapter_sha256 is None else None


def served(registry: Registry, version: Version) -> bool:
    """Whether ``version`` was champion, as the audit trail has it."""
    return any(entry.after == version.version for entry in trail(registry))


def registry_time(registry: Registry) -> datetime:
    """Now, but never before the last change: what has ended does not begin again because a clock was set back."""
    times = [datetime.now(UTC)]
    for entry in trail(registry):
        with contextlib.suppress(ValueError):  # edited by hand
            times.append(datetime.fromisoformat(entry.time))
    return max(times)


def waiting(registry: Registry) -> list[Version]:
    """Return the versions that wait, newest first, and may serve still: examined against today's champion."""
    versions = history(registry)
    champion = serving(versions)
    return [v for v in versions if v.waits and champion and v.tags.get("champion_before") == champion.version]


def adapter_of(registry: Registry, version: Version, destination: Path) -> Path | None:
    """Bring the adapter of ``version`` to the folder ``destination`` and return it; None for night zero.

    Raises:
        SlumberError: the adapter is missing, was deleted, or is not the one that was registered.
    """
    if version.is_night_zero:
        return None
    if version.adapter_deleted_at:
        raise SlumberError(deleted(version))
    expected = version.adapter_sha256
    if expected and destination.is_dir() and file_sha256(destination) == expected:
        return destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=COPYING) as temporary:
        got = _download(registry, version, "adapter", temporary)
        if not expected or got is None or not got.is_dir() or file_sha256(got) != expected:
            raise SlumberError(
                f"The adapter of version {version.version} is not the one that was examined and registered: it was "
                "tampered with or damaged; roll back to another version or run its night again."
            )
        shutil.rmtree(destination, ignore_errors=True)
        os.replace(got, destination)
    return destination


def intact(registry: Registry, version: Version) -> bool:
    """Whether the registry still holds the adapter that was registered."""
    with tempfile.TemporaryDirectory() as temporary:
        try:
            return adapter_of(registry, version, Path(temporary) / "adapter") is not None
        except RegistryUnreachable:
            raise
        except SlumberError:
            return False


def recorded_verdict(registry: Registry, version: Version) -> Verdict:
    """Return the verdict that was registered with ``version``.

    Raises:
        SlumberError: it is missing, damaged, or is not the one that the version's tags name.
    """
    with tempfile.TemporaryDirectory() as temporary:
        try:
            path = _download(registry, version, VERDICT, temporary)
            verdict = Verdict.from_json(path.read_text(encoding="utf-8")) if path else None
        except ValueError:
            verdict = None
    if verdict is None or verdict_digest(verdict) != version.tags.get("verdict_digest"):
        raise SlumberError(f"The verdict recorded with version {version.version} is missing or was changed.")
    return verdict


def _download(registry: Registry, version: Version, name: str, folder: str) -> Path | None:
    """Bring one artifact of the version's run to ``folder``; None if the run has no such artifact."""
    with translate_errors(registry.uri):
        # Asked first: MLflow's error for a missing artifact looks like that for a missing server.
        if not any(item.path == name for item in registry.client.list_artifacts(version.run_id)):
            return None
        return Path(registry.client.download_artifacts(version.run_id, name, folder))


def deleted(version: Version) -> str:
    """Say that the adapter of ``version`` is no more."""
    why = "to forget on request" if version.must_forget else "registry.keep_versions"
    return (
        f"The adapter of version {version.version} was deleted on {version.adapter_deleted_at[:10]} "
        f"({why}): choose another version, or run its night again."
    )
