"""The manifest of a finished step: what it depended on, what it wrote, what it counted. Only a step writes one."""

import json
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from steps.workspace import Workspace, file_sha256, write_json


class Figures(BaseModel):
    """Counts and measurements of a step that are worth showing; what is missing is None, never 0.

    A field with ``repr=False`` is too long for a page. Manifests of older and newer versions are read: what is not
    known is left out.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    skipped: str | None = None
    """Why there was nothing to do, if so."""


F = TypeVar("F")


class StepRecord(BaseModel, Generic[F]):
    """What a finished step says of itself; ``seconds`` is the wall time of the run that did the work."""

    model_config = ConfigDict(frozen=True)

    step: str
    night: str
    digest: str
    outputs: dict[str, str]
    figures: F
    seconds: float
    reused: bool = False


def read_manifest(workspace: Workspace, *, night: str, step: str, kind: Any = dict[str, Any]) -> StepRecord | None:
    """Return a finished step's record with figures of ``kind``, or None if it did not finish or cannot be read."""
    try:
        text = workspace.manifest(night, step).read_text(encoding="utf-8")
        return StepRecord[kind].model_validate_json(text)
    except (FileNotFoundError, ValidationError, ValueError):
        return None


def read_manifests(workspace: Workspace, night: str) -> dict[str, StepRecord[dict[str, Any]]]:
    """Return the records of all steps of a night that finished, by name."""
    names = sorted(path.name.removesuffix(SUFFIX) for path in workspace.night_dir(night).glob(f"*{SUFFIX}"))
    found = {name: read_manifest(workspace, night=night, step=name) for name in names}
    return {name: record for name, record in found.items() if record}


def write_manifest(workspace: Workspace, record: StepRecord) -> None:
    """Write the record, atomically: it says that the step finished, and so comes last."""
    write_json(workspace.manifest(record.night, record.step), record.model_dump(mode="json", exclude_none=True))


def keep_figures(workspace: Workspace, night: str, step: str, *, but: set[str]) -> None:
    """Take the figures ``but`` out of a manifest, on the files as they are now; the step itself is no longer done."""
    path = workspace.manifest(night, step)
    record = json.loads(path.read_text(encoding="utf-8"))
    figures = {name: value for name, value in record["figures"].items() if name not in but}
    files = {name: workspace.root / name for name in record["outputs"]}
    outputs = {name: file_sha256(file) for name, file in files.items() if file.exists()}
    write_json(path, {**record, "figures": figures, "outputs": outputs, "digest": "forgotten"})


def changed(workspace: Workspace, outputs: dict[str, str]) -> list[Path]:
    """Those files that a step wrote and that are gone or different now."""
    paths = {workspace.root / name: sha256 for name, sha256 in outputs.items()}
    return [path for path, sha256 in paths.items() if not path.exists() or file_sha256(path) != sha256]


SUFFIX = ".manifest.json"
