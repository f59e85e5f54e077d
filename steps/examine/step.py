"""The step: tonight's candidate beside the base and the champion, one row per answer."""

from pathlib import Path
from typing import Any

from pydantic import Field

from steps.consolidate.step import ConsolidateStep
from steps.examine.replies import EXAMINATION, Examination
from steps.manifest import Figures
from steps.night import Night
from steps.step import Step


class ExamineFigures(Figures):
    """Counts as [right, asked], of canaries [surfaced, asked], by model, condition, cohort and ability.

    ``met``: the nights that the champion has learned from. ``digests``: of the adapters that were asked.
    ``learned_by_writer``: facts asked for and known afterwards, by who wrote tonight's dreams; empty if only the rules.
    ``champion``: the version in the registry that the candidate is compared with; None: the base.
    """

    base: str | None = None
    digests: dict[str, str] = Field({}, repr=False)
    champion: str | None = None
    met: list[str] | None = None
    retired: int | None = None
    forgetting: bool | None = None
    probes: dict[str, list[int]] = Field({}, repr=False)
    anchors: dict[str, list[int]] = Field({}, repr=False)
    canaries: dict[str, list[int]] = Field({}, repr=False)
    learned_by_writer: list[dict[str, Any]] = Field([], repr=False)


class ExamineStep(Step[ExamineFigures]):
    """Ask base, champion and candidate.

    If the candidate was built again to forget something, what both adapters were trained on is asked, too. Of these
    questions, and of all that the champion says, only marks are kept, no words: it knows still what was to be
    forgotten, and says it where nobody asks. A night that trained nothing asks nothing.

    Raises:
        SlumberError: model, adapter, anchor or canary suite is missing.
    """

    name = "examine"
    asset = "examination"
    figures = ExamineFigures
    kinds = ("transformers",)

    def parameters(self, night: Night) -> Any:
        from steps.examine.examination import digests_of, eval_set_of, met_by_champion
        from steps.examine.kinds.asking import items_digest
        from steps.model.loading import base_folder, base_sha256

        settings, request = night.settings, night.forgetting
        asked, retired = eval_set_of(night)
        return [
            settings.examine.model_dump(mode="json"),
            settings.model.dtype,
            base_sha256(base_folder(settings.model)),
            digests_of(night),
            night.champion.version if night.champion else None,
            met_by_champion(night),
            [(i.probe.id, i.probe.answers, i.document) for i in asked.items],
            [c.id for c in asked.canaries],
            [r.to_json() for r in retired],
            list(asked.suites),
            None if request is None else [probe.id for probe in request.questions],
            *([items_digest(asked.kinds)] if asked.kinds else []),
        ]

    def inputs(self, night: Night) -> list[Path]:
        return [night.settings.anchors]

    def outputs(self, night: Night) -> list[Path]:
        return [night.folder / "examination" / f"{name}.jsonl" for name in EXAMINATION]

    def work(self, night: Night) -> ExamineFigures:
        from steps.examine.examination import digests_of, examine_candidate, met_by_champion
        from steps.examine.learned import learned_by_writer
        from steps.examine.reading import marked, read_examination, write_examination

        trained = ConsolidateStep.read(night.workspace, night.date)
        if trained is None or trained.figures.skipped:
            write_examination(night.folder / "examination", Examination())
            return ExamineFigures(skipped="no candidate was trained tonight")
        found = examine_candidate(night)
        forgetting = night.forgetting is not None
        champion = night.champion.version if night.champion else None
        answers = marked(read_examination(night.folder / "examination").answers)
        return ExamineFigures(
            digests=digests_of(night),
            champion=champion,
            met=met_by_champion(night),
            forgetting=forgetting,
            learned_by_writer=[] if forgetting else learned_by_writer(night, answers),
            **found,
        )
