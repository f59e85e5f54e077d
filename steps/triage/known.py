"""What earlier nights have met, part by part: what of a new version is new, and what it no longer says.

A part is known while a version that holds still says it, and one of those that said it was let teach, and not left to
the next nights. When no version holds any more that says it, what it taught is withdrawn: lessons and probes of earlier
nights about it, of whatever version they are. Its words are read where that version lies in its corpus, one record.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from steps.ingest.tables import Tables, Version, folded, number, part_hashes, version_of
from steps.kinds.table import kind_of
from steps.records import Experience, Triaged, Withdrawn
from steps.review.searching import Standing
from steps.workspace import Workspace


class Familiar(NamedTuple):
    """Of a new experience the numbers of the parts that are ``known``, and how many it has.

    ``tonight``: which of them another record of the night answers in the same way.
    """

    known: tuple[int, ...]
    parts: int
    tonight: tuple[int, ...] = ()

    @property
    def all(self) -> bool:
        """Whether nothing in it is new."""
        return self.parts > 0 and len(self.known) == self.parts


class Answered:
    """What tonight's records answer: who says the same of the same on another way says nothing new."""

    def __init__(self) -> None:
        self._claims: set[int] = set()

    def and_met(self, new: Experience, met: Familiar) -> Familiar:
        """Return what of ``new`` is known, with what an earlier record of the night taught."""
        again = tuple(n for n, claim in enumerate(_claims(new)) if claim in self._claims and n not in met.known)
        return Familiar(tuple(sorted({*met.known, *again})), met.parts, again)

    def add(self, new: Experience, row: Triaged) -> None:
        """Enter what a record teaches."""
        if row.verdict == "persist" and not row.waits:
            out = {*row.known, *row.withheld, *(one.sentence for one in row.held)}
            self._claims.update(claim for n, claim in enumerate(_claims(new)) if n not in out)


def _claims(new: Experience) -> list[int]:
    """A hash of each part, in order, of what answers questions."""
    return [number(folded(claim)) for claim in kind_of(new).claims(new)] if kind_of(new).answers(new) else []


class Known:
    """What was met before ``night`` (its ordinal), given what ``tonight`` says."""

    def __init__(self, tables: Tables, workspace: Workspace, tonight: Iterable[Experience], *, night: int):
        self._tables, self._workspace, self._night = tables, workspace, night
        self._said: dict[int, set[int]] = {}  # tonight: the hashes of what each page says
        for experience in tonight:
            if kind_of(experience).versioned:
                page = version_of(experience, night=night, seq=0).page
                self._said.setdefault(page, set()).update(part_hashes(experience))

    def familiar(self, new: Experience) -> Familiar:
        """Return what of ``new`` was met before and taught."""
        if not kind_of(new).versioned:
            return Familiar((), 1)
        hashes, answers = part_hashes(new), kind_of(new).answers(new)
        known = (n for n, hash_ in enumerate(hashes) if self._is_known(hash_))
        return Familiar(tuple(n for n in known if not answers or self._is_last(answers[n], hashes[n])), len(hashes))

    def answered(self, new: Experience, *, but: Collection[int] = ()) -> list[Withdrawn]:
        """Return what earlier nights answered to the questions that ``new`` answers otherwise, ``but`` some parts."""
        found = []
        for place, (question, hash_) in enumerate(zip(kind_of(new).answers(new), part_hashes(new), strict=False)):
            if place in but:
                continue
            for version, part in self._tables.answering(question, before=self._night):
                said = self._read(version)
                if part_hashes(said)[part] != hash_:
                    text = kind_of(said).parts(said)[part][-1]
                    found.append(Withdrawn(experience=version.id, sentence=part, text=text))
        return found

    def _is_last(self, question: str, hash_: int) -> bool:
        """Whether a part is what answered its question last."""
        last = next(self._tables.answering(question, before=self._night), None)
        return last is not None and part_hashes(self._read(last[0]))[last[1]] == hash_

    def standing(self) -> Iterator[Standing]:
        """Yield the records of earlier nights whose page has said nothing later, as they stand in their corpus."""
        for night, versions in groupby(self._tables.standing(before=self._night), key=lambda version: version.date):
            with self._workspace.dataset("corpus", night).open("rb") as stream:
                for version in versions:
                    stream.seek(version.place)
                    yield Standing(night, stream.readline())

    def withdrawn(self, new: Experience) -> list[Withdrawn]:
        """Return what the version before ``new`` said, and none that holds does now."""
        if not kind_of(new).versioned:
            return []
        page = version_of(new, night=self._night, seq=0).page
        before = next(self._tables.versions("page", page, before=self._night), None)
        if before is None or before.id == new.id:
            return []
        said = self._read(before)
        # What was read before there were blocks does not know its headings.
        words = set() if "blocks" in said.payload else {part[-1] for part in kind_of(new).parts(new)}
        found = []
        for hash_, part in dict(zip(part_hashes(said), kind_of(said).parts(said), strict=True)).items():
            if part[-1] and part[-1] not in words and not self._is_still_said(hash_):
                places = {(version.id, n) for version, n in self._tables.saying(hash_, before=self._night)}
                found += [Withdrawn(experience=id_, sentence=n, text=part[-1]) for id_, n in sorted(places)]
        return found

    def said_before(self, new: Experience, places: Collection[tuple[str, int]]) -> list[Withdrawn]:
        """Return which parts of ``new`` the version before it said in one of these places."""
        page, found = version_of(new, night=self._night, seq=0).page, []
        before = next(self._tables.versions("page", page, before=self._night), None)
        if before is None:
            return []
        for place, (hash_, part) in enumerate(zip(part_hashes(new), kind_of(new).parts(new), strict=True)):
            said = self._tables.saying(hash_, before=self._night)
            if any((version.id, n) in places for version, n in said if version.id == before.id):
                found.append(Withdrawn(experience=new.id, sentence=place, text=part[-1]))
        return found

    def _is_known(self, hash_: int) -> bool:
        holds = taught = False
        for version, part in self._tables.saying(hash_, before=self._night):
            holds = holds or self._holds(version)
            taught = taught or self._tables.is_taught(version, part, before=self._night)
            if holds and taught:
                return True
        return False

    def _is_still_said(self, hash_: int) -> bool:
        if any(hash_ in said for said in self._said.values()):
            return True
        return any(
            version.page not in self._said and self._holds(version)
            for version, _ in self._tables.saying(hash_, before=self._night)
        )

    def _holds(self, version: Version) -> bool:
        return next(self._tables.versions("page", version.page, before=self._night)).id == version.id

    def _read(self, version: Version) -> Experience:
        with self._workspace.dataset("corpus", version.date).open("rb") as stream:
            stream.seek(version.place)
            return Experience.model_validate(json.loads(stream.readline()))
