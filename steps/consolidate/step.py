"""The step: which cohorts are to be learned, on top of what, one after the other."""

from pathlib import Path
from typing import Any

from pydantic import Field

from steps.checkpoint import AdapterCheckpoint
from steps.manifest import Figures
from steps.night import Night
from steps.step import Step
from steps.workspace import file_sha256


class ConsolidateFigures(Figures):
    """What was trained, how long it took and how fast; only ``skipped`` and no examples where nothing was.

    ``tokens_by_kind``: of experience, what was trained on, which is what each costs. ``taken_up``: lessons that an
    earlier night left out, by suite. ``without``: suites whose lessons of this night are left out though it is built
    again.
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
    tokens_by_kind: dict[str, int] | None = None
    device: str | None = None
    begins_with: str | None = None
    nights: list[str] = Field([])
    cohorts: list[str] = Field([], title="learned_now")
    superseded: list[dict[str, str]] = Field([])
    taken_up: dict[str, int] | None = Field(None, title="left_out_before_and_taken_up")
    without: list[str] | None = Field(None, title="left_out_still")


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
        from steps.consolidate.left_out import still_left_out
        from steps.model.loading import base_folder, base_sha256

        settings, begun = night.settings, begun_with(night)
        nights = night.nights("dreams", tonight=night.rebuilds)
        out = {n: sorted(suites) for n, suites in still_left_out(night.workspace, nights).items()}
        return [
            settings.consolidate.model_dump(mode="json"),
            settings.model.dtype,
            settings.seed,
            base_sha256(base_folder(settings.model)),
            (begun.nights, file_sha256(begun.adapter)) if begun else None,
            night.rebuilds,
            *([list(night.held)] if night.held else []),
            *([out] if out else []),
            *([settings.deep.rank, night.champion.nights if night.champion else ()] if night.deep else []),
        ]

    def inputs(self, night: Night) -> list[Path]:
        return [*night.datasets("dreams", "corpus", "unseen"), *night.datasets("triage")]

    def outputs(self, night: Night) -> list[Path]:
        return [night.folder / "adapter"]

    def work(self, night: Night) -> ConsolidateFigures:
        from steps.consolidate.left_out import LEDGER
        from steps.consolidate.nightly import train_night

        if not night.rebuilds:  # it decides anew what it leaves out
            (night.folder / LEDGER).unlink(missing_ok=True)
        return train_night(
            night,
            night.folder / "adapter",
            scratch=night.folder / "consolidate",
            digest=self.digest(night),
            begun=begun_with(night),
            waits=_waits(night),
        )


def _waits(night: Night) -> str | None:
    from steps.dream.step import DreamStep

    dreamt = DreamStep.read(night.workspace, night.date)
    return f"{dreamt.figures.waits}: it waits for the next nights" if dreamt and dreamt.figures.waits else None


def begun_with(night: Night) -> AdapterCheckpoint | None:
    """What tonight is learned on top of, if it can be."""
    from steps.consolidate.start import goes_on

    return night.start if night.start and goes_on(night.start, night.nights("dreams"), night.settings) else None
