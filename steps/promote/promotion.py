"""What promotion decided, and whether a registered candidate is exactly what its verdict was given on."""

import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from steps.errors import SlumberError
from steps.records import Verdict
from steps.registry import Registry, Version, verdict_digest

BOUND = ("base", "adapter", "data", "parameters", "examination", "code")


class Promotion(BaseModel):
    """The content of ``promotion.json``. ``champion`` and ``previous`` are the versions after the decision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    night: str
    promoted: bool
    message: str
    candidate: str | None = None
    champion: str | None = None
    previous: str | None = None


def candidate_of(registry: Registry, verdict: Verdict) -> Version:
    """Return the version that holds the adapter which the verdict binds, with this verdict or else the newest.

    Raises:
        SlumberError: none does.
    """
    missing = [key for key in BOUND if not verdict.binding.get(key)]
    if missing:
        raise SlumberError(f"The verdict does not say on which {', '.join(missing)} it was given.")
    adapter = verdict.binding["adapter"]
    found = [v for v in registry.history() if v.night == verdict.night and v.adapter_sha256 == adapter]
    if not found:
        raise SlumberError(f"No version of night {verdict.night} with the examined adapter is registered.")
    return next((v for v in found if v.tags.get("verdict_digest") == verdict_digest(verdict)), found[0])


def check_candidate(registry: Registry, version: Version, verdict: Verdict) -> None:
    """Check that ``version`` is recorded as PROMOTE for exactly what the local ``verdict`` binds.

    Raises:
        SlumberError: anything is missing, was changed, or was decided against another champion than today's.
    """
    recorded = registry.recorded_verdict(version)
    if recorded.verdict != "PROMOTE" or version.verdict != "PROMOTE":
        raise SlumberError(f"The verdict recorded with version {version.version} is {recorded.verdict}.")
    if recorded.night != verdict.night or verdict.verdict != "PROMOTE":
        raise SlumberError(f"The verdict at hand is not the PROMOTE recorded with version {version.version}.")
    different = [key for key in BOUND if recorded.binding.get(key) != verdict.binding.get(key)]
    if different or verdict_digest(recorded) != verdict_digest(verdict):
        what = ", ".join(different) or "wording"
        raise SlumberError(f"The verdict at hand and the one recorded with version {version.version} differ in {what}.")
    champion = registry.champion()
    if champion is None or (champion.version not in (version.version, version.tags.get("champion_before"))):
        examined, serving = version.tags.get("champion_before", "unknown"), champion.version if champion else "none"
        raise SlumberError(
            f"Version {version.version} was examined against champion {examined}, but {serving} serves now: "
            "run the night again."
        )
    with tempfile.TemporaryDirectory() as temporary:
        # Compares the folder with the version's tag, which candidate_of compared with the verdict's binding.
        if registry.adapter_of(version, Path(temporary) / "adapter") is None:
            raise SlumberError(f"Version {version.version} has no adapter.")
