"""Copy what earlier nights left into another workspace, so that a night can be reproduced beside the real one."""

import shutil

from steps.errors import SlumberError
from steps.workspace import DATASETS, Workspace, atomic_path, check_night, file_sha256, write_json


def copy_earlier(*, source: Workspace, target: Workspace, night: str) -> dict[str, str]:
    """Make ``target`` hold the datasets and verdicts of ``source``'s nights before ``night``, and no others.

    Returns the SHA-256 by path in the workspace, and writes the same to ``<target>/.slumber/earlier.json``, on which
    stages of dvc.yaml depend.

    Raises:
        SlumberError: both are the same workspace, or a versioned file is not in ``source`` just now.
    """
    check_night(night)
    if source.root.resolve() == target.root.resolve():
        raise SlumberError(f"{source.root} cannot be copied into itself: name another workspace.")
    files = []
    for name in DATASETS:
        for sidecar in sorted((source.data / name).glob("????-??-??.jsonl.dvc")):
            of = sidecar.name.removesuffix(".jsonl.dvc")
            if of < night and not source.dataset(name, of).is_file():
                raise SlumberError(f"{source.dataset(name, of)} is not here: run `slumber data {of}` first.")
        files += [source.dataset(name, of) for of in source.nights(name, before=night)]
    nights = source.state / "nights"
    files += [path for path in sorted(nights.glob("????-??-??/verdict.json")) if path.parent.name < night]
    copied = {path.relative_to(source.root).as_posix(): file_sha256(path) for path in files}
    for path in _earlier_files(target, night):
        if path.relative_to(target.root).as_posix() not in copied:
            path.unlink()
    for name in copied:
        with atomic_path(target.root / name) as temporary:
            shutil.copyfile(source.root / name, temporary)
    write_json(target.state / "earlier.json", copied)
    return copied


def _earlier_files(workspace: Workspace, night: str) -> list:
    found = [workspace.dataset(name, of) for name in DATASETS for of in workspace.nights(name, before=night)]
    verdicts = (workspace.state / "nights").glob("????-??-??/verdict.json")
    return found + [path for path in verdicts if path.parent.name < night]
