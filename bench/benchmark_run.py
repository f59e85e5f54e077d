"""The benchmark: the nights up to dreaming, done once in one workspace and shared by every arm that needs them."""

import time
from dataclasses import dataclass
from pathlib import Path

from bench.claims import claim
from bench.stream import Night, Stream
from steps.dream.step import DreamStep
from steps.kinds.table import kind_of
from steps.lifecycle import step_of
from steps.manifest import StepRecord
from steps.night import Night as SleptNight
from steps.records import Dream, Experience, Probe
from steps.settings import Settings
from steps.workspace import Workspace, file_sha256, read_records


@dataclass(frozen=True)
class BenchmarkRun:
    """A stream taught with ``settings``: ``folder/benchmark`` is the nights' workspace, ``folder/arms`` the rest."""

    stream: Stream
    settings: Settings
    folder: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "benchmark")

    def arm(self, name: str, number: int) -> Path:
        """Where one arm's night leaves its adapter, answers and cost."""
        return self.folder / "arms" / name / f"night-{number}"

    def claim(self) -> None:
        """Note whose run this folder holds: what is done in it is not done again.

        Raises:
            SlumberError: it holds a run of other nights, or one that was begun with other settings.
        """
        mine = [[night.date, file_sha256(night.inbox)] for night in self.stream.nights]
        claim(self.folder / "stream.json", mine, self.settings, of="other nights")

    def prepare(self, night: Night, *, dreaming: bool) -> None:
        """Run the steps of a night up to triage, or up to dreaming; finished ones are skipped."""
        tonight = SleptNight.of(self.settings, self.workspace, night.date, inbox=night.inbox)
        for name in ("ingest", "validate", "triage", *(["dream"] if dreaming else [])):
            step_of(name).run(tonight)

    def dreamt(self, night: Night) -> StepRecord | None:
        """What dreaming of that night recorded, or None if no arm needed it."""
        return DreamStep.read(self.workspace, night.date)

    def documents(self, night: Night) -> list[Experience]:
        """That night's documents as they were ingested."""
        records = read_records(self.workspace.dataset("corpus", night.date), Experience)
        return [e for e in records if kind_of(e).learned]

    def corpus(self, number: int) -> dict[str, Experience]:
        """The documents of the first ``number`` nights, by id."""
        return {e.id: e for night in self.stream.nights[:number] for e in self.documents(night)}

    def dreams(self, night: Night) -> list[Dream]:
        """That night's dreams, rehearsal included."""
        return read_records(self.workspace.dataset("dreams", night.date), Dream)

    def probes(self, night: Night) -> list[Probe]:
        """The owner's probes of that night."""
        records = read_records(self.workspace.dataset("probes", night.date), Probe)
        return [probe for probe in records if probe.origin == "owner"]


class Clock:
    """Seconds by phase of one arm's night."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    def lap(self, phase: str) -> None:
        """Count the time since the last lap as ``phase``."""
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._start
        self._start = now
