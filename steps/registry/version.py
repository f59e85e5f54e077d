"""One version of the registered model, as the rest of the program sees it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from steps.manifest import read_manifest
from steps.records import Verdict, content_id
from steps.workspace import DEEP, NIGHTS, Workspace

NIGHT_ZERO = "0"
WAITING, APPROVED = "waiting", "approved"
SLEEP = "sleep"
"""The tag of a version that a deep sleep made; without it, an ordinary night did."""


@dataclass(frozen=True)
class Override:
    """A person's decision that a candidate serves, until a date, although the gate refused it."""

    reason: str
    by: str
    until: datetime


@dataclass(frozen=True)
class Version:
    """A model version. ``adapter_sha256`` is None for night zero only; ``verdict`` is a Verdict's, or BASE for it."""

    version: str
    night: str
    verdict: str
    run_id: str
    adapter_sha256: str | None
    tags: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    description: str = ""
    created_ms: int = 0

    @property
    def deep(self) -> bool:
        """Whether a deep sleep made it."""
        return SLEEP in self.tags

    def made_in(self, workspace: Workspace) -> Workspace:
        """The workspace with the work of what made it: of its night, or of the deep sleep up to that."""
        return workspace.of(DEEP if self.deep else NIGHTS)

    def learned_from(self, workspace: Workspace) -> tuple[str, ...]:
        """The nights that it learned from, by its training; where that is not known here, all up to its own."""
        trained = read_manifest(self.made_in(workspace), night=self.night, step="consolidate")
        named = trained.figures.get("nights") if trained else None
        return tuple(named or [n for n in workspace.nights("dreams") if n <= self.night])

    @property
    def is_night_zero(self) -> bool:
        return self.verdict == "BASE" and self.night == NIGHT_ZERO

    @property
    def waits(self) -> bool:
        """Whether it passed the gate and was left for a person to approve, or is approved and has not served yet."""
        pending = self.tags.get("approval") in (WAITING, APPROVED) and "promoted_at" not in self.tags
        return self.verdict == "PROMOTE" and pending

    @property
    def approved_by(self) -> str:
        """The name that a reviewer left, here or on MLflow's page; empty if nobody did."""
        return self.tags.get("approved_by", "").strip()

    @property
    def refused(self) -> bool:
        """Whether it may serve by a person's override only: the gate refused it, or another deployment judged it."""
        return self.verdict in ("REJECT", "INCONCLUSIVE") or "override_until" in self.tags

    def override_holds(self, now: datetime) -> bool:
        """Whether a person's override lets it serve still. One whose end is missing or cannot be read does not."""
        try:
            return self.refused and datetime.fromisoformat(self.tags["override_until"]) > now
        except (KeyError, ValueError, TypeError):
            return False

    @property
    def must_forget(self) -> str:
        """The request to forget that this version must go for, if any."""
        return self.tags.get("must_forget", "")

    @property
    def withdrawn_at(self) -> str:
        """When the morning watch took it back; empty if it did not, or a person let it serve again since."""
        return self.tags.get("withdrawn_at", "")

    @property
    def held_nights(self) -> list[str]:
        """Nights whose lessons are held for review since it was withdrawn."""
        return self.tags.get("held_nights", "").split()

    @property
    def erased(self) -> bool:
        return "erased_at" in self.tags

    @property
    def adapter_deleted_at(self) -> str:
        return self.tags.get("adapter_deleted_at", "")


def read_version(
    *,
    number: str,
    tags: dict[str, str],
    run_id: str | None,
    description: str | None,
    created_ms: int | None,
    aliases: dict[str, str],
) -> Version:
    """Read what MLflow stores of a version; ``aliases`` are the registered model's."""
    return Version(
        version=number,
        night=tags.get("night", ""),
        verdict=tags.get("verdict", ""),
        run_id=run_id or "",
        adapter_sha256=tags.get("adapter_sha256"),
        tags=tags,
        aliases=tuple(sorted(alias for alias, of in aliases.items() if of == number)),
        description=description or "",
        created_ms=int(created_ms or 0),
    )


def serving(versions: Iterable[Version]) -> Version | None:
    """Return the version that the alias `champion` names."""
    return next((version for version in versions if "champion" in version.aliases), None)


def way_back(champion: Version, versions: Iterable[Version]) -> list[Version]:
    """Return the champions before a refused ``champion``, last first, up to the first that needed no override."""
    by_number = {version.version: version for version in versions}
    found: list[Version] = []
    at = champion
    while at.refused:
        before = by_number.get(at.tags.get("previous_champion", ""))
        if before is None or before in found:  # a tag was edited
            break
        found.append(before)
        at = before
    return found


def verdict_digest(verdict: Verdict) -> str:
    """Digest of everything that a verdict says."""
    return content_id(verdict.model_dump(mode="json"))
