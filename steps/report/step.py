"""The step: the morning report, with links to the pages that show the night, kept with its version."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.step import Step


class ReportFigures(Figures):
    """Where the page lies, and addresses by label."""

    page: Path = Field(title="report")
    links: dict[str, str] = Field({}, repr=False)


class ReportStep(Step[ReportFigures]):
    """Write the morning report again, and say where it is."""

    name = "report"
    asset = "champion"
    figures = ReportFigures
    kinds = ("mlflow",)
    always = True

    def __init__(self, steps: Sequence[str]):
        """``steps``: names of those that a whole night has done by now, in order; what others left is shown, too."""
        self._steps = tuple(steps)

    def work(self, night: Night) -> ReportFigures:
        from steps.promote.registering import attach_report
        from steps.registry import Registry, reading
        from steps.registry.links import night_links, trace_pages
        from steps.report.page import report

        where: dict[str, Any] = {"settings": night.settings, "workspace": night.workspace}
        same: dict[str, Any] = {**where, "night": night.date}
        registry = Registry(**where)
        history = reading.history(registry)
        version = next((v for v in history if (v.night, v.deep) == (night.date, night.deep)), None)
        run_id = night.run_id or (version.tags.get("dagster_run_id") if version else None)
        links = night_links(**where, run_id=run_id, version=version)
        steps = self._steps[self._steps.index("consolidate") :] if night.deep else self._steps
        page = report(**same, steps=steps, links=links, trace_pages=trace_pages(registry))
        attach_report(**same, links={name: address for name, address in links.items() if name == "Dagster run"})
        return ReportFigures(page=page, links=links)

    def summary(self, record: StepRecord[ReportFigures]) -> str:
        return str(record.figures.page)
