"""The files of a night with their hashes, and whether they still are what the step wrote."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from steps.manifest import StepRecord
from steps.workspace import DATASETS, Workspace, file_sha256

State = Literal["as written", "changed", "gone", "origin unknown"]


@dataclass(frozen=True)
class NightFile:
    """``sha256`` is None where the file is gone; ``md5`` is DVC's, None where it was not versioned.

    ``state``: as written, changed after its step wrote it, gone, or of unknown origin (no finished step names it).
    """

    name: str
    step: str | None
    sha256: str | None
    md5: str | None
    records: int | None
    state: State


def files_of(workspace: Workspace, *, night: str, manifests: dict[str, StepRecord | None]) -> list[NightFile]:
    """Return the night's datasets first, then what else its steps wrote (but for ingest: validate passes that on)."""
    done = {step: manifest for step, manifest in manifests.items() if manifest and step != "ingest"}
    written = {name: (step, sha) for step, manifest in done.items() for name, sha in manifest.outputs.items()}
    datasets = [workspace.dataset(name, night) for name in DATASETS]
    names = [str(path.relative_to(workspace.root)) for path in datasets if path.is_file()]
    return [_look(workspace, name, *written.get(name, (None, None))) for name in dict.fromkeys([*names, *written])]


def _look(workspace: Workspace, name: str, step: str | None, sha256: str | None) -> NightFile:
    path = workspace.root / name
    now = file_sha256(path) if path.exists() else None
    state: State
    if now is None:
        state = "gone"
    elif step is None:
        state = "origin unknown"
    else:
        state = "as written" if now == sha256 else "changed"
    return NightFile(name=name, step=step, sha256=now, md5=_md5(path), records=_lines(path), state=state)


def _lines(path: Path) -> int | None:
    if path.suffix != ".jsonl" or not path.is_file():
        return None
    with path.open("rb") as stream:
        return sum(bool(line.strip()) for line in stream)


def _md5(path: Path) -> str | None:
    """Return the MD5 in DVC's sidecar; a page that only tells need not ask DVC for it."""
    try:
        return str(yaml.safe_load(path.with_name(f"{path.name}.dvc").read_text(encoding="utf-8"))["outs"][0]["md5"])
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, IndexError, TypeError):
        return None
