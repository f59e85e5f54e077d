"""The file of the index: how it is opened, what makes it damaged, and how it goes.

It lies in the state of the workspace, readable for its owner alone. One that is missing, damaged or of another version
is made anew, empty; ``steps.ingest.index`` fills it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from steps.errors import SlumberError
from steps.ingest.tables import SCHEMA, Tables
from steps.workspace import Workspace

_VERSION = "8"  # of the tables, and of what is read into them
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
        remove_index(path)
        raise IndexDamaged(
            f"The index {path} was damaged and is removed ({error}): run the night again, which makes it anew of the "
            "corpus; nothing else was changed."
        ) from None


def in_memory() -> Tables:
    """Return empty tables for what a night takes in; what does not fit into memory goes into a private file."""
    connection = sqlite3.connect("")
    connection.executescript(SCHEMA)
    return Tables(connection)


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
            if _version(connection) == _VERSION:
                return connection
            if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                connection.executescript(f"BEGIN; {SCHEMA} INSERT INTO meta VALUES ('version', '{_VERSION}'); COMMIT;")
                return connection
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                connection.close()
                raise SlumberError(f"The index {path} cannot be opened ({error}): see who may write there.") from None
        connection.close()
        remove_index(path)
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


def remove_index(path: Path) -> None:
    """Take it away, with what SQLite lays beside it: it is made again when it is needed."""
    for name in (path, path.with_name(f"{path.name}-journal"), path.with_name(f"{path.name}-wal")):
        name.unlink(missing_ok=True)
