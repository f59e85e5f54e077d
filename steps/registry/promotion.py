"""Who serves: move the aliases, one process at a time, and enter every change into the audit trail.

An entry is written before its change: a killed process may leave an entry without a change, never the other way round.
"""

from steps.errors import SlumberError
from steps.registry import reading
from steps.registry.audit import last_change
from steps.registry.checks import check_examined_against, check_may_return, check_may_serve
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.marking import seconds
from steps.registry.registry_lock import registry_lock
from steps.registry.signing import judged_here, not_judged_here, override_signature
from steps.registry.version import Override, Version

_MARKS = ("rolled_back_at", "withdrawn_at", "withdrawn_reason", "held_nights")  # of what serves no more


def promote(
    registry: Registry,
    version: Version,
    *,
    verdict_digest: str,
    override: Override | None = None,
    author: str | None = None,
) -> Version:
    """Let ``version`` serve: `previous` becomes the old champion, `champion` this version.

    Does nothing if it serves already, but for noting a new ``override``, which lets a refused version serve.

    Raises:
        SlumberError: its recorded verdict is not PROMOTE (with an override: no refusal) or has another digest, it
            was champion before or examined against another champion, or another promotion came in between.
    """
    with registry_lock(registry), translate_errors(registry.uri):
        now, champion = reading.version(registry, version.version), reading.champion(registry)
        allowed = ("PROMOTE", "REJECT", "INCONCLUSIVE") if override else ("PROMOTE",)
        if now.verdict not in allowed or now.tags.get("verdict_digest") != verdict_digest:
            raise SlumberError(
                f"Version {now.version} is recorded as {now.verdict or 'nothing'}, or for another verdict."
            )
        check_may_serve(now)
        if not override and not judged_here(registry, now):
            raise SlumberError(not_judged_here(registry, now))
        serving, replaced = reading.told(registry)  # whatever alias was moved by hand
        known = serving == now.version
        before = replaced if known else serving
        serves = known and champion is not None and champion.version == now.version
        if not known and not override and ("promoted_at" in now.tags or reading.served(registry, now)):
            raise SlumberError(f"Version {now.version} was champion before: only `slumber rollback` brings it back.")
        check_examined_against(serving, now)
        if override:
            what = {
                "override_by": override.by,
                "override_reason": override.reason,
                "override_until": override.until.isoformat(timespec="seconds"),
            }
            registry.enter("override", now.version, before, now.version, author=override.by, reason=override.reason)
            # The end last: without it nothing is signed, and nothing serves.
            registry.tag(now, override_signature=override_signature(registry, {**now.tags, **what}), **what)
        elif not known:
            registry.enter("promote", now.version, before, now.version, author=author)
        if not serves:
            if before:
                registry.set_alias("previous", before)
            registry.set_alias("champion", now.version)
        with translate_errors(registry.uri, outcome=f"version {now.version} serves now, but is not marked as promoted"):
            aliases = registry.aliases()
            if aliases.get("champion") != now.version:
                other = aliases.get("champion")
                raise SlumberError(f"Another promotion came in between: version {other} serves now.")
            if not serves or "promoted_at" not in now.tags:
                registry.tag(now, previous_champion=(aliases.get("previous") if serves else before) or "")
                registry.tag(now, promoted_at=seconds())
            _serves_again(registry, now)
            return reading.version(registry, now.version)


def unfinished(registry: Registry) -> Version | None:
    """Return the version of a promotion of which the audit trail tells last, and which was cut off; else None.

    Not so where the alias names a third version, which was moved there by hand.
    """
    last = last_change(reading.trail(registry))
    if last is None or last.action != "promote" or last.after is None:
        return None
    version = reading.version(registry, last.after)
    cut_off = "promoted_at" not in version.tags and registry.aliases().get("champion") in (last.before, last.after)
    return version if cut_off else None


def rollback(
    registry: Registry,
    number: str | None = None,
    *,
    serving: str | None = None,
    action: str = "rollback",
    author: str | None = None,
    reason: str = "",
) -> tuple[Version, Version]:
    """Let `previous` serve again, or version ``number``; return the version that served and the one that does now.

    Args:
        serving: only if this version serves, so that nothing happens to one that somebody let serve meanwhile.
        action, author, reason: what the audit trail says.

    Raises:
        SlumberError: there is nothing to go back to, or that version may not serve (again).
    """
    with registry_lock(registry), translate_errors(registry.uri):
        aliases = registry.aliases()
        number = number or aliases.get("previous")
        if number is None:
            raise SlumberError(f"The registry {registry.name!r} has no previous champion to roll back to.")
        target, champion = reading.version(registry, number), aliases.get("champion")
        if serving is not None and champion != serving:
            raise SlumberError(f"Version {champion} serves now, not {serving}: nothing was changed.")
        told, replaced = reading.told(registry)
        if target.version == champion == told:
            if replaced and aliases.get("previous") == champion:  # it was cut off behind its first alias
                return _gone_back(registry, reading.version(registry, replaced), target)
            raise SlumberError(f"Version {number} serves already: nothing was changed.")
        check_may_return(registry, target)
        old = reading.version(registry, champion) if champion else target
        registry.enter(action, old.version, champion, target.version, author=author, reason=reason)
        if target.version == champion:  # moved by hand, and kept so
            return old, target
        registry.set_alias("champion", target.version)
        return _gone_back(registry, old if champion else None, target)


def _gone_back(registry: Registry, old: Version | None, target: Version) -> tuple[Version, Version]:
    """Mark what served and what serves after a rollback; return both."""
    with translate_errors(registry.uri, outcome=f"version {target.version} serves now, but `previous` was not moved"):
        _serves_again(registry, target)
        if old:
            registry.tag(old, rolled_back_at=seconds())
            registry.set_alias("previous", old.version)
        serving = reading.version(registry, target.version)
        return (reading.version(registry, old.version) if old else serving), serving


def _serves_again(registry: Registry, version: Version) -> None:
    for mark in _MARKS:
        registry.untag(version, mark)
