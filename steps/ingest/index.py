"""The index: what every night has met, in one table of hashes and versions, so that no earlier night is read again.

It is derived: every row comes from a file of ``data/``, whose size, time and hash stand beside its rows. A file that is
not what it was (a killed night, a request to forget, a night that was run again, a copy that was brought back) is read
once more, alone; an index that is missing, damaged or of another version is made again of all.
"""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from steps.errors import SlumberError
from steps.ingest.index_file import IndexDamaged, index_path, opened_index, remove_index
from steps.ingest.tables import Tables
from steps.progress import progress
from steps.records import Carried, Experience, Probe, Triaged
from steps.workspace import Workspace, compact, each_record, file_sha256


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
        remove_index(index_path(workspace))  # it is made again when it is needed


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
