"""The step: which cohorts are to be learned, on top of what, one after the other."""

import shutil
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.checkpoint import AdapterCheckpoint
from steps.manifest import Figures
from steps.night import Night
from steps.records import Dream, Experience
from steps.step import Step
from steps.workspace import NIGHT_BYTES, check_space, file_sha256, read_records


class ConsolidateFigures(Figures):
    """What was trained, how long it took and how fast; only ``skipped`` and no examples where nothing was.

    ``nights``: those that the adapter has met; ``cohorts``: those learned now. ``rank``: how many of the adapter's last
    ranks they added; None where some of them made room for later ones.
    """

    examples: int = 0
    rehearsal_examples: int | None = None
    replayed_examples: int | None = None
    steps: int | None = None
    losses: list[float] | None = Field(None, repr=False)
    tokens: int | None = None
    example_tokens: int | None = None
    rank: int | None = None
    earlier_rank: int | None = None
    tokens_per_second: float | None = None
    example_tokens_per_second: float | None = None
    training_seconds: float | None = None
    reading_seconds: float | None = None
    resumed_at: int | None = None
    trainable_parameters: int | None = None
    packed: bool | None = None
    device: str | None = None
    begins_with: str | None = None
    nights: list[str] = Field([])
    cohorts: list[str] = Field([], title="learned_now")
    superseded: list[dict[str, str]] = Field([])


class ConsolidateStep(Step[ConsolidateFigures]):
    """Train the adapter.

    Nothing is trained if tonight brought nothing new; to forget something, all is learned that the start has not
    learned. Nights whose candidates were refused are learned before tonight; those whose lessons are held are not.

    Raises:
        SlumberError: the model is missing, the disk is full, or training diverged.
    """

    name = "consolidate"
    asset = "adapter"
    figures = ConsolidateFigures
    kinds = ("pytorch", "peft")

    def parameters(self, night: Night) -> Any:
        from steps.model.loading import base_folder, base_sha256

        settings, begun = night.settings, _begun(night)
        return [
            settings.consolidate.model_dump(mode="json"),
            settings.model.dtype,
            settings.seed,
            base_sha256(base_folder(settings.model)),
            (begun.nights, file_sha256(begun.adapter)) if begun else None,
            night.forgetting is not None,
            *([list(night.held)] if night.held else []),
        ]

    def inputs(self, night: Night) -> list[Path]:
        return [*night.datasets("dreams", "corpus"), *night.datasets("triage")]

    def outputs(self, night: Night) -> list[Path]:
        return [night.folder / "adapter"]

    def work(self, night: Night) -> ConsolidateFigures:
        from steps.consolidate.cohorts import learned, together, with_earlier
        from steps.consolidate.superseded import Gone, superseded
        from steps.consolidate.trainer import LocalTrainer
        from steps.dream.lessons import lesson_of

        settings, begun, nights = night.settings, _begun(night), _learnable(night)
        folder, scratch = night.folder / "adapter", night.folder / "consolidate"
        shutil.rmtree(folder, ignore_errors=True)
        dreams = [d for n in nights for d in read_records(night.workspace.dataset("dreams", n), Dream)]
        dreams = list({d.id: d for d in dreams}.values())
        replaced = superseded(dreams, Gone.until(night.workspace, night.date))
        left_out = {(d.answer, replaced[d.id]) for d in dreams if d.id in replaced}
        dreams = [d for d in dreams if d.id not in replaced]
        known = list(begun.nights) if begun else []
        cohorts = [n for n in nights if n not in known and any(d.night == n and not d.rehearsal for d in dreams)]
        rebuild = night.forgetting is not None
        if not cohorts or not (rebuild or night.date in cohorts):
            why = "nothing is left to learn" if rebuild else _waits(night) or "nothing new tonight"
            return ConsolidateFigures(skipped=why)
        check_space(night.workspace.state, needed_bytes=NIGHT_BYTES)
        corpus = {e.id: e for n in nights for e in read_records(night.workspace.dataset("corpus", n), Experience)}
        parts, digest = [], self.digest(night)
        adapter = begun.adapter if begun else None
        for cohort in cohorts:
            part = learned(
                scratch / cohort,
                LocalTrainer(),
                digest=digest,
                settings=settings,
                lessons=[lesson_of(d, corpus) for d in with_earlier(dreams, cohort, known, settings.consolidate)],
                known=tuple(known),
                begun=adapter,
            )
            adapter = scratch / cohort / "adapter"
            parts.append(part)
            known.append(cohort)
        (scratch / cohorts[-1] / "adapter").rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
        return ConsolidateFigures(
            superseded=[{"was": was, "is now": now} for was, now in sorted(left_out)],
            nights=nights,
            cohorts=cohorts,
            begins_with=begun.says if begun else "the base",
            **together(parts),
        )


def _learnable(night: Night) -> list[str]:
    """The nights so far, without those whose lessons are held for review."""
    return [n for n in night.nights("dreams") if n == night.date or n not in night.held]


def _waits(night: Night) -> str | None:
    from steps.dream.step import DreamStep

    dreamt = DreamStep.read(night.workspace, night.date)
    return f"{dreamt.figures.waits}: it waits for the next nights" if dreamt and dreamt.figures.waits else None


def _begun(night: Night) -> AdapterCheckpoint | None:
    """What tonight is learned on top of, if it can be."""
    from steps.consolidate.start import goes_on

    return night.start if night.start and goes_on(night.start, night.nights("dreams"), night.settings) else None
