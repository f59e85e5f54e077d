"""The step: dreams of tonight's documents and of the model itself, checked, and held-out probes set apart."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.errors import DataRefused
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Probe, Record
from steps.step import Step
from steps.workspace import read_records, write_records


class DreamFigures(Figures):
    """Documents, dreams by strategy, refusals by reason, coverage; ``examples``: one dream of each strategy."""

    documents: int
    passages: int
    sentences: int
    sentences_with_question: int
    strategies: dict[str, int]
    kept: int
    held_out: int
    refused: dict[str, int]
    expectations: list[dict[str, Any]] = Field(repr=False)
    examples: list[dict[str, Any]] = Field([])
    packed: bool | None = None
    engine: str | None = None


class DreamStep(Step[DreamFigures]):
    """Let the model write training examples with the source in its context.

    Documents without owner's probes leave some of their questions as held-out probes.

    Raises:
        SlumberError: the model or the writer's server is missing.
        DataRefused: a dream leaks a probe, or the dreams fail a critical expectation.
    """

    name = "dream"
    asset = "dreams"
    figures = DreamFigures
    kinds = ("transformers", "dvc")

    def parameters(self, night: Night) -> Any:
        from steps.model.loading import base_folder, base_sha256

        settings = night.settings
        base = base_sha256(base_folder(settings.model))
        return [settings.dream.model_dump(mode="json"), settings.seed, base]

    def inputs(self, night: Night) -> list[Path]:
        return [*(night.dataset(name) for name in ("corpus", "triage", "probes")), night.settings.anchors]

    def outputs(self, night: Night) -> list[Path]:
        return [night.dataset("dreams"), night.dataset("holdouts")]

    def work(self, night: Night) -> DreamFigures:
        from steps.dream.dreaming import dream_all, one_each, persisted, taught_before
        from steps.dream.holdouts import hold_out, leaks
        from steps.kinds.table import kind_of
        from steps.validate.checking import check_records

        settings, workspace, tonight = night.settings, night.workspace, night.date
        experiences, known = persisted(workspace, tonight), taught_before(workspace, tonight)
        passages = [passage for e in experiences for passage in kind_of(e).passages(e)]
        probes = read_records(night.dataset("probes"), Probe)
        dreams, refused, extra = (
            dream_all(settings, tonight, experiences, probes, known) if passages else ([], Counter(), {})
        )
        checked = check_records(dataset="dreams", records=dreams, night=tonight, workspace=workspace)
        refused.update(f"expectation {rule.name}" for rule in checked.broken.values())
        train, held = hold_out(
            checked.kept(dreams), probes, experiences, share=settings.dream.holdout_share, night=tonight
        )
        leaked = leaks(train, [*probes, *held])
        if leaked:
            raise DataRefused(
                f"{len(leaked)} dreams repeat a probe's wording, the first {leaked[0]!r}: training refused.",
                check="no_leak",
            )
        rows: tuple[Sequence[Record], ...] = (train, held)
        for path, records in zip(self.outputs(night), rows, strict=True):
            write_records(path, records)
        covered = {(d.experience, d.sentence) for d in train if d.strategy == "question"}
        return DreamFigures(
            documents=len({passage.experience.id for passage in passages}),
            passages=len(passages),
            sentences=sum(len(passage.sentences) for passage in passages),
            sentences_with_question=len(covered),
            strategies=dict(Counter(d.strategy for d in train)),
            kept=len(train),
            held_out=len(held),
            refused=dict(refused),
            expectations=checked.table,
            examples=[d.model_dump(include={"strategy", "source", "question", "answer"}) for d in one_each(train)],
            **extra,
        )

    def remarks(self, night: Night, record: StepRecord[DreamFigures]) -> list[str]:
        probes = [*read_records(night.dataset("probes"), Probe), *read_records(night.dataset("holdouts"), Probe)]
        asked, needed = sum(bool(probe.answers) for probe in probes), night.settings.gate.min_probes
        if not record.figures.kept or asked >= needed:
            return []
        return [
            f"tonight has {asked} probes with answers, and the gate needs {needed} (gate.min_probes): without more its "
            "verdict will be INCONCLUSIVE, and nothing is promoted: add probes, or documents to hold questions out of"
        ]
