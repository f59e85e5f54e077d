"""The DVC repository of a workspace: made on first use, opened once per call.

The Python API ``dvc.repo.Repo`` is DVC's own and unversioned; only ``init``, ``add``, ``push``, ``pull`` and ``config``
of it are used, all of them here and in ``versions.py``.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import filelock

from steps.datasets.failures import import_dvc, translate_errors
from steps.errors import SlumberError
from steps.settings import Settings
from steps.workspace import Workspace, write_text

T = TypeVar("T")

REMOTE = "slumber"
LOCK_SECONDS = 60.0
# One Repo shared by two threads breaks: its lock is not re-entrant across them.
_one_at_a_time = threading.Lock()


@contextmanager
def opened(workspace: Workspace, *, settings: Settings | None, doing: str) -> Iterator[Any]:
    """Yield the ``dvc.repo.Repo`` of ``workspace``, initialised and with a default remote.

    Args:
        settings: they name the remote; None leaves a configured remote as it is.
        doing: what the block does, the first words of an error's sentence.

    Raises:
        SlumberError: DVC is missing, its repository is broken or stays locked, or whatever DVC raises in the block.
    """
    repo_class = import_dvc()
    with _one_at_a_time, translate_errors(doing, root=workspace.root), _lock(workspace):
        _initialise(workspace)
        with repo_class(str(workspace.root)) as repo:
            _configure(repo, workspace=workspace, settings=settings)
        with repo_class(str(workspace.root)) as repo:  # a Repo reads its configuration once
            yield repo


def patiently(call: Callable[[], T]) -> T:
    """Return ``call()``, waiting up to LOCK_SECONDS while another DVC command holds the repository's lock."""
    from dvc.lock import LockError

    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return call()
        except LockError:  # raised after three seconds of DVC's own waiting
            if time.monotonic() > deadline:
                raise


@contextmanager
def _lock(workspace: Workspace) -> Iterator[None]:
    workspace.state.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(workspace.state / "datasets.lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise SlumberError(
            f"Another process is versioning the datasets of {workspace.root}: wait for it to end, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _initialise(workspace: Workspace) -> None:
    """Do what `dvc init` does but its `git add`; like `--subdir` inside a checkout, like `--no-scm` without one."""
    from dvc.repo import Repo

    folder = workspace.root / ".dvc"
    # Never ask Repo whether it exists: from a folder without .dvc it climbs up to somebody else's repository.
    if (folder / "config").is_file():
        return
    if (folder / "cache").exists():
        raise SlumberError(f"{folder} holds data but no config: restore {folder / 'config'}, then try again.")
    ignore = workspace.root / ".dvcignore"
    kept = ignore.read_text(encoding="utf-8") if ignore.exists() else None
    repo = Repo.init(str(workspace.root), no_scm=True, force=True)
    if kept is not None:
        write_text(ignore, kept)
    git = _wanted_by_git(folder)
    with repo, repo.config.edit("repo") as config:
        config["core"].update(autostage=False, analytics=False)
        if git:
            del config["core"]["no_scm"]
    if git and not (workspace.state / ".gitignore").exists():
        write_text(workspace.state / ".gitignore", "*\n")


def _wanted_by_git(folder: Path) -> bool:
    """Whether ``folder`` lies in a git checkout that does not ignore it. Needs no git executable."""
    from dvc.scm import SCM, SCMError

    try:
        scm = SCM(str(folder.parent), search_parent_directories=True)
    except SCMError:
        return False
    try:
        return not scm.is_ignored(str(folder))
    finally:
        scm.close()


def _configure(repo: Any, *, workspace: Workspace, settings: Settings | None) -> None:
    """Set the default remote in .dvc/config.local, which is never committed.

    The settings' remote comes first, then a default that the user configured, then a folder of the workspace.
    """
    local = repo.config.load_one("local")
    chosen = local.get("core", {}).get("remote")
    wanted = settings.datasets.remote if settings else None
    if wanted is None:
        levels = ("system", "global", "repo")
        theirs = any(repo.config.load_one(level).get("core", {}).get("remote") for level in levels)
        if chosen not in (None, REMOTE) or (chosen is None and theirs) or (chosen and settings is None):
            return
        if theirs:
            with repo.config.edit("local") as config:
                del config["core"]["remote"]
            return
    url = _url(wanted, folder=settings.folder if settings else workspace.root, default=workspace.state / "dvc-remote")
    known = local.get("remote", {}).get(REMOTE, {}).get("url")
    if chosen == REMOTE and known and os.path.normpath(known) == os.path.normpath(url):
        return
    with repo.config.edit("local") as config:
        config["remote"][REMOTE] = {**config["remote"].get(REMOTE, {}), "url": url}
        config["core"]["remote"] = REMOTE


def _url(remote: str | None, *, folder: Path, default: Path) -> str:
    """The remote's address; a relative path starts at the settings' ``folder``."""
    from dvc.config_schema import RelPath

    if remote is None:
        return RelPath(default.absolute())  # kept relative in the file: the workspace may be moved
    return remote if "://" in remote else str((folder / Path(remote).expanduser()).absolute())
