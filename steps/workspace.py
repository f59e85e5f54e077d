"""Where everything of a deployment lies, and how files are written: atomically, with a manifest last.

<root>/data/<dataset>/<night>.jsonl      datasets, one file per night, versioned by DVC
<root>/.slumber/nights/<night>/          work of a night: teacher labels, checkpoints, adapter, examination, report
<root>/.slumber/{mlflow,dagster,dvc}/    stores of the three tools
<root>/.slumber/deep/<night>/            the same of a deep sleep
<root>/.slumber/index.db                 what was met, by hash and version; made of the datasets
"""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import filelock

from steps.errors import NightRunning, SlumberError
from steps.records import Record

R = TypeVar("R", bound=Record)

NIGHTS, DEEP = "nights", "deep"
VERDICT, PROMOTION, BEGUN = "verdict.json", "promotion.json", "begun.json"  # in a night's folder
TENANTS = "tenants"  # where their workspaces lie
NIGHT_BYTES = 500_000_000  # checkpoint and adapter of a small model, with room

DATASETS = (
    "corpus",
    "probes",
    "quarantine",
    "ledger",
    "triage",
    "carried",
    "dreams",
    "holdouts",
    "unseen",
    "forgotten",
)


@dataclass(frozen=True)
class Workspace:
    """All paths of one deployment; several workspaces live side by side.

    ``work``: the folder of the nights' own work; a deep sleep has another one, and the same data.
    """

    root: Path
    work: str = NIGHTS

    def of(self, work: str) -> "Workspace":
        """The same workspace with the nights' own work, or that of deep sleeps (NIGHTS, DEEP)."""
        return replace(self, work=work)

    def of_tenant(self, name: str) -> "Workspace":
        """The workspace of a tenant of this deployment, whether or not there is one (``steps.tenants``)."""
        return Workspace(self.root / TENANTS / name)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def state(self) -> Path:
        return self.root / ".slumber"

    def dataset(self, name: str, night: str) -> Path:
        assert name in DATASETS, name
        return self.data / name / f"{night}.jsonl"

    def nights(self, name: str, *, before: str | None = None) -> list[str]:
        """Nights that have a file in dataset ``name``, oldest first; ``before`` excludes that night and later ones."""
        found = sorted(path.stem for path in (self.data / name).glob("????-??-??.jsonl"))
        return [night for night in found if before is None or night < before]

    def night_dir(self, night: str) -> Path:
        """Folder of what the steps of a night leave beside the datasets."""
        return self.state / self.work / night

    def manifest(self, night: str, step: str) -> Path:
        return self.night_dir(night) / f"{step}.manifest.json"

    @contextmanager
    def lock(self, night: str) -> Iterator[None]:
        """Hold the workspace for one night. The kernel frees the lock when the process dies.

        Raises:
            NightRunning: another process holds it.
        """
        holder = self.state / "night.holder"

        def refused() -> NightRunning:
            who = holder.read_text() if holder.exists() else "another night"
            return NightRunning(f"{who} is running in {self.root}: wait for it to end, then try again.")

        with held_alone(self.state / "night.lock", refused):
            try:
                holder.write_text(f"night {night} (process {os.getpid()})")
                yield
            finally:
                holder.unlink(missing_ok=True)


@contextmanager
def held_alone(path: Path, refused: Callable[[], SlumberError]) -> Iterator[None]:
    """Hold a lock that no other process holds. The kernel frees it when the process dies.

    Raises:
        SlumberError: another one does; what ``refused`` returns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise refused() from None
    try:
        yield
    finally:
        lock.release()


def check_night(night: str) -> str:
    """Return ``night`` if it is a date such as 2026-11-22, else raise SlumberError."""
    try:
        if date.fromisoformat(night).isoformat() == night:
            return night
    except ValueError:
        pass
    raise SlumberError(f"{night!r} is not a night: write it as a date such as 2026-11-22.")


_UMASK = os.umask(0o077)  # there is no other way to ask for it
os.umask(_UMASK)


HALF_WRITTEN = ".*.part"
"""What files are called while they are written (``atomic_path``): one that stays is of a process that was killed."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside ``path`` that replaces it, fsynced, if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_UMASK)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write one JSON object a line, atomically; an empty dataset is an empty file."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.writelines(record.to_json() + "\n" for record in records)


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read a dataset file; a missing file raises SlumberError, for a missing file is not an empty one."""
    return [record for _, record in each_record(path, kind)]


def each_record(path: Path, kind: type[R], *, holding: Sequence[str] = ()) -> Iterator[tuple[int, R]]:
    """Yield the records of a dataset file one by one, each with the byte at which its line begins.

    ``holding``: only of lines that have one of these in them, as it stands in the file; none of the others is parsed.

    Raises:
        SlumberError: the file is missing.
    """
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise SlumberError(f"{path} is missing: run the step that writes it first (see `slumber --help`).") from None
    place, wanted = 0, [text.encode() for text in holding]
    with stream:
        for line in stream:
            if (not wanted or any(some in line for some in wanted)) and (text := line.decode().rstrip("\n")):
                yield place, kind.from_json(text)
            place += len(line)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files and their relative names."""
    digest = hashlib.sha256()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def look_of(status: os.stat_result) -> tuple[int, int, int]:
    """What tells without reading a file that it is as it was: which one it is, its size, and when it was written."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def compact(database: Path) -> None:
    """Rewrite a SQLite file, so that what was deleted or replaced in it is gone from the disk, too.

    Raises:
        SlumberError: somebody else uses it.
    """
    try:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise SlumberError(
            f"{database} cannot be rewritten ({error}): stop whatever uses it, `slumber ui` perhaps, then try again."
        ) from None


def home_folder() -> Path:
    """Return the user's home folder.

    Raises:
        SlumberError: there is none, as in a container whose user has no entry in /etc/passwd; MLflow needs one, too.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise SlumberError("This user has no home folder: set HOME to a folder that can be written.") from None


def check_space(path: Path, *, needed_bytes: int) -> None:
    """Raise SlumberError unless the disk of ``path`` has ``needed_bytes`` free."""
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    if free < needed_bytes:
        raise SlumberError(
            f"The disk of {path} has {free / 1e9:.1f} GB free, a night needs {needed_bytes / 1e9:.1f} GB: "
            "free some space and run the night again; nothing was changed."
        )
