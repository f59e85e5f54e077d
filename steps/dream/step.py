"""The step: dreams of tonight's documents and of the model itself, checked, and held-out probes set apart."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.dream.lessons import is_shown, suite_of
from steps.kinds.kind import ASKED, DOCUMENTS
from steps.kinds.table import KINDS
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Probe, Record
from steps.step import Step
from steps.workspace import read_records, write_records


class DreamFigures(Figures):
    """Experiences dreamt about, dreams by the kind of their source and by strategy, refusals by reason, coverage.

    ``examples``: one dream of each strategy.
    ``sentences``: those of tonight's passages that no night before has taught.
    ``unseen``: lessons by the suite that they are held out for. ``waiting``: why the lessons of a suite wait.
    ``carried``: sentences for which the night had no time, also by suite; ``carried_from``: their passages by source.
    ``waits``: why nothing is dreamt and all is carried over.
    ``dreamer``: digest of who writes and verifies. ``calibration``: which writers it can be, in a line; ``writers``:
    what was measured of each by shape, its share of the night, how many pieces that were and how many it asked about,
    and its cost in thousand characters.
    """

    documents: int = Field(title="experiences")
    passages: int
    sentences: int
    sentences_with_question: int
    lessons: dict[str, int] = Field({}, title="lessons_by_kind")
    strategies: dict[str, int]
    kept: int
    held_out: int
    unseen: dict[str, int] | None = Field(None, title="held_out_by_suite")
    waits: str | None = None
    waiting: dict[str, str] | None = None
    carried: int | None = Field(None, title="sentences_carried_over")
    carried_by_suite: dict[str, int] | None = None
    carried_from: dict[str, int] | None = None
    refused: dict[str, int]
    expectations: list[dict[str, Any]] = Field(repr=False)
    examples: list[dict[str, Any]] = Field([])
    packed: bool | None = None
    engine: str | None = None
    dreamer: str | None = Field(None, repr=False)
    calibration: str | None = None
    writers: list[dict[str, Any]] = Field([])


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
        from steps.dream.calibration import dreamer_digest
        from steps.dream.shares import night_rows
        from steps.model.loading import base_folder, base_sha256
        from steps.review.decisions import accepted

        settings = night.settings
        base = base_sha256(base_folder(settings.model))
        shown = night_rows(night.workspace, before=night.date, dreamer=dreamer_digest(settings, base))
        night_of = settings.night.model_dump(mode="json", exclude={"nice"})
        decided = [(key, sorted(parts)) for key, (_, parts) in accepted(night).items()]
        least = [settings.gate.min_probes, settings.gate.min_unseen]
        knobs = [settings.dream.model_dump(mode="json"), settings.seed, base, night_of, *least, shown]
        return [*knobs, decided] if decided else knobs

    def inputs(self, night: Night) -> list[Path]:
        from steps.dream.budget import carried_over

        read, waited = night.workspace.dataset, sorted({row.night for row in carried_over(night)})
        since = [n for n in night.nights("triage", tonight=False) if waited and n >= waited[0]]
        return [
            *(night.dataset(name) for name in ("corpus", "triage", "probes")),
            *night.datasets("carried", tonight=False)[-1:],
            *(read(name, n) for n in waited for name in ("corpus", "probes")),
            *(read("triage", n) for n in since),  # what waits may be said no more meanwhile
            *night.datasets("dreams", "unseen", tonight=False),
            night.settings.anchors,
        ]

    def outputs(self, night: Night) -> list[Path]:
        return [night.dataset(name) for name in ("dreams", "holdouts", "carried", "unseen")]

    def work(self, night: Night) -> DreamFigures:
        from steps.dream.apportioning import apportioned
        from steps.dream.budget import Plan, candidates
        from steps.dream.dreaming import dream_all, one_each, persisted, taught_before
        from steps.dream.waiting import brought_along
        from steps.validate.checking import check_records

        workspace, tonight = night.workspace, night.date
        taught = taught_before(night)
        found = candidates(night, persisted(workspace, tonight), taught)
        waited = brought_along(night, found)
        probes = [*read_records(night.dataset("probes"), Probe), *waited]
        nothing: Any = ([], Plan([], []), Counter(), {})
        dreams, planned, refused, extra = dream_all(night, found, probes, taught) if found else nothing
        checked = check_records(dataset="dreams", records=dreams, night=tonight, workspace=workspace)
        refused.update(f"expectation {rule.name}" for rule in checked.broken.values())
        corpus = {experience.id: experience for experience in planned.experiences}
        parts = apportioned(checked.kept(dreams), planned, corpus, probes=probes, waited=waited, night=night)
        train, planned = parts.train, parts.planned
        passages, carried = [one.passage for one in planned.tonight], planned.carried(tonight)
        rows: tuple[Sequence[Record], ...] = (train, parts.held, carried, parts.unseen)
        for path, records in zip(self.outputs(night), rows, strict=True):
            write_records(path, records)
        kinds: dict[str | None, str] = {experience.id: experience.kind for experience in planned.experiences}
        covered = {(d.experience, d.sentence) for d in train if d.strategy == "question" or is_shown(d, corpus)}
        return DreamFigures(
            documents=len({passage.experience.id for passage in passages}),
            passages=len(passages),
            sentences=sum(one.news for one in planned.tonight),
            sentences_with_question=len(covered),
            lessons=dict(Counter("rehearsal" if d.rehearsal else kinds.get(d.experience, "document") for d in train)),
            strategies=dict(Counter(d.strategy for d in train)),
            kept=len(train),
            carried=sum(row.sentences for row in carried) if carried else None,
            carried_by_suite=planned.carried_by_suite() or None,
            carried_from=dict(Counter(row.source for row in carried)) or None,
            held_out=len(parts.held),
            unseen=dict(Counter(str(suite_of(d, corpus)) for d in parts.unseen)) or None,
            waits=parts.waits,
            waiting=dict(parts.waiting) or None,
            refused=dict(+refused),
            expectations=checked.table,
            examples=[d.model_dump(include={"strategy", "source", "question", "answer"}) for d in one_each(train)],
            **extra,
        )

    def remarks(self, night: Night, record: StepRecord[DreamFigures]) -> list[str]:
        from steps.dream.waiting import too_little

        said = []
        if record.figures.waits:
            return [
                f"{record.figures.waits}: what was met waits for the next nights. Add probes, or documents to hold "
                "questions out of; with night.wait: false it is learned now, and the verdict is INCONCLUSIVE"
            ]
        waiting = record.figures.waiting or {}
        for why in dict.fromkeys(waiting.values()):
            suites = " and ".join(suite for suite, reason in waiting.items() if reason == why)
            said.append(f"{why}: {suites} wait for the next nights, the rest is learned")
        if record.figures.carried and not record.figures.waiting:
            minutes = f"{night.settings.night.minutes:g}"
            by_suite = record.figures.carried_by_suite or {}
            each = ", ".join(f"{count} of {suite}" for suite, count in by_suite.items())
            each = f" ({each})" if by_suite.keys() - {DOCUMENTS} else ""
            said.append(
                f"{record.figures.sentences} sentences are dreamt about; {record.figures.carried}{each} do not fit "
                f"into {minutes} minutes (night.minutes) and are carried over to the next nights: "
                f"{night.dataset('carried')} lists them"
            )
        probes = [*read_records(night.dataset("probes"), Probe), *read_records(night.dataset("holdouts"), Probe)]
        asked = set(record.figures.lessons) - {kind.name for kind in KINDS.values() if kind.suite not in ASKED}
        few = too_little(probes, night) if asked - {"rehearsal"} else None
        if few:
            said.append(
                f"{few}: without more its verdict will be INCONCLUSIVE, and nothing is promoted: add probes, or "
                "documents to hold questions out of"
            )
        return said
