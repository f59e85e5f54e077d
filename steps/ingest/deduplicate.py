"""Find what was met before, in the index and among what tonight has taken in.

A document is a version of what its file said under its title: it repeats one that holds still, word for word, it
updates its page, or it is new. One that is older than its page replaces nothing, nor does an old copy of a page that
has moved: one of the same title that says half of the same, or a record of a single sentence. Other records repeat one
another if they say the same and were judged alike. Two probes are one if they ask the same and the answers that hold
last are the same.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from steps.ingest.tables import Asked, Tables, Version, asked, part_hashes, version_of
from steps.kinds.table import kind_of
from steps.records import Experience, Probe, content_id

_NEWEST = 20  # of the pages of one title, so many are compared


class Match(NamedTuple):
    """A version met before that the new one repeats (duplicate), corrects (update) or comes after (older)."""

    relation: Literal["duplicate", "update", "older"]
    original: Version


class Met:
    """What was met before ``night`` (its ordinal), and what it has accepted itself so far."""

    def __init__(self, index: Tables, tonight: Tables, *, night: int):
        self._index, self._tonight, self._night = index, tonight, night
        self._taken = 0
        self._ids, self._pages = set[str](), set[int]()  # of tonight, so that most is asked of the index alone

    def add(self, experience: Experience) -> None:
        """Remember an experience as accepted tonight."""
        version = self._tonight.add(experience, night=self._night, seq=self._taken)
        self._ids.add(version.id)
        self._pages.add(version.page)
        self._taken += 1

    def ask(self, probe: Probe) -> None:
        """Remember a probe as accepted tonight."""
        self._tonight.ask(probe, night=self._night, seq=self._taken)
        self._taken += 1

    def match(self, new: Experience) -> Match | None:
        """Return what ``new`` repeats, corrects or comes after, or None if it is new. A repetition wins."""
        if same := self.repeated(new.id) or self.repeated(twin_id(new)):
            return Match("duplicate", same)
        mine = version_of(new, night=self._night, seq=self._taken)
        if not kind_of(new).versioned:
            said = next(self._versions("subject", mine.subject), None)
            return Match("duplicate", said) if said else None
        if newer := self._newer(mine, new):
            return Match("older", newer)
        before = next(self._versions("page", mine.page), None)
        return Match("update", before) if before else None

    def repeated(self, number: str) -> Version | None:
        """Return the version with this id if it holds still: no later one of its page says something else."""
        if number in self._ids:
            return next((version for version in self._versions("id", number) if self._holds(version)), None)
        found = self._index.holding(number, before=self._night)
        return found if found and (found.page not in self._pages or self._holds(found)) else None

    def repeated_probe(self, number: str) -> Asked | None:
        """Return the probe with this id if its answers are those that hold last."""
        return next((probe for probe in self._probes("id", number) if self._is_last(probe)), None)

    def match_probe(self, new: Probe) -> Asked | None:
        """Return the probe that ``new`` repeats, or None."""
        mine = asked(new, night=self._night, seq=self._taken)
        same = (probe for probe in self._probes("question", mine.question) if probe.answers == mine.answers)
        return next((probe for probe in same if self._is_last(probe)), None)

    def resolve(self, names: tuple[str, ...]) -> str | None:
        """Return the experience that the first known of ``names`` means; None if none is, or it means several."""
        for name in names:
            if found := self._tonight.meaning(name, before=self._night + 1) or self._index.meaning(
                name, before=self._night
            ):
                return found[2]
        return None

    def _newer(self, mine: Version, new: Experience) -> Version | None:
        """Return the version, later by its own date, of the page that ``new`` is an older state of, if there is one."""
        if mine.written is None:
            return None
        for version in self._versions("page", mine.page):
            if version.written is not None and version.written > mine.written and self._holds(version):
                return version
        if mine.subject == mine.page:
            return None
        hashes = set(part_hashes(new))
        alone = len(hashes) == 1 and new.record is not None
        for tables, before in ((self._tonight, self._night + 1), (self._index, self._night)):
            for version in islice(tables.written_after(mine.subject, mine.written, before=before), _NEWEST):
                same = alone or tables.parts_said(version, hashes) * 2 >= len(hashes)
                if same and self._holds(version):
                    return version
        return None

    def _holds(self, version: Version) -> bool:
        return next(self._versions("page", version.page)).id == version.id

    def _is_last(self, probe: Asked) -> bool:
        return next(self._probes("about", probe.about)).answers == probe.answers

    def _versions(self, column: Literal["id", "page", "subject"], value: int | str) -> Iterator[Version]:
        yield from self._tonight.versions(column, value, before=self._night + 1)
        yield from self._index.versions(column, value, before=self._night)

    def _probes(self, column: Literal["id", "question", "about"], value: int | str) -> Iterator[Asked]:
        yield from self._tonight.probes(column, value, before=self._night + 1)
        yield from self._index.probes(column, value, before=self._night)


def twin_id(experience: Experience) -> str:
    """Return the id of an experience that says what another file of the same night says."""
    return content_id(experience.id, experience.source, experience.record)
