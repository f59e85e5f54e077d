"""A step of a night: what it depends on, what it writes, and how it is done once and not again.

A new step is a subclass in a module of its own, entered in ``steps.lifecycle``; the command line, Dagster, the report
and MLflow take it from there.
"""

import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from steps.code import code_sha256
from steps.errors import full_disk_told
from steps.manifest import Figures, StepRecord, changed, read_manifest, write_manifest
from steps.night import Night
from steps.records import content_id
from steps.structured import within
from steps.workspace import Workspace, file_sha256

F = TypeVar("F", bound=Figures)


class Step(ABC, Generic[F]):
    """One step. The first line of its docstring is its help on the command line.

    ``figures``: their type. ``asset``: what it makes, as Dagster calls it; steps in a row that make the same are one
    asset. ``kinds``: what it is made with, for Dagster's page. ``always``: it is done whenever it is asked for, since
    it tells a server what holds now. ``runs_with``: the names of steps that its command runs, too, in order.
    """

    name: ClassVar[str]
    asset: ClassVar[str]
    figures: ClassVar[type[Figures]] = Figures
    kinds: ClassVar[tuple[str, ...]] = ("python",)
    always: ClassVar[bool] = False
    runs_with: ClassVar[tuple[str, ...]] = ()

    def parameters(self, night: Night) -> Any:
        """What it depends on besides files: settings, digests of models."""
        return None

    def inputs(self, night: Night) -> Iterable[Path]:
        """Files and folders that it reads; a missing one counts as missing."""
        return ()

    def outputs(self, night: Night) -> Iterable[Path]:
        """Files and folders that it writes; it need not write all."""
        return ()

    @abstractmethod
    def work(self, night: Night) -> F:
        """Do it: write the outputs, return the figures.

        Raises:
            SlumberError: why it cannot be done, in a sentence for the user.
        """

    def run(self, night: Night) -> StepRecord[F]:
        """Do the work unless a manifest says that it is done with the same digest, and its outputs are untouched.

        The manifest is removed first and written last, so that its existence means that the step finished.

        Raises:
            DiskFull: whatever a library calls it.
            NightRunning: another machine has taken over.
            SlumberError: as ``work``.
        """
        with full_disk_told(), within(night=night.date, step=self.name):
            if night.still_ours:
                night.still_ours()
            try:
                return self._run(night)
            finally:
                # Not by an import: where nothing runs on a cluster, none of it is imported, nor part of any digest.
                if cluster := sys.modules.get("steps.compute.cluster"):
                    cluster.leave()

    def _run(self, night: Night) -> StepRecord[F]:
        digest = self.digest(night)
        done = self.read(night.workspace, night.date)
        if done and not self.always and done.digest == digest and not changed(night.workspace, done.outputs):
            return done.model_copy(update={"reused": True})
        night.workspace.manifest(night.date, self.name).unlink(missing_ok=True)
        start = time.perf_counter()
        figures = self.work(night)
        return self._finished(night, digest, figures, seconds=time.perf_counter() - start)

    def vouch(self, night: Night, figures: F) -> StepRecord[F]:
        """Call the step done with the outputs that lie there: for what a benchmark or a test plants in its place."""
        return self._finished(night, self.digest(night), figures, seconds=0.0)

    def _finished(self, night: Night, digest: str, figures: F, *, seconds: float) -> StepRecord[F]:
        root, written = night.workspace.root, [path for path in self.outputs(night) if path.exists()]
        record: StepRecord[F] = StepRecord(
            step=self.name,
            night=night.date,
            digest=digest,
            outputs={str(path.relative_to(root)): file_sha256(path) for path in written},
            figures=figures,
            seconds=seconds,
        )
        write_manifest(night.workspace, record)
        return record

    def digest(self, night: Night) -> str:
        """Digest of what it depends on: its parameters, the content of its inputs, and the code that it runs."""
        files = [(path.name, file_sha256(path) if path.exists() else None) for path in self.inputs(night)]
        return content_id(self.parameters(night), files, self.code())

    def code(self) -> str:
        """Digest of the code that it runs."""
        return code_sha256(type(self))

    @classmethod
    def read(cls, workspace: Workspace, night: str) -> StepRecord[F] | None:
        """Return its record of ``night``, or None if it did not finish."""
        return read_manifest(workspace, night=night, step=cls.name, kind=cls.figures)

    def summary(self, record: StepRecord[F]) -> str:
        """What its command prints: one line of its figures, numbers first, then what is counted by name."""
        done = "was done already" if record.reused else f"took {record.seconds:.1f} s"
        values = record.figures.model_dump(exclude_none=True).items()
        simple = [f"{name} {v:.4g}" if isinstance(v, float) else f"{name} {v}" for name, v in values if _is_plain(v)]
        counts = {name: v for name, v in values if v and isinstance(v, dict) and all(map(_is_count, v.values()))}
        said = [", ".join(simple), *(f"{name}: {listed(v)}" for name, v in counts.items())]
        return f"{record.step} of {record.night} {done}: {'; '.join(said)}"

    def remarks(self, night: Night, record: StepRecord[F]) -> Iterable[str]:
        """What its owner should know of how it went, line by line: told by its command and during a night."""
        return ()

    def result(self, night: Night, record: StepRecord[F]) -> dict[str, Any]:
        """What its command writes to the file named by --json."""
        return record.model_dump(mode="json", exclude_none=True)


def listed(counts: Mapping[str, int]) -> str:
    """Return for example '3 accepted, 1 redacted', the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in Counter(counts).most_common())


def _is_count(value: Any) -> bool:
    return type(value) is int


def _is_plain(value: Any) -> bool:
    return isinstance(value, int | float | str)
