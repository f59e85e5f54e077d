"""One version of the registered model, as the rest of the program sees it."""

from dataclasses import dataclass, field
from typing import Any

from steps.records import Verdict, content_id

NIGHT_ZERO = "0"


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
    def is_night_zero(self) -> bool:
        return self.verdict == "BASE" and self.night == NIGHT_ZERO


def read_version(entity: Any, aliases: dict[str, str]) -> Version:
    """Read MLflow's ``ModelVersion``; ``aliases`` are the registered model's, since a search leaves them out."""
    tags, number = dict(entity.tags), str(entity.version)
    return Version(
        version=number,
        night=tags.get("night", ""),
        verdict=tags.get("verdict", ""),
        run_id=entity.run_id or "",
        adapter_sha256=tags.get("adapter_sha256"),
        tags=tags,
        aliases=tuple(sorted(alias for alias, of in aliases.items() if str(of) == number)),
        description=entity.description or "",
        created_ms=int(entity.creation_timestamp or 0),
    )


def verdict_digest(verdict: Verdict) -> str:
    """Digest of everything that a verdict says."""
    return content_id(verdict.model_dump(mode="json"))
