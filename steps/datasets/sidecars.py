"""What DVC's files beside the datasets say, read without DVC."""

import hashlib
from pathlib import Path

import yaml

from steps.errors import SlumberError
from steps.workspace import DATASETS, Workspace


def current_hashes(workspace: Workspace, night: str) -> dict[str, str]:
    """Return the MD5 by dataset that the sidecars of ``night`` hold; empty if the night was never versioned.

    Raises:
        SlumberError: a sidecar is damaged.
    """
    sidecars = {name: sidecar_of(workspace.dataset(name, night)) for name in DATASETS}
    return {name: _md5(path) for name, path in sidecars.items() if path.is_file()}


def sidecar_of(path: Path) -> Path:
    """Return where the version of a dataset's file is named."""
    return path.with_name(path.name + ".dvc")


def file_md5(path: Path) -> str:
    """Return the digest by which DVC knows a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _md5(sidecar: Path) -> str:
    try:
        return str(yaml.safe_load(sidecar.read_text(encoding="utf-8"))["outs"][0]["md5"])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, IndexError, TypeError):
        raise SlumberError(f"{sidecar} is damaged: restore it from git, or version its night again.") from None
