"""Version, read and restore the dataset files of one night."""

from pathlib import Path

from steps.datasets.repository import opened, patiently
from steps.datasets.sidecars import current_hashes, file_md5, sidecar_of
from steps.errors import SlumberError
from steps.settings import Settings
from steps.workspace import DATASETS, Workspace, check_night, write_text


def version_night(*, settings: Settings, workspace: Workspace, night: str) -> dict[str, str]:
    """Put the dataset files of ``night`` under DVC and push them to the remote; return their MD5 by dataset.

    Running it again replaces the night's own versions; datasets that the night no longer has lose their sidecar. All or
    nothing: if the data does not reach the remote, the sidecars are as they were.

    Raises:
        SlumberError: the night has no dataset, DVC is missing or locked, the disk is full, the remote is out of reach.
    """
    check_night(night)
    files = {name: workspace.dataset(name, night) for name in DATASETS}
    present = {name: path for name, path in files.items() if path.is_file()}
    if not present:
        raise SlumberError(f"Night {night} has no datasets in {workspace.data}: run the night first.")
    before = {sidecar_of(path): _text(sidecar_of(path)) for path in files.values()}
    try:
        with opened(workspace, settings=settings, doing=f"Versioning the datasets of {night}") as repo:
            for name in files.keys() - present.keys():
                sidecar_of(files[name]).unlink(missing_ok=True)
            patiently(lambda: repo.add([str(path) for path in present.values()]))
            patiently(lambda: repo.push(targets=[str(sidecar_of(path)) for path in present.values()]))
    except BaseException:
        for sidecar, text in before.items():
            if text is None:
                sidecar.unlink(missing_ok=True)
            elif _text(sidecar) != text:
                write_text(sidecar, text)
        raise
    return current_hashes(workspace, night)


def changed_nights(workspace: Workspace) -> list[str]:
    """Return the versioned nights whose files are no longer what their sidecars name, or have none yet."""
    nights = sorted({path.name[:10] for path in workspace.data.glob("*/????-??-??.jsonl.dvc")})
    return [night for night in nights if _changed(workspace, night)]


def _changed(workspace: Workspace, night: str) -> bool:
    known = current_hashes(workspace, night)
    files = {name: workspace.dataset(name, night) for name in DATASETS}
    return any(path.is_file() and file_md5(path) != known.get(name) for name, path in files.items())


def restore_night(*, workspace: Workspace, night: str, settings: Settings | None = None) -> dict[str, str]:
    """Bring back the exact dataset files of ``night`` that its sidecars name; return their MD5 by dataset.

    Args:
        settings: name them in a fresh checkout, where no remote is configured yet.

    Raises:
        SlumberError: the night was never versioned, its data is gone or damaged, or a file here holds data that is not
            in DVC's cache, which restoring would lose.
    """
    check_night(night)
    wanted = current_hashes(workspace, night)
    if not wanted:
        raise SlumberError(f"Night {night} has no versioned datasets in {workspace.data}: see `slumber history`.")
    paths = {name: workspace.dataset(name, night) for name in wanted}
    stale = {name: path for name, path in paths.items() if not path.is_file() or file_md5(path) != wanted[name]}
    if stale:
        targets = [str(sidecar_of(path)) for path in stale.values()]
        with opened(workspace, settings=settings, doing=f"Restoring the datasets of {night}") as repo:
            patiently(lambda: repo.pull(targets=targets))
    for name, path in stale.items():
        if not path.is_file() or file_md5(path) != wanted[name]:
            path.unlink(missing_ok=True)  # DVC trusts a local remote's file names, and would leave damaged data here
            raise SlumberError(f"The stored copy of {path} is damaged: repair the DVC remote, or run the night again.")
    return wanted


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
