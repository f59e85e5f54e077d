"""What promotion decided, and whether a registered candidate is exactly what its verdict was given on."""

import tempfile
from pathlib import Path

from steps.errors import SlumberError
from steps.manifest import Figures
from steps.promote.trial import try_out
from steps.records import Verdict
from steps.registry import Registry, Version, check_examined_against, reading, verdict_digest

BOUND = ("base", "adapter", "data", "parameters", "examination", "code")


class Promotion(Figures):
    """The content of ``promotion.json``. ``champion`` and ``previous`` are the versions after the decision.

    ``waiting``: the candidate passed every check and waits for a person.
    """

    night: str
    promoted: bool
    waiting: bool = False
    message: str
    candidate: str | None = None
    champion: str | None = None
    previous: str | None = None


def stayed(registry: Registry, *, night: str, candidate: Version | None, message: str, waiting: bool) -> Promotion:
    """Return the decision that leaves the champion as it is."""
    aliases = {alias: version.version for version in reading.history(registry) for alias in version.aliases}
    return Promotion(
        night=night,
        promoted=False,
        waiting=waiting,
        message=message,
        candidate=candidate.version if candidate else None,
        champion=aliases.get("champion"),
        previous=aliases.get("previous"),
    )


def serves(version: Version, *, message: str) -> Promotion:
    """Return the decision that lets ``version`` serve, without asking the registry again."""
    return Promotion(
        night=version.night,
        promoted=True,
        message=message,
        candidate=version.version,
        champion=version.version,
        previous=version.tags.get("previous_champion") or None,
    )


def candidate_of(registry: Registry, verdict: Verdict) -> Version:
    """Return the version that holds the adapter which the verdict binds, with this verdict or else the newest.

    Raises:
        SlumberError: none does.
    """
    missing = [key for key in BOUND if not verdict.binding.get(key)]
    if missing:
        raise SlumberError(f"The verdict does not say on which {', '.join(missing)} it was given.")
    adapter = verdict.binding["adapter"]
    found = [v for v in reading.history(registry) if v.night == verdict.night and v.adapter_sha256 == adapter]
    if not found:
        raise SlumberError(f"No version of night {verdict.night} with the examined adapter is registered.")
    return next((v for v in found if v.tags.get("verdict_digest") == verdict_digest(verdict)), found[0])


def check_candidate(
    registry: Registry,
    version: Version,
    verdict: Verdict,
    *,
    allowed: tuple[str, ...] = ("PROMOTE",),
    tried: bool = False,
) -> None:
    """Check that ``version`` is recorded as PROMOTE for exactly what the local ``verdict`` binds.

    Args:
        allowed: the verdicts that may serve; only a person's override names others.
        tried: whether it is loaded and answers, too; a night has just done that.

    Raises:
        SlumberError: anything is missing, was changed, or was decided against another champion than today's.
    """
    recorded = reading.recorded_verdict(registry, version)
    if recorded.verdict not in allowed or version.verdict != recorded.verdict:
        raise SlumberError(f"The verdict recorded with version {version.version} is {recorded.verdict}.")
    if recorded.night != verdict.night or verdict.verdict != recorded.verdict:
        raise SlumberError(
            f"The verdict at hand is not the {recorded.verdict} recorded with version {version.version}."
        )
    different = [key for key in BOUND if recorded.binding.get(key) != verdict.binding.get(key)]
    if different or verdict_digest(recorded) != verdict_digest(verdict):
        what = ", ".join(different) or "wording"
        raise SlumberError(f"The verdict at hand and the one recorded with version {version.version} differ in {what}.")
    check_examined_against(reading.told_champion(registry), version)
    if version.is_night_zero:
        raise SlumberError(f"Version {version.version} has no adapter.")
    check_adapter(registry, version, tried=tried)


def check_adapter(registry: Registry, version: Version, *, tried: bool) -> None:
    """Bring the adapter of ``version`` and compare its digest with the version's tag; ``tried``: let it answer, too.

    Raises:
        SlumberError: it is missing, was changed, or does not answer.
    """
    with tempfile.TemporaryDirectory() as temporary:
        adapter = reading.adapter_of(registry, version, Path(temporary) / "adapter")
        if tried:
            try_out(registry.settings, adapter, name=f"Version {version.version}")
