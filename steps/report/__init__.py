"""Report: what the night did, as one HTML page that needs nothing but itself. It decides nothing and hides nothing."""

from pathlib import Path

from steps.report.contents import night_contents
from steps.report.wording import FILTERS
from steps.settings import Settings
from steps.workspace import Workspace, check_night, write_text

__all__ = ["report"]


def report(*, settings: Settings, workspace: Workspace, night: str, links: dict[str, str] | None = None) -> Path:
    """Write the morning report of ``night`` to ``.slumber/nights/<night>/report.html``, atomically; return its path.

    What a night has not made (no examination, no adapter, a step that did not finish) is shown as not available. The
    same files give the same page, byte for byte.

    Args:
        links: address by label, such as the MLflow version and the Dagster run; only http, https and file are linked.

    Raises:
        SlumberError: ``night`` is no date, or a file that the page shows is damaged.
    """
    check_night(night)
    path = workspace.night(night) / "report.html"
    write_text(path, _page(night_contents(settings=settings, workspace=workspace, night=night, links=links or {})))
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
