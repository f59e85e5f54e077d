"""Where notes lie: one SQLite file for each tenant, of which nothing is left of what was deleted.

Deleted rows are overwritten (``secure_delete``, of the table and of the words' index), the journal is removed with each
change, and ``Memory.compact`` writes the file anew. Python's own sqlite3 may be built without extensions, so apsw is
taken.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.memory.store import Memory
from steps.workspace import Workspace

VERSION = 1
_WAIT_MS = 10_000  # for another process that writes
_SCHEMA = f"""
CREATE TABLE notes (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, page TEXT NOT NULL, experience TEXT, owner TEXT,
    until TEXT, why TEXT NOT NULL, note TEXT NOT NULL, vector BLOB NOT NULL);
CREATE INDEX notes_by_page ON notes (page);
CREATE INDEX notes_by_experience ON notes (experience);
CREATE INDEX notes_by_end ON notes (until) WHERE until IS NOT NULL;
CREATE VIRTUAL TABLE words USING fts5 (said, tokenize = 'porter unicode61');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
CREATE TABLE pages (page TEXT PRIMARY KEY, night TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nights (night TEXT PRIMARY KEY, with_persisted INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE gone (id TEXT PRIMARY KEY) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


def memory_path(workspace: Workspace, tenant: str | None) -> Path:
    """Where the notes of a tenant lie; those of everybody without one."""
    folder = workspace.state / "memory"
    return folder / "tenants" / f"{tenant}.db" if tenant else folder / "shared.db"


def memory_paths(workspace: Workspace) -> list[Path]:
    """The files of all tenants."""
    return sorted((workspace.state / "memory").rglob("*.db"))


@contextmanager
def opened(path: Path) -> Iterator[Memory]:
    """Open the notes in ``path``, which is made if it is not there. What a block that fails has changed is taken back.

    Raises:
        SlumberError: it is damaged, of a newer version, cannot be written, or somebody writes for long.
    """
    import apsw
    import sqlite_vec

    for folder in dict.fromkeys((path.parent.parent, path.parent) if path.parent.name == "tenants" else (path.parent,)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    if not path.exists():
        path.touch(0o600)
    try:
        connection = apsw.Connection(str(path))
        try:
            connection.set_busy_timeout(_WAIT_MS)
            connection.enable_load_extension(True)
            connection.load_extension(sqlite_vec.loadable_path())
            connection.enable_load_extension(False)
            # Journals in files that are removed, and none beside them: what was deleted is in no other file.
            connection.execute("PRAGMA secure_delete = ON; PRAGMA journal_mode = DELETE; PRAGMA temp_store = MEMORY")
            _make(connection, path)
            yield Memory(connection)
        finally:
            connection.close()
    except apsw.BusyError:
        raise SlumberError(f"Somebody else writes to {path}: try again in a moment.") from None
    except (apsw.CorruptError, apsw.NotADBError):
        raise SlumberError(f"{path} is damaged: restore it, or remove it and run `slumber remember`.") from None
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError, apsw.FullError) as error:
        raise SlumberError(f"{path} cannot be written ({error}): mend the disk or its permissions.") from None


def _make(connection: Any, path: Path) -> None:
    with connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise SlumberError(f"{path} is of a newer Slumber ({version}, this one knows {VERSION}): install that.")
        if version == 0:
            connection.execute(_SCHEMA)
