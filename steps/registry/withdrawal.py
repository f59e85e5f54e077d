"""The morning watch takes a champion back: the version before it serves, and the lessons of its night are held.

What was withdrawn comes back by a person's word only (`slumber rollback N`), which frees its lessons as well; or they
are freed alone (``release``), and learned with the next night. The audit trail says first what is to be done, so that a
change that was cut off is finished by whoever looks next.
"""

from collections.abc import Sequence

from steps.errors import SlumberError
from steps.manifest import read_manifest
from steps.registry import marking, promotion, reading
from steps.registry.audit import last_change
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.registry_lock import registry_lock
from steps.registry.version import Version

ACTION, RELEASE = "withdraw", "release"
AUTHOR = "morning watch"


def withdraw(registry: Registry, version: Version, target: Version, *, reason: str) -> None:
    """Let ``target`` serve in the place of ``version``, if that serves still, and hold the lessons of its night.

    Raises:
        SlumberError: ``target`` may not serve, or another version serves by now; nothing was changed.
    """
    promotion.rollback(registry, target.version, serving=version.version, action=ACTION, author=AUTHOR, reason=reason)
    finish(registry)


def finish(registry: Registry) -> str | None:
    """Finish a withdrawal of which the audit trail tells, and which was cut off; say what was done, None if nothing.

    A change that came after it is left as it is.
    """
    if _unfinished(registry) is None:
        return None
    with registry_lock(registry), translate_errors(registry.uri):
        found = _unfinished(registry)
        if found is None:
            return None
        version, target, reason = found
        if registry.aliases().get("champion") == version.version:
            registry.set_alias("champion", target.version)
        registry.untag(target, "rolled_back_at")
        registry.set_alias("previous", version.version)
        now = marking.seconds()
        registry.tag(version, rolled_back_at=now, held_nights=" ".join(_learned(registry, version)))
        registry.tag(version, withdrawn_reason=reason, withdrawn_at=now)
    says = f"The morning watch withdrew version {version.version} (night {version.night}): {reason}."
    marking.note(registry, version, f"**Withdrawn:** {reason}. Version {target.version} serves; its lessons are held.")
    return f"{says} Version {target.version} serves."


def held_nights(registry: Registry) -> tuple[str, ...]:
    """Nights whose lessons are held for review: no night learns them until a person frees them."""
    return tuple(sorted({night for version in held(registry) for night in version.held_nights}))


def held(registry: Registry) -> list[Version]:
    """Versions that were withdrawn and whose lessons are held, newest first."""
    return [version for version in reading.history(registry) if version.held_nights]


def release(registry: Registry, number: str, *, by: str) -> Version:
    """Free the lessons of a withdrawn version: the next night learns them again, beside its own.

    Raises:
        SlumberError: nothing of it is held.
    """
    version = reading.version(registry, number)
    if not version.held_nights:
        raise SlumberError(f"No lessons of version {number} are held: `slumber watch` shows whose are.")
    with registry_lock(registry), translate_errors(registry.uri):
        registry.enter(RELEASE, version.version, author=by)
        registry.untag(version, "held_nights")
    return version


def _unfinished(registry: Registry) -> tuple[Version, Version, str] | None:
    """Version, what serves in its place, and why, of a withdrawal that is the last change and is not marked yet."""
    last = last_change(reading.trail(registry))
    if last is None or last.action != ACTION or last.after is None:
        return None
    version = reading.version(registry, last.version)
    if version.withdrawn_at:
        return None
    return version, reading.version(registry, last.after), last.reason


def _learned(registry: Registry, version: Version) -> Sequence[str]:
    """The nights that were learned with this version: its own, and those before it that had not been promoted.

    A deep sleep learns nothing that did not serve before it.
    """
    if version.deep:
        return []
    trained = read_manifest(registry.workspace, night=version.night, step="consolidate")
    cohorts = trained.figures.get("cohorts", []) if trained else []
    return sorted({version.night, *cohorts})
