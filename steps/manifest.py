"""A step is done when its manifest exists and matches: same inputs and parameters in, same files out."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from steps.records import content_id
from steps.workspace import Workspace, file_sha256, write_json

_STEPS = Path(__file__).resolve().parent


class StepRecord(BaseModel):
    """What a finished step says of itself: the manifest's content.

    ``figures`` are counts and measurements worth showing; ``seconds`` is the wall time of the run that did the work.
    """

    model_config = ConfigDict(frozen=True)

    step: str
    night: str
    digest: str
    outputs: dict[str, str]
    figures: dict[str, Any]
    seconds: float
    reused: bool = False


def step_digest(*, parameters: Any, inputs: Iterable[Path]) -> str:
    """Digest of what a step depends on: its parameters and the content of its input files (missing ones count too)."""
    files = [(path.name, file_sha256(path) if path.exists() else None) for path in inputs]
    return content_id(parameters, files)


def run_once(
    workspace: Workspace,
    *,
    night: str,
    step: str,
    digest: str,
    outputs: Iterable[Path],
    work: Callable[[], dict[str, Any]],
) -> StepRecord:
    """Do ``work`` unless a manifest says that it is done with the same digest and code, and its outputs are untouched.

    ``work`` writes the outputs and returns its figures. The manifest is removed first and written last, so that its
    existence means that the step finished.
    """
    path, outputs = workspace.manifest(night, step), list(outputs)
    digest = content_id(digest, code_sha256(step))
    done = read_manifest(workspace, night=night, step=step)
    if done and done.digest == digest and all(_untouched(workspace, name, sha) for name, sha in done.outputs.items()):
        return done.model_copy(update={"reused": True})
    path.unlink(missing_ok=True)
    start = time.perf_counter()
    figures = work()
    record = StepRecord(
        step=step,
        night=night,
        digest=digest,
        outputs={str(p.relative_to(workspace.root)): file_sha256(p) for p in outputs if p.exists()},
        figures=figures,
        seconds=time.perf_counter() - start,
    )
    write_json(path, record.model_dump())
    return record


def code_sha256(step: str | None = None) -> str:
    """Digest of the Python sources of one step and of the model code below it, or of all steps."""
    folders = [_STEPS / step, _STEPS / "model"] if step else [_STEPS]
    sources = sorted(p for folder in folders for p in folder.rglob("*.py"))
    return content_id([(p.relative_to(_STEPS).as_posix(), file_sha256(p)) for p in sources])


def read_manifest(workspace: Workspace, *, night: str, step: str) -> StepRecord | None:
    """Return the finished step's record, or None if it did not finish."""
    path = workspace.manifest(night, step)
    try:
        return StepRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _untouched(workspace: Workspace, name: str, sha256: str) -> bool:
    path = workspace.root / name
    return path.exists() and file_sha256(path) == sha256
