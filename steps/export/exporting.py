"""Write a version out for another program, whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from steps.errors import SlumberError, full_disk_told
from steps.export import gguf_file, merged, peft_folder
from steps.export.source import Source, source_of
from steps.registry import Registry, Version, reading
from steps.settings import Settings
from steps.workspace import Workspace, check_space

Target = Literal["vllm", "llama.cpp", "transformers", "peft"]
TARGETS: tuple[Target, ...] = get_args(Target)
_WRITERS: dict[Target, Callable[[Source, Path, Path], str]] = {
    "vllm": peft_folder.for_vllm,
    "peft": peft_folder.for_peft,
    "transformers": merged.for_transformers,
    "llama.cpp": gguf_file.for_llama_cpp,
}


@dataclass(frozen=True)
class Exported:
    """What was written where. ``command``: what serves it, or what is still to be done, as text for the user."""

    version: Version
    folder: Path
    command: str


def export(
    settings: Settings, workspace: Workspace, target: Target, out: Path, *, number: str | None = None
) -> Exported:
    """Write the champion, or version ``number``, into the new folder ``out`` for ``target``.

    The adapter's digest is checked against what was registered. The folder appears when it is complete.

    Raises:
        SlumberError: something stands at ``out``, the version may not be given away (deleted, to be forgotten), its
            files are not those that were registered, the disk is full, or the target cannot serve it.
    """
    out = out.expanduser().absolute()
    if os.path.lexists(out):
        raise SlumberError(f"{out} stands there already: name a folder that does not exist.")
    registry = Registry(settings, workspace)
    version = _version(registry, number)
    folder = out.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise SlumberError(f"{folder} is no folder that can be written: name another place than {out}.")
    made = [parent for parent in (out.parent, *out.parent.parents) if not parent.exists()]
    with full_disk_told(), _unless_finished(made):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
            source = source_of(registry, version, settings, Path(scratch) / "adapter")
            check_space(out.parent, needed_bytes=source.needed_bytes(merged=target in ("transformers", "llama.cpp")))
            work = Path(scratch) / "out"
            work.mkdir()
            command = _WRITERS[target](source, work, out)
            _on_disk(work)
            if os.path.lexists(out):
                raise SlumberError(f"{out} came to be meanwhile: nothing was written there.")
            os.rename(work, out)
    return Exported(version, out, command)


def _version(registry: Registry, number: str | None) -> Version:
    version = reading.version(registry, number) if number is not None else reading.champion(registry)
    if version is None:
        raise SlumberError(f"The registry {registry.name!r} is empty: run a night first.")
    if version.must_forget:
        raise SlumberError(
            f"Version {version.version} has learned what was to be forgotten on request: it is not given away."
        )
    if version.withdrawn_at:
        raise SlumberError(
            f"Version {version.version} was taken back for serving people worse: let it serve again first "
            f"(`slumber rollback {version.version}`)."
        )
    if number is None or "champion" in version.aliases or "promoted_at" in version.tags or version.is_night_zero:
        return version
    raise SlumberError(
        f"Version {version.version} ({version.verdict}) never served here: the gate, or a person, decides that first "
        "(`slumber history`)."
    )


class _unless_finished:
    """Remove folders that were made on the way, if the block fails."""

    def __init__(self, folders: list[Path]):
        self._folders = folders

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for folder in self._folders if kind is not None else ():
            shutil.rmtree(folder, ignore_errors=True) if not any(folder.iterdir()) else None


def _on_disk(folder: Path) -> None:
    """Make sure that all files are on the disk before the folder gets its name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            path.chmod(0o644)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
