"""The answers of a run, by arm and night; what may not count is left out here, once for all figures."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from bench.records import AnchorMark, Mark

BASE = "no-update"
"""The arm that never learns: its answers of night 0 are its answers of every night, the floor and the ceiling."""

Items = dict[tuple[int, str], Mark]
"""The answer to each probe, by cohort and probe."""


class Answers:
    """An index of the marks of all arms.

    A probe that any mark calls outdated or temporary is left out of every night of every arm, so that all differences
    are between the same probes.

    Args:
        cohorts: the nights whose probes count; None for all.
        last: the night that is the end of the stream; None for the latest that any arm was examined after.

    Raises:
        ValueError: an arm was asked the same thing twice after the same night.
    """

    def __init__(
        self,
        marks: Iterable[Mark],
        anchors: Iterable[AnchorMark] = (),
        *,
        cohorts: Collection[int] | None = None,
        last: int | None = None,
    ):
        marks, anchors = list(marks), list(anchors)
        out = {(m.cohort, m.probe) for m in marks if m.outdated or m.temporary}
        self.arms: list[str] = list(dict.fromkeys([*(m.arm for m in marks), *(a.arm for a in anchors)]))
        self.last = max([0, *(m.after for m in marks), *(a.after for a in anchors)]) if last is None else last
        self._marks: dict[tuple, Items] = defaultdict(dict)
        for mark in marks:
            if (mark.cohort, mark.probe) in out or (cohorts is not None and mark.cohort not in cohorts):
                continue
            key = (mark.arm, mark.after, mark.type, mark.condition)
            _put(self._marks[key], (mark.cohort, mark.probe), mark)
        self._anchors: dict[tuple[str, int], dict[str, AnchorMark]] = defaultdict(dict)
        for anchor in anchors:
            _put(self._anchors[anchor.arm, anchor.after], anchor.id, anchor)
        taught = {c for key, items in self._marks.items() if key[2] == "recall" for c, _ in items}
        self.cohorts: list[int] = sorted(c for c in taught if c <= self.last)

    def nights(self, arm: str) -> list[int]:
        """Nights after which the arm was asked anything that counts; for the base, all from the first cohort on."""
        if arm == BASE:
            asked = any(key[0] == BASE for key in self._marks)
            return list(range(min(self.cohorts), self.last + 1)) if asked and self.cohorts else []
        return sorted({key[1] for key in self._marks if key[0] == arm and 0 < key[1] <= self.last})

    def items(
        self,
        arm: str,
        after: int,
        *,
        cohorts: Sequence[int],
        type: str = "recall",
        condition: str = "served",
    ) -> Items:
        """The arm's answers after a night to the probes of ``cohorts``; empty where it was not asked."""
        found = self._marks.get((arm, 0 if arm == BASE else after, type, condition), {})
        return {key: mark for key, mark in found.items() if key[0] in cohorts}

    def own_night(self, arm: str) -> Items:
        """Each cohort's recall probes as answered right after the night that taught it."""
        nights = [n for n in self.nights(arm) if n in self.cohorts]
        return {key: mark for n in nights for key, mark in self.items(arm, n, cohorts=[n]).items()}

    def earlier(self) -> list[int]:
        """The counting cohorts before the last night: those that can have been forgotten."""
        return [c for c in self.cohorts if c < self.last]

    def given_nights(self, arm: str) -> list[int]:
        """Nights after which the arm answered recall probes with the document in context."""
        return [n for n in self.nights(arm) if self.items(arm, n, cohorts=self.cohorts, condition="given")]

    def anchor_nights(self, arm: str) -> list[int]:
        """Nights after which the arm was asked the anchor suite; all of them for the base."""
        if arm == BASE:
            return list(range(1, self.last + 1)) if self.anchor_items(BASE, 0) else []
        return sorted(n for (name, n), found in self._anchors.items() if name == arm and found and 0 < n <= self.last)

    def anchor_items(self, arm: str, after: int) -> dict[str, AnchorMark]:
        """The arm's answers to the anchor suite, by item; empty where it was not asked."""
        return self._anchors.get((arm, 0 if arm == BASE else after), {})


def _put(items: dict, key: object, mark: Mark | AnchorMark) -> None:
    if key in items:
        raise ValueError(f"{mark.arm} was asked {key} twice after night {mark.after}")
    items[key] = mark
