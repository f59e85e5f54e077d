"""Find what was met before.

A document is a version of those of the same title: it repeats one that holds still, word for word, or it is new; one
that is older than a version that was met replaces nothing. Messages repeat one another if they are nearly the same
(MinHash LSH, then the exact Jaccard similarity) and were judged alike.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from steps.ingest.shingles import Shingle, jaccard, shingles, tells_otherwise
from steps.records import Experience, Probe

PERMUTATIONS = 128
# LSH finds a pair at its threshold only about half of the time: search lower, then verify.
_SEARCH_MARGIN = 0.2


@dataclass(frozen=True)
class Match:
    """An experience met before that the new one repeats (duplicate), corrects (update) or comes after (older)."""

    relation: Literal["duplicate", "update", "older"]
    original: Experience
    similarity: float


class Met:
    """The experiences met so far: those of earlier nights and those already accepted tonight."""

    def __init__(self, *, near_duplicate: float):
        from datasketch import MinHashLSH

        self._threshold = near_duplicate
        search = min(max(near_duplicate - _SEARCH_MARGIN, 0.1), 0.9)
        self._index: Any = MinHashLSH(threshold=search, num_perm=PERMUTATIONS)
        self._by_id: dict[str, Experience] = {}
        self._shingles: dict[str, frozenset[Shingle]] = {}
        self._versions: dict[str, dict[str, Experience]] = {}  # by title, then by source: the latest

    def add(self, experience: Experience) -> None:
        """Remember ``experience``; of a document, as the latest version from its source."""
        if experience.kind == "document":
            title, place = version_of(experience)
            self._versions.setdefault(title, {})[place] = experience
            return
        if experience.id in self._by_id:
            return
        own = shingles(experience.text)
        self._by_id[experience.id], self._shingles[experience.id] = experience, own
        if own:
            self._index.insert(experience.id, _min_hash(own))

    def match(self, new: Experience) -> Match | None:
        """Return what ``new`` repeats, corrects or comes after, or None if it is new. A repetition wins."""
        if new.kind == "document":
            return self._version(new)
        same = self._by_id.get(new.id)
        if same is not None:
            return Match("duplicate", same, 1.0)
        own = shingles(new.text)
        found = self._index.query(_min_hash(own)) if own else []
        near = [(jaccard(own, self._shingles[key]), self._by_id[key]) for key in found]
        near = [(score, old) for score, old in near if score >= self._threshold and old.kind == new.kind]
        matches = [Match(_relation(new, old), old, score) for score, old in near]
        return max(matches, key=_rank, default=None)

    def _version(self, new: Experience) -> Match | None:
        title, place = version_of(new)
        known = self._versions.get(title, {})
        for old in known.values():
            if old.id == new.id:
                return Match("duplicate", old, 1.0)
        written = _written(new)
        newer = [old for old in known.values() if written and (_written(old) or written) > written]
        if newer:
            return Match("older", max(newer, key=lambda old: str(old.created_at)), 0.0)
        same = known.get(place) or next(reversed(known.values()), None)
        return Match("update", same, 0.0) if same else None


def version_of(document: Experience) -> tuple[str, str]:
    """Return what the versions of a document share: its title, and where it comes from, a file or a record in one."""
    return _folded(document.title), f"{document.source} {document.record or ''}"


def _written(experience: Experience) -> datetime | None:
    """When a document says that it was written, in UTC."""
    try:
        when = datetime.fromisoformat(experience.created_at) if experience.created_at else None
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when and when.tzinfo is None else when


def probe_key(probe: Probe) -> str:
    """Return what two probes share that ask the same and accept the same answers."""
    answers = sorted(_folded(answer) for answer in probe.answers)
    return json.dumps([_folded(probe.question), answers], ensure_ascii=False)


def _rank(match: Match) -> tuple[Any, ...]:
    # The best, and of equals the latest; the id, for the index returns its keys in no fixed order.
    return match.relation == "duplicate", match.similarity, match.original.night, match.original.id


def _relation(new: Experience, old: Experience) -> Literal["duplicate", "update"]:
    return "update" if _other_payload(new, old) or tells_otherwise(new.text, old.text) else "duplicate"


def _other_payload(new: Experience, old: Experience) -> bool:
    """Tell whether two records of messages were judged differently: the same words, another lesson."""
    return any(new.payload.get(key) != old.payload.get(key) for key in ("feedback", "outcome", "chosen", "rejected"))


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" .?!").casefold()


def _min_hash(own: frozenset[Shingle]) -> Any:
    from datasketch import MinHash

    result = MinHash(num_perm=PERMUTATIONS)
    result.update_batch([" ".join(shingle).encode() for shingle in own])
    return result
