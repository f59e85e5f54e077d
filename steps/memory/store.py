"""The notes of one tenant: written, changed, dropped, and found by their words and by their meaning."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from steps.errors import SlumberError
from steps.memory.notes import Note

if TYPE_CHECKING:
    import numpy as np


class Near(NamedTuple):
    """A note that may answer, and how like the question it is (cosine, from -1 to 1)."""

    note: Note
    likeness: float


class Memory:
    """The notes of one tenant, on a connection of apsw."""

    def __init__(self, connection: Any):
        self.connection = connection

    def notes(self) -> list[Note]:
        """Return all notes, in the order in which they came."""
        return [_note(row) for row in self.connection.execute("SELECT note FROM notes ORDER BY n")]

    def find(self, start: str) -> Note:
        """Return the note whose id begins like this.

        Raises:
            SlumberError: there is none, or more than one.
        """
        rows = self.connection.execute("SELECT note FROM notes WHERE substr(id, 1, ?) = ?", (len(start), start))
        found = [_note(row) for row in rows] if start else []
        if len(found) != 1:
            many = f"{len(found)} notes begin with {start!r}: write more of the id."
            raise SlumberError(many if found else f"There is no note {start!r}: see `slumber memory list`.")
        return found[0]

    def add(self, note: Note, vector: "np.ndarray") -> None:
        """Write a note, or write it anew; its place and id stay."""
        values = (note.page, note.experience, note.owner, _iso(note.valid_until), note.why, note.to_json())
        self.connection.execute("DELETE FROM words WHERE rowid = (SELECT n FROM notes WHERE id = ?)", (note.id,))
        self.connection.execute(
            "INSERT INTO notes (page, experience, owner, until, why, note, vector, id) VALUES (?,?,?,?,?,?,?,?) "
            "ON CONFLICT (id) DO UPDATE SET page = excluded.page, experience = excluded.experience, "
            "owner = excluded.owner, until = excluded.until, why = excluded.why, note = excluded.note, "
            "vector = excluded.vector",
            (*values, vector.astype("<f4").tobytes(), note.id),
        )
        row = "INSERT INTO words (rowid, said) SELECT n, ? FROM notes WHERE id = ?"
        self.connection.execute(row, (note.said, note.id))
        self.connection.execute("DELETE FROM gone WHERE id = ?", (note.id,))

    def change(self, note: Note) -> None:
        """Write all of a note but its words and vector anew."""
        change = "UPDATE notes SET experience = ?, until = ?, why = ?, note = ? WHERE id = ?"
        values = (note.experience, _iso(note.valid_until), note.why, note.to_json(), note.id)
        self.connection.execute(change, values)

    def drop(self, ids: Iterable[str], *, for_good: bool = False) -> int:
        """Delete notes. ``for_good``: a night does not bring them back; their ids, which are hashes, stay for that."""
        count = 0
        for number in ids:
            self.connection.execute("DELETE FROM words WHERE rowid = (SELECT n FROM notes WHERE id = ?)", (number,))
            self.connection.execute("DELETE FROM notes WHERE id = ?", (number,))
            count += self.connection.changes()
            if for_good:
                self.connection.execute("INSERT OR IGNORE INTO gone VALUES (?)", (number,))
        return count

    def purge(self, today: date) -> int:
        """Delete what held until a day before ``today``."""
        rows = self.connection.execute("SELECT id FROM notes WHERE until < ?", (today.isoformat(),))
        return self.drop([row[0] for row in rows])

    def of_page(self, page: str) -> dict[str, Note]:
        """Return the notes of a page by their ids."""
        return {note.id: note for note in map(_note, self._where("page = ?", page))}

    def of_experiences(self, ids: Collection[str]) -> list[str]:
        """Return the ids of the notes that come from these experiences."""
        rows = self._where("experience IN (SELECT value FROM json_each(?))", json.dumps(sorted(ids)))
        return [_note(row).id for row in rows]

    def unsettled(self) -> list[Note]:
        """Return what was not in the weights when it came, and may be by now."""
        return [_note(row) for row in self._where("why IN ('waits', 'refused')")]

    def is_gone(self, number: str) -> bool:
        """Whether a note was forgotten for good."""
        return bool(self.connection.execute("SELECT 1 FROM gone WHERE id = ?", (number,)).fetchone())

    def by_meaning(
        self, vector: "np.ndarray", *, today: date, user: str | None, persisted: bool, most: int
    ) -> list[Near]:
        """Return the notes that are likest to a vector, the likest first; see ``by_words``."""
        rows = self.connection.execute(
            f"SELECT note, {_LIKENESS} AS likeness FROM notes WHERE {_MAY} ORDER BY likeness DESC, n LIMIT :most",
            _asked(vector, today, user, persisted) | {"most": most},
        )
        return [Near(_note(row), row[1]) for row in rows]

    def by_words(
        self,
        words: Collection[str],
        vector: "np.ndarray",
        *,
        today: date,
        user: str | None,
        persisted: bool,
        most: int,
    ) -> list[Near]:
        """Return the notes that share the most telling words (BM25), the best first.

        What has ended before ``today`` is never among them, nor what is another user's own.
        """
        if not words:
            return []
        wanted = " OR ".join(f'"{word}"' for word in sorted(words))
        rows = self.connection.execute(
            f"SELECT note, {_LIKENESS} FROM words JOIN notes ON n = words.rowid WHERE words MATCH :wanted AND {_MAY} "
            "ORDER BY words.rank, n LIMIT :most",
            _asked(vector, today, user, persisted) | {"wanted": wanted, "most": most},
        )
        return [Near(_note(row), row[1]) for row in rows]

    def compact(self) -> None:
        """Write the file anew, so that nothing is left of what was deleted."""
        self.connection.execute("VACUUM")

    def _where(self, condition: str, *values: Any) -> Sequence[Any]:
        return list(self.connection.execute(f"SELECT note FROM notes WHERE {condition} ORDER BY n", values))


_LIKENESS = "ifnull(1 - vec_distance_cosine(vector, :vector), -1)"  # a text without words has no direction
_MAY = "(until IS NULL OR until >= :today) AND (owner IS NULL OR owner = :user) AND (:persisted OR why <> 'persisted')"


def _asked(vector: "np.ndarray", today: date, user: str | None, persisted: bool) -> dict[str, Any]:
    return {
        "vector": vector.astype("<f4").tobytes(),
        "today": today.isoformat(),
        "user": user,
        "persisted": persisted,
    }


def _note(row: Sequence[Any]) -> Note:
    return Note.from_json(row[0])


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
