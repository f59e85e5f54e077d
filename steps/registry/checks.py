"""What has to hold of a version before it serves, or serves again."""

from collections.abc import Mapping

from steps.checkpoint import NO_ADAPTER
from steps.errors import SlumberError
from steps.registry import reading
from steps.registry.gateway import Registry
from steps.registry.overrides import override_holds
from steps.registry.reading import deleted
from steps.registry.signing import judged_here, not_judged_here
from steps.registry.version import Version


def check_bound_champion(champion: Version | None, binding: Mapping[str, str], *, shared: str | None = None) -> None:
    """Check that ``champion``, which serves, is the version and the adapter that a verdict compares with.

    Args:
        shared: digest of everybody's adapter, which serves a tenant without a champion of his own.

    Raises:
        SlumberError: it is not, or the verdict does not say which was.
    """
    if champion is None:
        raise SlumberError("The registry has no night 0 to compare with: register the base model first.")
    version, adapter = binding.get("champion_version"), binding.get("champion")
    if version is None or adapter is None:
        raise SlumberError("The verdict does not say which champion it compares with: run the night again.")
    zero = champion.is_night_zero
    serves = (NO_ADAPTER, shared or NO_ADAPTER) if zero else (champion.version, champion.adapter_sha256)
    # A night that is judged again after its promotion finds its own adapter serving, and compares with what was before.
    own = champion.adapter_sha256 == binding.get("adapter") and champion.tags.get("compared_with") == version
    if serves != (version, adapter) and not own:
        before = "the base" if version == NO_ADAPTER else f"version {version}"
        raise SlumberError(
            f"The candidate was compared with {before}, but version {champion.version} serves now: run the night again."
        )


def check_examined_against(champion: str | None, version: Version) -> None:
    """Check that the version ``champion`` serves still, against which ``version`` was examined, or ``version`` itself.

    Args:
        champion: the number of the version that serves, as the audit trail has it: an alias can be moved by hand.

    Raises:
        SlumberError: another one does.
    """
    examined = version.tags.get("champion_before", "unknown")
    if champion is None or champion not in (version.version, examined):
        raise SlumberError(
            f"Version {version.version} was examined against champion {examined}, but {champion or 'none'} serves now: "
            "run the night again."
        )


def check_may_serve(version: Version) -> None:
    """Check that ``version`` has nothing to forget, and an adapter still.

    Raises:
        SlumberError: it has, or none.
    """
    if version.must_forget:
        raise SlumberError(
            f"Version {version.version} has learned what was to be forgotten on request, so it cannot serve again."
        )
    if version.adapter_deleted_at:
        raise SlumberError(deleted(version))


def check_may_return(registry: Registry, target: Version) -> None:
    """Check that ``target`` served before, and may serve still.

    Raises:
        SlumberError: it may not, or what the registry says of it is not what this deployment signed.
    """
    zero = reading.night_zero(reading.history(registry))
    is_zero = zero is not None and zero.version == target.version
    if not is_zero and not reading.served(registry, target):
        raise SlumberError(
            f"Version {target.version} ({target.verdict}) was never champion, so it cannot be one again."
        )
    check_may_serve(target)
    if target.refused and not override_holds(registry, target):
        raise SlumberError(
            f"The override by which version {target.version} served has ended: "
            f"decide again with `slumber approve {target.version} --override --reason TEXT --by NAME`."
        )
    if not is_zero and not target.refused and not judged_here(registry, target):
        raise SlumberError(not_judged_here(registry, target))
