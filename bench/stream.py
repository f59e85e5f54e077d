"""What is taught: a stream of nights, each an ordinary inbox with documents and probes."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import yaml

from steps.errors import SlumberError

REPOSITORY = Path(__file__).resolve().parent.parent
INVENTED = REPOSITORY / "data" / "bench" / "stream"


@dataclass(frozen=True)
class Night:
    """Night ``number`` from 1; ``date`` is its key in the workspace."""

    number: int
    date: str
    inbox: Path


@dataclass(frozen=True)
class Stream:
    """Nights in order. ``development`` and ``report`` hold numbers; only the report's figures may be quoted.

    ``outdated`` maps a probe's name to the number of the night that changed its answer; ``temporary`` names documents
    that are valid for a short while only and do not belong into the weights.
    """

    name: str
    nights: tuple[Night, ...]
    report: frozenset[int]
    outdated: dict[str, int] = field(default_factory=dict)
    temporary: frozenset[str] = frozenset()

    def first(self, count: int) -> "Stream":
        """Return the stream's first ``count`` nights."""
        return Stream(self.name, self.nights[:count], self.report, self.outdated, self.temporary)

    def reported(self) -> "Stream":
        """Return the nights of the report as a stream of their own, numbered from 1; their dates stay."""
        kept = [night for night in self.nights if night.number in self.report]
        nights = tuple(Night(number, night.date, night.inbox) for number, night in enumerate(kept, start=1))
        number_of = {night.number: number for number, night in enumerate(kept, start=1)}
        outdated = {probe: number_of[then] for probe, then in self.outdated.items() if then in number_of}
        everything = frozenset(range(1, len(nights) + 1))
        return Stream(f"{self.name}, report nights", nights, everything, outdated, self.temporary)


def invented_stream(folder: Path = INVENTED) -> Stream:
    """Read the stream of invented documents that the repository holds.

    Raises:
        SlumberError: the folder is incomplete.
    """
    try:
        about = yaml.safe_load((folder / "stream.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SlumberError(f"{folder} holds no readable stream.yaml ({error}): restore data/bench/stream.") from None
    names = [*about["development"], *about["report"]]
    start = about["first_night"] if isinstance(about["first_night"], date) else date.fromisoformat(about["first_night"])
    nights = tuple(
        Night(number, (start + timedelta(days=number - 1)).isoformat(), folder / name)
        for number, name in enumerate(names, start=1)
    )
    missing = [night.inbox.name for night in nights if not (night.inbox / "probes.jsonl").exists()]
    if missing:
        raise SlumberError(f"{folder} lacks {', '.join(missing)}: restore data/bench/stream.")
    where = {
        probe: night.number
        for night in nights
        for probe in about["supersedes"].values()
        if f'"{probe}"' in (night.inbox / "probes.jsonl").read_text(encoding="utf-8")
    }
    return Stream(
        name="invented",
        nights=nights,
        report=frozenset(names.index(name) + 1 for name in about["report"]),
        outdated={old: where[new] for old, new in about["supersedes"].items()},
        temporary=frozenset(about["temporary"]),
    )
