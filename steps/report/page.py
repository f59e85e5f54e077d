"""Write the page of a night from its files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steps.report.contents import night_contents
from steps.report.wording import FILTERS
from steps.settings import Settings
from steps.workspace import Workspace, check_night, write_text


def report(
    *,
    settings: Settings,
    workspace: Workspace,
    night: str,
    steps: Sequence[str],
    links: dict[str, str] | None = None,
    trace_pages: str | None = None,
) -> Path:
    """Write the morning report of ``night`` to ``.slumber/nights/<night>/report.html``, atomically; return its path.

    What a night has not made (no examination, no adapter, a step that did not finish) is shown as not available. The
    same files give the same page, byte for byte.

    Args:
        steps: names of those that a whole night has done, in order.
        links: address by label, such as the MLflow version and the Dagster run; only http, https and file are linked.
        trace_pages: what a trace's id is added to for the address of its page.

    Raises:
        SlumberError: ``night`` is no date, or a file that the page shows is damaged.
    """
    check_night(night)
    path = workspace.night_dir(night) / "report.html"
    same: dict[str, Any] = {"settings": settings, "workspace": workspace, "night": night}
    write_text(path, _page(night_contents(**same, steps=steps, links=links or {}, trace_pages=trace_pages)))
    return path


def _page(contents: dict) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Autoescape is what keeps a stranger's document title from becoming markup.
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= FILTERS
    return pages.get_template("report.html").render(contents).lstrip()
