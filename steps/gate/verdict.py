"""The verdict of a night: where it lies, how it is read, and which adapter and examination it is about."""

from pathlib import Path

from pydantic import ValidationError

from steps.errors import SlumberError
from steps.records import LEFT_OUT, Verdict
from steps.workspace import VERDICT, Workspace

RESCUED = "rescued"  # folder of the adapter and the examination that a verdict on another candidate is about
OTHERWISE = ("scale", LEFT_OUT)  # what a verdict binds that is about another one than was trained first


def read_verdict(workspace: Workspace, night: str) -> Verdict:
    """Read the verdict that the gate left in the workspace.

    Raises:
        SlumberError: it is missing, damaged, or another night's.
    """
    path = workspace.night_dir(night) / VERDICT
    try:
        verdict = Verdict.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SlumberError(f"{path} is missing: run the gate of night {night} first.") from None
    except (ValidationError, ValueError):
        raise SlumberError(f"{path} is damaged: run the gate of night {night} again.") from None
    if verdict.night != night:
        raise SlumberError(f"{path} is the verdict of night {verdict.night}: run the gate of night {night} again.")
    return verdict


def decided_on(workspace: Workspace, verdict: Verdict) -> Path:
    """The folder of the ``adapter`` and ``examination`` that a verdict is about."""
    work = workspace.night_dir(verdict.night)
    return work / RESCUED if any(how in verdict.binding for how in OTHERWISE) else work
