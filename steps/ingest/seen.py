"""Records by the hash of their bytes: what came as it is before is known before it is redacted and read.

The hash is keyed with the deployment's key, which lies apart: a record that differs from what is stored in a secret
alone could else be found by trying secrets until the hash is right. It stands for the very file, bytes, limits and code
that made an experience of it, and says only which; whether that holds still is asked each time.
"""

import hashlib
from pathlib import Path

from steps.code import code_sha256
from steps.deployment_key import read_key
from steps.ingest.tables import Tables
from steps.records import content_id
from steps.settings import IngestSettings

_BATCH = 5_000


class Seen:
    """What came before, and what comes tonight. Without a key nothing is known, and nothing is kept."""

    def __init__(self, tables: Tables, key_file: Path, settings: IngestSettings):
        self._tables = tables
        self._new: list[tuple[bytes, str]] = []
        self._key = read_key(key_file)[:64] if key_file.exists() else None
        if self._key is None:
            return
        how = content_id(
            code_sha256("steps.ingest.prepare"),
            code_sha256("steps.ingest.readers"),
            settings.model_dump(mode="json", exclude={"traces", "experiments", "trace_days"}),
            hashlib.blake2b(b"which key", key=self._key).hexdigest(),
        )
        execute = tables.connection.execute
        if execute("SELECT value FROM meta WHERE name = 'seen'").fetchone() != (how,):
            execute("DELETE FROM seen")
            execute("INSERT OR REPLACE INTO meta VALUES ('seen', ?)", (how,))

    def hash_of(self, file: str, raw: bytes) -> bytes:
        """Return the keyed hash of a record in its file; empty without a key."""
        if self._key is None:
            return b""
        digest = hashlib.blake2b(file.encode() + b"\0", key=self._key, digest_size=16, person=b"slumber record")
        digest.update(raw)
        return digest.digest()

    def known(self, hash_: bytes) -> str | None:
        """Return the id of what such a record was, if it came before."""
        row = self._tables.connection.execute("SELECT id FROM seen WHERE raw = ?", (hash_,)).fetchone()
        return row[0] if row else None

    def add(self, hash_: bytes, number: str) -> None:
        """Keep that such a record is the experience or probe ``number``."""
        if hash_:
            self._new.append((hash_, number))
        if len(self._new) >= _BATCH:
            self.write()

    def write(self) -> None:
        """Enter what was added."""
        self._tables.connection.executemany("INSERT OR REPLACE INTO seen VALUES (?,?)", self._new)
        self._new.clear()
