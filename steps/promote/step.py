"""The steps that tell the registry: the candidate is registered, and serves if its recorded verdict says so."""

from typing import Any

from pydantic import Field

from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.promote.promotion import Promotion
from steps.step import Step
from steps.watch.record import Watched, read_watch
from steps.workspace import PROMOTION


class RegisterFigures(Figures):
    """Which version the candidate is."""

    version: str | None = None


class RegisterStep(Step[RegisterFigures]):
    """Register the night's candidate, whatever its verdict is, with all that is known of it.

    Raises:
        SlumberError: verdict, adapter or examination are missing or were changed; the registry is out of reach.
    """

    name = "register"
    asset = "verdict"
    figures = RegisterFigures
    kinds = ("scipy", "mlflow")
    always = True

    def work(self, night: Night) -> RegisterFigures:
        from steps.gate.verdict import read_verdict
        from steps.promote.registering import register
        from steps.registry.lineage import opened_registry

        opened_registry(night.settings, night.workspace)

        # An earlier run of this night may have promoted; what it said then must not stand in tonight's report.
        (night.folder / PROMOTION).unlink(missing_ok=True)
        same: dict[str, Any] = {"settings": night.settings, "workspace": night.workspace, "night": night.date}
        version = register(**same, dagster_run_id=night.run_id)
        if version is None:
            verdict = read_verdict(night.workspace, night.date)
            nothing = verdict.verdict == "NO_OP"
            return RegisterFigures(skipped="nothing was trained tonight" if nothing else "; ".join(verdict.reasons))
        return RegisterFigures(version=version.version)


class PromoteFigures(Promotion):
    """What was decided, and how the champion before had served by then, where the morning watch looked."""

    watch: Watched | None = Field(None, repr=False)


class PromoteStep(Step[PromoteFigures]):
    """Let the night's candidate serve if its recorded verdict says PROMOTE.

    Raises:
        RegistryUnreachable: nothing could be decided; the champion is as it was.
    """

    name = "promote"
    asset = "champion"
    figures = PromoteFigures
    kinds = ("mlflow",)
    always = True
    runs_with = ("register",)

    def work(self, night: Night) -> PromoteFigures:
        from steps.promote.registering import promote

        watched = read_watch(night.workspace)  # before: a server begins to watch what is promoted within a second
        made = promote(settings=night.settings, workspace=night.workspace, night=night.date)
        before = watched.nameless() if watched and watched.night < night.date else None
        return PromoteFigures(**made.model_dump(), watch=before)

    def summary(self, record: StepRecord[PromoteFigures]) -> str:
        return record.figures.message

    def result(self, night: Night, record: StepRecord[PromoteFigures]) -> dict[str, Any]:
        return record.figures.model_dump(mode="json", exclude={"watch"})
