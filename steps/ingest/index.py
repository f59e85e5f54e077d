"""The index: what every night has met, in one table of hashes and versions, so that no earlier night is read again.

It is derived: every row comes from a file of ``data/``, whose size, time and hash stand beside its rows. A file that is
not what it was (a killed night, a request to forget, a night that was run again, a copy that was brought back) is read
once more, alone; an index that is missing, damaged or of another version is made again of all. It lies in the state of
the workspace, readable for its owner alone.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

from steps.errors import SlumberError
from steps.ingest.tables import SCHEMA, Tables
from steps.progress import progress
from steps.records import Carried, Experience, Probe, Triaged
from steps.workspace import Workspace, compact, each_record, file_sha256

VERSION = "8"
_CACHE_KIB = 200_000
_WAIT_SECONDS = 30


class IndexDamaged(SlumberError):
    """The index was damaged, and is removed."""


def index_path(workspace: Workspace) -> Path:
    """Where the index lies."""
    return workspace.state / "index.db"


@contextmanager
def opened_index(workspace: Workspace) -> Iterator[Tables]:
    """Yield the index as it is on the disk; what is written in the block stays only if the block succeeds.

    Raises:
        IndexDamaged: it turned out to be damaged in the block.
        SlumberError: it cannot be opened or written.
    """
    path = index_path(workspace)
    connection = _connected(path)
    try:
        with closing(connection):
            yield Tables(connection)
            connection.commit()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not _damaged(error):
            raise SlumberError(
                f"The index {path} cannot be used ({error}): free some space, or wait for the other process that uses "
                "it, then run the night again; nothing was changed."
            ) from None
        _remove(path)
        raise IndexDamaged(
            f"The index {path} was damaged and is removed ({error}): run the night again, which makes it anew of the "
            "corpus; nothing else was changed."
        ) from None


def in_memory() -> Tables:
    """Return empty tables for what a night takes in; what does not fit into memory goes into a private file."""
    connection = sqlite3.connect("")
    connection.executescript(SCHEMA)
    return Tables(connection)


def update_index(workspace: Workspace, *, until: str) -> list[tuple[str, str, str]]:
    """Bring the index up to the files of all nights up to ``until``; return each dataset, night and hash.

    Only files that are not what the index was made of are read; of a damaged index, all.

    Raises:
        SlumberError: a file cannot be read, or the index cannot be written.
    """
    try:
        return _updated(workspace, until)
    except IndexDamaged:
        return _updated(workspace, until)


def met_before(workspace: Workspace, night: str, *datasets: str) -> list[tuple[str, str, str]]:
    """Bring the index up to the nights before ``night``; return what of ``datasets`` is in it: name, night and hash."""
    found = update_index(workspace, until=str(date.fromisoformat(night) - timedelta(days=1)))
    return [one for one in found if one[0] in datasets]


def _updated(workspace: Workspace, until: str) -> list[tuple[str, str, str]]:
    with opened_index(workspace) as tables:
        there = {(name, night): workspace.dataset(name, night) for name in _READERS for night in workspace.nights(name)}
        for name, day in _known(tables):
            if (name, day) not in there:
                tables.remove(name, _number(day))
        stale = {key: path for key, path in there.items() if key[1] <= until and not _is_as_it_was(tables, *key, path)}
        if stale:
            _read_all(tables, stale)
        rows = tables.connection.execute("SELECT dataset, night, sha256 FROM files ORDER BY night, dataset").fetchall()
    found = [(name, date.fromordinal(day).isoformat(), sha256) for name, day, sha256 in rows]
    return [one for one in found if one[1] <= until]


def _read_all(tables: Tables, stale: dict[tuple[str, str], Path]) -> None:
    with progress("reading nights into the index (bytes)", sum(p.stat().st_size for p in stale.values())) as meter:
        for (name, night), path in stale.items():
            _read(tables, name, night, path)
            tables.connection.commit()  # a night read is read, whatever becomes of the next
            meter.advance(path.stat().st_size)


def forget_in_index(workspace: Workspace, ids: set[str]) -> None:
    """Take out what was forgotten, after the datasets were rewritten, and every trace of it on the disk."""
    if not index_path(workspace).exists():
        return
    try:
        with opened_index(workspace) as tables:
            gone = json.dumps(sorted(ids))
            tables.connection.execute("DELETE FROM seen WHERE id IN (SELECT value FROM json_each(?))", (gone,))
        update_index(workspace, until="9999-12-31")
        compact(index_path(workspace))
    except SlumberError:
        _remove(index_path(workspace))  # it is made again when it is needed


def _connected(path: Path) -> sqlite3.Connection:
    """Return a connection to the index, made anew if it is none of this version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for _ in range(2):
        connection = sqlite3.connect(path, timeout=_WAIT_SECONDS)
        try:
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute("PRAGMA secure_delete = ON")  # what was forgotten leaves no bytes in freed pages
            if _version(connection) == VERSION:
                return connection
            if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                connection.executescript(f"BEGIN; {SCHEMA} INSERT INTO meta VALUES ('version', '{VERSION}'); COMMIT;")
                return connection
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                connection.close()
                raise SlumberError(f"The index {path} cannot be opened ({error}): see who may write there.") from None
        connection.close()
        _remove(path)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    raise SlumberError(f"The index {path} cannot be made: remove it and run the night again.")


def _version(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
    except sqlite3.OperationalError as error:
        if "no such" in str(error):
            return None
        raise
    return row[0] if row else None


def _damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is at fault, and not a full disk, a lock or missing rights."""
    return not isinstance(error, sqlite3.OperationalError) or "malformed" in str(error) or "no such" in str(error)


def _remove(path: Path) -> None:
    for name in (path, path.with_name(f"{path.name}-journal"), path.with_name(f"{path.name}-wal")):
        name.unlink(missing_ok=True)


def _known(tables: Tables) -> list[tuple[str, str]]:
    rows = tables.connection.execute("SELECT dataset, night FROM files").fetchall()
    return [(name, date.fromordinal(day).isoformat()) for name, day in rows]


def _is_as_it_was(tables: Tables, name: str, night: str, path: Path) -> bool:
    """Whether the rows of a file are of what it holds now: by its size and time, or else by its hash."""
    query = "SELECT size, mtime, sha256 FROM files WHERE dataset = ? AND night = ?"
    known = tables.connection.execute(query, (name, _number(night))).fetchone()
    if known is None:
        return False
    found = path.stat()
    if (found.st_size, found.st_mtime_ns) == known[:2]:
        return True
    if found.st_size != known[0] or file_sha256(path) != known[2]:
        return False
    change = "UPDATE files SET mtime = ? WHERE dataset = ? AND night = ?"
    tables.connection.execute(change, (found.st_mtime_ns, name, _number(night)))
    return True


def _read(tables: Tables, name: str, night: str, path: Path) -> None:
    before, sha256 = path.stat(), file_sha256(path)
    tables.remove(name, _number(night))
    _READERS[name](tables, _number(night), path)
    row = (name, _number(night), before.st_size, before.st_mtime_ns, sha256)
    tables.connection.execute("INSERT INTO files VALUES (?,?,?,?,?)", row)


def _corpus(tables: Tables, night: int, path: Path) -> None:
    for seq, (place, experience) in enumerate(each_record(path, Experience)):
        tables.add(experience, night=night, seq=seq, place=place)


def _probes(tables: Tables, night: int, path: Path) -> None:
    for seq, (_, probe) in enumerate(each_record(path, Probe)):
        tables.ask(probe, night=night, seq=seq)


def _triage(tables: Tables, night: int, path: Path) -> None:
    rows = [row for _, row in each_record(path, Triaged)]
    tables.leave_out((row.experience for row in rows if row.verdict != "persist" or row.waits), night=night)
    tables.hold(((one.experience, one.sentence) for row in rows for one in row.held), night=night)


def _carried(tables: Tables, night: int, path: Path) -> None:
    rows = (row for _, row in each_record(path, Carried))
    tables.carry(((row.experience, number) for row in rows for number in row.waiting), night=night)


_READERS: dict[str, Callable[[Tables, int, Path], None]] = {
    "corpus": _corpus,
    "probes": _probes,
    "triage": _triage,
    "carried": _carried,
}


def _number(night: str) -> int:
    return date.fromisoformat(night).toordinal()
