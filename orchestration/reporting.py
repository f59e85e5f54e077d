"""The morning report, written with links to the pages that show the night, and kept with its version."""

from pathlib import Path

from orchestration.links import night_links
from orchestration.timings import timed
from steps.promote import attach_report
from steps.registry import Registry
from steps.report import report
from steps.settings import Settings
from steps.workspace import Workspace


def write_report(
    *, settings: Settings, workspace: Workspace, night: str, run_id: str | None = None
) -> tuple[Path, dict[str, str]]:
    """Write the report of ``night`` and attach it to its version; return where it lies and the links by name.

    ``run_id``: of the Dagster run; default: the one that registered the version.
    """
    history = Registry(settings, workspace).history()
    version = next((found for found in history if found.night == night), None)
    run_id = run_id or (version.tags.get("dagster_run_id") if version else None)
    links = night_links(settings=settings, workspace=workspace, run_id=run_id, version=version)
    same = {"settings": settings, "workspace": workspace, "night": night}
    with timed(workspace, night=night, step="report"):
        path = report(**same, links=links)
        attach_report(**same, links={name: address for name, address in links.items() if name == "Dagster run"})
    return path, links
