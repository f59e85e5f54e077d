"""What follows from the answers: of the own night, of every later morning, and of what earlier nights knew before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.corrections.data import Corrections, session
from bench.corrections.marking import first_sentence
from bench.corrections.records import CorrectionMark, Metric
from bench.estimates import Bootstrap, Estimate, Row

GENERAL = 2  # paraphrases of three that have to be right

Marks = Sequence[CorrectionMark]
Figures = Mapping[str, Estimate | None]


@dataclass(frozen=True)
class Course:
    """What became of one correction, morning by morning, while it held."""

    marks: tuple[CorrectionMark, ...]

    @property
    def learned(self) -> bool:
        """Right the morning after."""
        return self.marks[0].correct

    @property
    def watched(self) -> bool:
        """Right the morning after, and asked on a later one."""
        return self.learned and len(self.marks) > 1

    @property
    def undone(self) -> bool:
        """Right the morning after, and on a later one an old value stands in its place."""
        return self.learned and any(one.old and not one.correct for one in self.marks[1:])

    @property
    def lost(self) -> bool:
        """Right the morning after, and on the last one that it holds something else that is not right."""
        return self.watched and not self.undone and not self.marks[-1].correct

    @property
    def late(self) -> bool:
        """Not right the morning after, and right on a later one."""
        return not self.learned and any(one.correct for one in self.marks[1:])


@dataclass(frozen=True)
class Summary:
    """One arm's figures. ``own``: of each correction the morning after, pooled; ``end``: of those that hold at the end.

    Keys of both: efficacy, generality (at least two of three paraphrases), paraphrase (single ones), portability,
    "not parroting", locality (neighbours that were right before: the night of a correction and its own neighbours in
    ``own``; night 0 and all neighbours in ``end``), and "same sentence" (neighbours whose first sentence stayed).
    ``matrix``: efficacy by (after, cohort) of what still holds, ``counts`` right and asked. ``kinds``: own efficacy.
    """

    arm: str
    own: Figures
    end: Figures
    nights: Mapping[int, Figures]
    holding: Mapping[int, Figures]
    matrix: Mapping[tuple[int, int], Estimate]
    counts: Mapping[tuple[int, int], tuple[int, int]]
    kinds: Mapping[str, Estimate]
    courses: Sequence[Course] = field(repr=False)

    def count(self, what: str) -> int:
        """How many corrections are "learned", "watched", "undone", "lost" or "late"."""
        return sum(getattr(course, what) for course in self.courses)


def summarise(marks: Iterable[CorrectionMark], corrections: Corrections, *, bootstrap: Bootstrap) -> list[Summary]:
    """Compute the figures of every arm, in the order in which they appear; intervals are over corrections."""
    by_arm: dict[str, list[CorrectionMark]] = defaultdict(list)
    for mark in marks:
        by_arm[mark.arm].append(mark)
    return [_summary(arm, own, corrections, bootstrap) for arm, own in by_arm.items()]


def _summary(arm: str, marks: Marks, corrections: Corrections, bootstrap: Bootstrap) -> Summary:
    nights = sorted({m.after for m in marks if m.after})
    own = [m for m in marks if m.after == m.cohort]
    efficacy = [m for m in marks if m.metric == "efficacy"]
    cells: dict[tuple[int, int], list[CorrectionMark]] = defaultdict(list)
    for mark in efficacy:
        cells[mark.after, mark.cohort].append(mark)
    courses: dict[tuple[int, str], list[CorrectionMark]] = defaultdict(list)
    for mark in sorted(efficacy, key=lambda m: m.after):
        courses[mark.seed, mark.correction].append(mark)
    asked = {n: [m for m in marks if m.after == n and m.cohort] for n in nights}
    last = max(nights, default=0)
    kinds = dict.fromkeys(m.kind for m in own if m.metric == "efficacy")
    return Summary(
        arm=arm,
        own=_figures(own, bootstrap) | _kept(_own_pairs(marks, corrections, nights), bootstrap),
        end=_figures(asked.get(last, []), bootstrap) | _kept(_whole_pairs(marks, last), bootstrap),
        nights={
            n: _figures([m for m in own if m.after == n], bootstrap)
            | _kept(_own_pairs(marks, corrections, [n]), bootstrap)
            for n in nights
        },
        holding={n: _figures(asked[n], bootstrap) | _kept(_whole_pairs(marks, n), bootstrap) for n in nights},
        matrix={key: e for key, found in sorted(cells.items()) if (e := bootstrap.share(_rows(found)))},
        counts={key: (sum(m.correct for m in found), len(found)) for key, found in sorted(cells.items())},
        kinds={
            kind: e
            for kind in kinds
            if (e := bootstrap.share(_rows([m for m in own if m.kind == kind and m.metric == "efficacy"])))
        },
        courses=[Course(tuple(found)) for found in courses.values()],
    )


def _figures(marks: Marks, bootstrap: Bootstrap) -> dict[str, Estimate | None]:
    def of(metric: Metric) -> list[CorrectionMark]:
        return [m for m in marks if m.metric == metric]

    return {
        "efficacy": bootstrap.share(_rows(of("efficacy"))),
        "generality": bootstrap.share(_general(of("paraphrase"))),
        "paraphrase": bootstrap.share(_rows(of("paraphrase"))),
        "portability": bootstrap.share(_rows(of("portability"))),
        "not parroting": bootstrap.share(_rows(of("near"))),
    }


def _general(paraphrases: Marks) -> list[Row]:
    by_correction: dict[tuple[int, str, int], list[CorrectionMark]] = defaultdict(list)
    for mark in paraphrases:
        by_correction[mark.seed, mark.correction, mark.after].append(mark)
    return [
        (found[0].cohort, found[0].correction, float(sum(m.correct for m in found) >= GENERAL))
        for found in by_correction.values()
    ]


Pair = tuple[str, CorrectionMark, CorrectionMark]
"""The cluster, a neighbour's answer before, and its answer now."""


def _own_pairs(marks: Marks, corrections: Corrections, nights: Iterable[int]) -> list[Pair]:
    """Each correction's own neighbours, the morning before its night and the morning after."""
    neighbours = {(m.seed, m.after, m.correction): m for m in marks if m.metric == "neighbour"}
    seeds = sorted({m.seed for m in marks})
    found = []
    for night in nights:
        for topic, number in corrections.of_night(night):
            for one in topic.neighbours:
                for seed in seeds:
                    before = neighbours.get((seed, night - 1, one.question))
                    now = neighbours.get((seed, night, one.question))
                    found += [(session(topic, number), before, now)] if before and now else []
    return found


def _whole_pairs(marks: Marks, night: int) -> list[Pair]:
    """All neighbours, after night 0 and after ``night``."""
    before = {m.item: m for m in marks if m.metric == "neighbour" and m.after == 0}
    now = [m for m in marks if m.metric == "neighbour" and m.after == night]
    return [(m.correction, before[m.item], m) for m in now if m.item in before]


def _kept(pairs: Iterable[Pair], bootstrap: Bootstrap) -> dict[str, Estimate | None]:
    pairs = list(pairs)
    same = [
        (0, cluster, float(first_sentence(was.answer) == first_sentence(now.answer))) for cluster, was, now in pairs
    ]
    return {
        "locality": bootstrap.share([(0, c, float(now.correct)) for c, was, now in pairs if was.correct]),
        "same sentence": bootstrap.share(same),
    }


def _rows(marks: Marks) -> list[Row]:
    return [(m.cohort, m.correction, float(m.correct)) for m in marks]
