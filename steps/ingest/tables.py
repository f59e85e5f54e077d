"""What was met, as rows: which versions of which page, what each says, what it is called, which probes were asked.

All rows of a night come from the night's files alone, so that a night can be taken out and put in again without a look
at the others. What holds on a night is asked for with that night: rows of it and of later ones do not count.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from steps.ingest.naming import name_key
from steps.kinds.table import kind_of
from steps.records import Experience, Probe, content_id

SCHEMA = """
CREATE TABLE versions (night INTEGER, seq INTEGER, id TEXT NOT NULL, page INTEGER NOT NULL, subject INTEGER NOT NULL,
    written REAL, source TEXT NOT NULL, record INTEGER, place INTEGER NOT NULL, PRIMARY KEY (night, seq)) WITHOUT ROWID;
CREATE INDEX versions_by_id ON versions (id);
CREATE INDEX versions_by_page ON versions (page, night, seq);
CREATE INDEX versions_by_subject ON versions (subject, night, seq);
CREATE INDEX versions_by_date ON versions (subject, written) WHERE written IS NOT NULL;
CREATE TABLE parts (hash INTEGER, night INTEGER, seq INTEGER, number INTEGER,
    PRIMARY KEY (hash, night, seq, number)) WITHOUT ROWID;
CREATE INDEX parts_by_night ON parts (night);
CREATE TABLE answers (question INTEGER, night INTEGER, seq INTEGER, number INTEGER,
    PRIMARY KEY (question, night, seq, number)) WITHOUT ROWID;
CREATE INDEX answers_by_night ON answers (night);
CREATE TABLE names (name INTEGER, night INTEGER, rank INTEGER, id TEXT, PRIMARY KEY (name, night, rank)) WITHOUT ROWID;
CREATE INDEX names_by_night ON names (night);
CREATE TABLE probes (night INTEGER, seq INTEGER, id TEXT NOT NULL, question INTEGER NOT NULL, about INTEGER NOT NULL,
    answers INTEGER NOT NULL, file TEXT, record INTEGER, PRIMARY KEY (night, seq)) WITHOUT ROWID;
CREATE INDEX probes_by_id ON probes (id);
CREATE INDEX probes_by_question ON probes (question, night, seq);
CREATE INDEX probes_by_about ON probes (about, night, seq);
CREATE TABLE untaught (night INTEGER, id TEXT, PRIMARY KEY (night, id)) WITHOUT ROWID;
CREATE TABLE held (night INTEGER, id TEXT, number INTEGER, PRIMARY KEY (night, id, number)) WITHOUT ROWID;
CREATE TABLE carried (id TEXT, number INTEGER, night INTEGER, PRIMARY KEY (id, number, night)) WITHOUT ROWID;
CREATE INDEX carried_by_night ON carried (night);
CREATE TABLE seen (raw BLOB PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (dataset TEXT, night INTEGER, size INTEGER, mtime INTEGER, sha256 TEXT,
    PRIMARY KEY (dataset, night)) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
_OF = {
    "corpus": ("versions", "parts", "answers", "names"),
    "probes": ("probes",),
    "triage": ("untaught", "held"),
    "carried": ("carried",),
}


class Version(NamedTuple):
    """One version of a page, or one record of another kind.

    ``page``: what its versions share; ``subject``: what pages of the same title share (of a letter its page: many have
    one subject line), or what records share that say the same and were judged alike. ``place``: where its line begins
    in the night's corpus, in bytes.
    """

    night: int
    seq: int
    id: str
    page: int
    subject: int
    written: float | None
    source: str
    record: int | None
    place: int

    @property
    def date(self) -> str:
        """The night as it is written."""
        return date.fromordinal(self.night).isoformat()


class Asked(NamedTuple):
    """A probe that was kept. ``question``: what is asked; ``about``: that, of this source."""

    night: int
    seq: int
    id: str
    question: int
    about: int
    answers: int
    file: str | None
    record: int | None

    @property
    def date(self) -> str:
        """The night as it is written."""
        return date.fromordinal(self.night).isoformat()


class Tables:
    """The rows, on a connection to SQLite."""

    def __init__(self, connection: sqlite3.Connection):
        self.connection = connection

    def add(self, experience: Experience, *, night: int, seq: int, place: int = 0) -> Version:
        """Enter an experience as the ``seq``-th of its night."""
        row = version_of(experience, night=night, seq=seq, place=place)
        self.connection.execute("INSERT INTO versions VALUES (?,?,?,?,?,?,?,?,?)", row)
        rows: list[tuple[int, int, int, int]]
        if kind_of(experience).versioned:
            rows = [(hash_, night, seq, number) for number, hash_ in enumerate(part_hashes(experience))]
            self.connection.executemany("INSERT INTO parts VALUES (?,?,?,?)", rows)
        if answers := kind_of(experience).answers(experience):
            rows = [(number("answers", text), night, seq, place) for place, text in enumerate(answers)]
            self.connection.executemany("INSERT INTO answers VALUES (?,?,?,?)", rows)
        self.name(experience.names, night=night, means=experience.same_as or experience.id)
        return row

    def name(self, names: Iterable[str], *, night: int, means: str) -> None:
        """Let ``names``, the most telling first, mean an experience; one that means several at once means none."""
        rows = [(number(name_key(name)), night, -rank, means) for rank, name in enumerate(names)]
        self.connection.executemany(
            "INSERT INTO names VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET id = CASE WHEN id IS excluded.id THEN id END",
            rows,
        )

    def ask(self, probe: Probe, *, night: int, seq: int) -> None:
        """Enter a probe as the ``seq``-th of its night."""
        self.connection.execute("INSERT INTO probes VALUES (?,?,?,?,?,?,?,?)", asked(probe, night=night, seq=seq))

    def leave_out(self, ids: Iterable[str], *, night: int) -> None:
        """Enter what triage did not let teach."""
        self.connection.executemany("INSERT OR IGNORE INTO untaught VALUES (?,?)", [(night, id_) for id_ in ids])

    def hold(self, parts: Iterable[tuple[str, int]], *, night: int) -> None:
        """Enter the parts, by id and number, that wait for a decision."""
        self.connection.executemany("INSERT OR IGNORE INTO held VALUES (?,?,?)", [(night, *one) for one in parts])

    def carry(self, parts: Iterable[tuple[str, int]], *, night: int) -> None:
        """Enter the parts, by id and number, that a night left to the next ones."""
        self.connection.executemany("INSERT OR IGNORE INTO carried VALUES (?,?,?)", [(*one, night) for one in parts])

    def remove(self, dataset: str, night: int) -> None:
        """Take out all rows that come from a night's file."""
        for table in _OF[dataset]:
            self.connection.execute(f"DELETE FROM {table} WHERE night = ?", (night,))
        self.connection.execute("DELETE FROM files WHERE dataset = ? AND night = ?", (dataset, night))

    def versions(self, column: Literal["id", "page", "subject"], value: Any, *, before: int) -> Iterator[Version]:
        """Yield the versions before a night that have this value, the latest first."""
        query = f"SELECT * FROM versions WHERE {column} = ? AND night < ? ORDER BY night DESC, seq DESC"
        return map(Version._make, self.connection.execute(query, (value, before)))

    def holding(self, number: str, *, before: int) -> Version | None:
        """Return the version with this id after which its page said nothing else, if there is one."""
        query = (
            "SELECT * FROM versions WHERE id = ? AND night < ? AND NOT EXISTS (SELECT 1 FROM versions AS later "
            "WHERE later.page = versions.page AND later.night < ? AND later.id <> versions.id "
            "AND (later.night, later.seq) > (versions.night, versions.seq)) ORDER BY night DESC, seq DESC LIMIT 1"
        )
        row = self.connection.execute(query, (number, before, before)).fetchone()
        return Version._make(row) if row else None

    def standing(self, *, before: int) -> Iterator[Version]:
        """Yield the versions of pages after which the page said nothing else, the earliest first."""
        query = (
            "SELECT * FROM versions WHERE night < ? AND NOT EXISTS (SELECT 1 FROM versions AS later "
            "WHERE later.page = versions.page AND later.night < ? "
            "AND (later.night, later.seq) > (versions.night, versions.seq)) ORDER BY night, seq"
        )
        return map(Version._make, self.connection.execute(query, (before, before)))

    def written_after(self, subject: int, written: float, *, before: int) -> Iterator[Version]:
        """Yield the versions of a title that say they are newer, the newest first."""
        query = "SELECT * FROM versions WHERE subject = ? AND written > ? AND night < ? ORDER BY written DESC"
        return map(Version._make, self.connection.execute(query, (subject, written, before)))

    def parts_said(self, version: Version, hashes: Iterable[int]) -> int:
        """How many parts with these hashes a version says."""
        query = "SELECT 1 FROM parts WHERE hash = ? AND night = ? AND seq = ? LIMIT 1"
        found = (self.connection.execute(query, (hash_, version.night, version.seq)).fetchone() for hash_ in hashes)
        return sum(row is not None for row in found)

    def saying(self, hash_: int, *, before: int) -> Iterator[tuple[Version, int]]:
        """Yield the versions that say a part, the latest first, each with the part's number in it."""
        query = (
            "SELECT versions.*, parts.number FROM parts JOIN versions USING (night, seq) "
            "WHERE parts.hash = ? AND parts.night < ? ORDER BY parts.night DESC, parts.seq DESC"
        )
        for *row, part in self.connection.execute(query, (hash_, before)):
            yield Version._make(row), part

    def answering(self, question: str, *, before: int) -> Iterator[tuple[Version, int]]:
        """Yield the versions that answer a question (``Kind.answers``), latest first, each with the part that does.

        Of one night the last is what was said last, as lessons are made of it; what bears no date goes before.
        """
        query = (
            "SELECT versions.*, answers.number FROM answers JOIN versions USING (night, seq) "
            "WHERE answers.question = ? AND answers.night < ? "
            "ORDER BY answers.night DESC, versions.written DESC, answers.seq DESC, answers.number DESC"
        )
        for *row, part in self.connection.execute(query, (number("answers", question), before)):
            yield Version._make(row), part

    def is_taught(self, version: Version, part: int, *, before: int) -> bool:
        """Whether triage let a version teach, and its part was taught before a night; what was never triaged counts.

        What a night left to the next ones was taught on the first that left it no more, unless a newer version of its
        page had taken its place by then.
        """
        ask = self.connection.execute
        if ask("SELECT 1 FROM untaught WHERE night = ? AND id = ?", (version.night, version.id)).fetchone():
            return False
        if ask(
            "SELECT 1 FROM held WHERE night = ? AND id = ? AND number = ?", (version.night, version.id, part)
        ).fetchone():
            return False
        last = "SELECT max(night) FROM carried WHERE id = ? AND number = ? AND night >= ? AND night < ?"
        (left,) = ask(last, (version.id, part, version.night, before)).fetchone()
        if left is None:
            return True
        following = "SELECT min(night) FROM files WHERE dataset = 'carried' AND night > ? AND night < ?"
        (taken_up,) = ask(following, (left, before)).fetchone()
        replaced = (
            "SELECT 1 FROM versions WHERE page = ? AND night > ? AND night <= ? AND id <> ? AND NOT EXISTS "
            "(SELECT 1 FROM untaught WHERE untaught.night = versions.night AND untaught.id = versions.id)"
        )
        return taken_up is not None and not ask(replaced, (version.page, left, taken_up, version.id)).fetchone()

    def meaning(self, name: str, *, before: int) -> tuple[int, int, str | None] | None:
        """What a name means: night, rank and id, which is None if it means several; None if nothing is called so."""
        query = "SELECT night, rank, id FROM names WHERE name = ? AND night < ? ORDER BY night DESC, rank DESC LIMIT 1"
        return self.connection.execute(query, (number(name_key(name)), before)).fetchone()

    def probes(self, column: Literal["id", "question", "about"], value: Any, *, before: int) -> Iterator[Asked]:
        """Yield the probes before a night that have this value, the latest first."""
        query = f"SELECT * FROM probes WHERE {column} = ? AND night < ? ORDER BY night DESC, seq DESC"
        return map(Asked._make, self.connection.execute(query, (value, before)))


def version_of(experience: Experience, *, night: int, seq: int, place: int = 0) -> Version:
    """Return the row of an experience. Documents are versions of one another by title, file and line."""
    if kind_of(experience).versioned:
        title = folded(experience.title)
        page = number("page", title, experience.source, experience.record)
        titled = kind_of(experience).titled and not experience.payload.get("letter")
        subject = number("title", title) if titled else page
    else:
        judged = [experience.payload.get(key) for key in ("feedback", "outcome", "chosen", "rejected")]
        page, subject = number("id", experience.id), number("said", experience.kind, experience.text, judged)
    written = written_at(experience.created_at)
    return Version(night, seq, experience.id, page, subject, written, experience.source, experience.record, place)


def asked(probe: Probe, *, night: int, seq: int) -> Asked:
    """Return the row of a probe."""
    question, source = folded(probe.question), " ".join((probe.source or "").split()).casefold()
    answers = number(sorted(folded(answer) for answer in probe.answers))
    about = number(question, source)
    return Asked(night, seq, probe.id, number(question), about, answers, probe.file, probe.record)


def part_hashes(experience: Experience) -> list[int]:
    """Return a hash of each part of an experience, in order: what it says, under which title and headings."""
    title = folded(experience.title)
    return [number(title, *part) for part in kind_of(experience).parts(experience)]


def written_at(created_at: str | None) -> float | None:
    """When a document says that it was written, in seconds since 1970; a time without a zone is UTC."""
    try:
        when = datetime.fromisoformat(created_at) if created_at else None
    except ValueError:
        return None
    return when.replace(tzinfo=when.tzinfo or UTC).timestamp() if when else None


def folded(text: str) -> str:
    """Return a title, a question or an answer as it is compared."""
    return re.sub(r"\s+", " ", text).strip(" .?!").casefold()


def number(*parts: Any) -> int:
    """Return a content hash as SQLite stores it, 64 bits like every id."""
    return int(content_id(*parts), 16) - 2**63
