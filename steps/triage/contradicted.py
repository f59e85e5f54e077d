"""What tonight's corrections and documents say otherwise than others do, of this night and of earlier ones."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from functools import cache, cached_property
from typing import Any

from steps.kinds.table import KINDS
from steps.night import Night
from steps.records import Experience, Held, Triaged, Withdrawn
from steps.review.contradictions import Said, held_back, said_tonight
from steps.review.decisions import held_again, open_questions, withdrawn
from steps.review.documents import overruled
from steps.review.searching import Part, search_documents
from steps.settings import TriageSettings
from steps.triage.known import Known
from steps.workspace import each_record


def overruled_before(night: Night) -> list[Withdrawn]:
    """Return what corrections of earlier nights have taken the place of, where pages have said it since, too."""
    said = withdrawn(night.workspace, night.date)
    return [
        part
        for met, row, part in said
        if met < night.date and (KINDS[row.kind].corrected or row.experience == part.experience)
    ]


class _Holding:
    """Whether what a document of an earlier night says still holds: nothing took its place, and it is not over."""

    def __init__(self, night: Night):
        self._workspace, self._today = night.workspace, date.fromisoformat(night.date)

    @cached_property
    def _gone(self) -> dict[tuple[str, int | None], str]:
        said = withdrawn(self._workspace, self._today.isoformat())
        return {(part.experience, part.sentence): met for met, _, part in said if met < self._today.isoformat()}

    @cache  # noqa: B019 - it lives as long as its night
    def _ended(self, night: str) -> frozenset[str]:
        path = self._workspace.dataset("triage", night)
        rows = (row for _, row in each_record(path, Triaged, holding=('"valid_until":"',))) if path.exists() else ()
        return frozenset(row.experience for row in rows if row.valid_until and row.valid_until < self._today)

    def __call__(self, night: str, part: Part) -> bool:
        """Whether a part holds that was met last on a night."""
        gone = self._gone.get((part.experience, part.number), "")
        return gone < night and part.experience not in self._ended(night)


class Contradicted:
    """What of tonight waits for a decision, and what takes the place of others."""

    def __init__(self, night: Night, settings: TriageSettings, known: Known):
        def met() -> Iterator[Experience]:
            return (record for _, record in each_record(night.dataset("corpus"), Experience))

        self._overruled = {(part.experience, part.sentence) for part in overruled_before(night)}
        self._said: dict[str, list[Said]] = defaultdict(list)
        self.held: dict[str, list[Held]] = defaultdict(list)
        said = said_tonight(met())
        holds = _Holding(night)
        self._search = search_documents({one.what.question for one in said}, known.standing, holds)
        for one in said:
            self._said[one.experience.id].append(one)
        again = {(one.experience, one.sentence): one for one in held_again(night, met())}
        asked = open_questions(night.workspace, before=night.date)
        how: dict[str, Any] = {"night": night.date, "said": said, "search": self._search, "undecided": asked}
        back = held_back(met, settings, **how)
        for held in ({(one.experience, one.sentence): one for one in back} | again).values():
            self.held[held.experience].append(held)

    def said_again(self, new: Experience, known: Known) -> list[Withdrawn]:
        """Return what a page says as it did when a correction took its place: that it stands there is no new word."""
        if not self._overruled or new.kind != "document":
            return []
        return known.said_before(new, self._overruled)

    def overruled(self, new: Experience, *, but: Collection[int]) -> list[Withdrawn]:
        """Return what documents of earlier nights answer otherwise than ``new`` does, ``but`` some of its parts."""
        corrected = [one.what for one in self._said[new.id] if one.number not in but]
        return [part for one in corrected for part in overruled(one, self._search(one.question))]
