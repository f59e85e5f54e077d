"""One arm against each other on identical items: is the difference more than chance?

The interval is clustered by source document and carries the size. McNemar's exact test carries the p value, corrected
over the arms after Holm (Scandinavian Journal of Statistics 6, 1979); it takes items as independent, so a difference
counts as significant only where the clustered interval leaves zero out as well.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scipy.stats import binomtest

from bench.answers import Answers, Items
from bench.estimates import Estimate, paired_estimate
from bench.records import AnchorMark, Mark
from steps.gate.losses import holm

Measure = Literal["acquisition", "retention", "change", "abilities"]
MEASURES: tuple[Measure, ...] = ("acquisition", "retention", "change", "abilities")
ALPHA = 0.05

Scores = Mapping[tuple, tuple[float, str]]
"""Score and cluster of each item."""


@dataclass(frozen=True)
class Comparison:
    """``arm`` minus ``other`` in one measure; positive: ``arm`` is better. Shares, not points.

    Measures: ``acquisition`` is own night's recall probes at their night, ``retention`` the earlier cohorts' at the
    last night, ``change`` what became of each earlier probe between the two (right to wrong is -1), ``abilities`` the
    anchor suite after ``night``, the latest that both arms were asked it after.
    """

    measure: Measure
    arm: str
    other: str
    difference: Estimate
    won: int
    lost: int
    p: float
    """Exact McNemar test, two-sided, of the items won against those lost (a sign test for ``change``)."""
    p_holm: float
    clusters: int
    night: int

    @property
    def significant(self) -> bool:
        """Holm's p is below 0.05 and the clustered interval leaves zero out."""
        low, high = self.difference.low, self.difference.high
        return self.p_holm < ALPHA and low is not None and high is not None and (low > 0 or high < 0)


@dataclass(frozen=True)
class Dominance:
    """``other`` is better than the arm on both axes; ``significant`` where it is so on each of them."""

    other: str
    acquisition: Comparison
    forgetting: Comparison
    significant: bool


def compare(
    marks: Iterable[Mark],
    anchors: Iterable[AnchorMark],
    *,
    arm: str = "slumber",
    cohorts: Collection[int] | None = None,
    last: int | None = None,
) -> list[Comparison]:
    """Compare ``arm`` with every other in every measure in which both answered the same items.

    A pair without common items has no row: there is no evidence. ``cohorts`` and ``last`` as in ``summarise``.

    Raises:
        ValueError: an arm was asked the same thing twice after the same night.
    """
    answers = Answers(marks, anchors, cohorts=cohorts, last=last)
    found: list[Comparison] = []
    for measure in MEASURES:
        rows = [_compare(answers, measure, arm=arm, other=other) for other in answers.arms if other != arm]
        found += _holm([row for row in rows if row is not None])
    return found


def dominated(
    comparisons: Iterable[Comparison], *, forgetting: Literal["change", "abilities"] = "change"
) -> list[Dominance]:
    """Which arms are better than the compared one both in acquisition and in forgetting, by the point estimates.

    Args:
        forgetting: the plane's other axis: change of the earlier probes, or general abilities. An arm without
            evidence on an axis is not in the plane.
    """
    by_arm: dict[str, dict[str, Comparison]] = {}
    for row in comparisons:
        by_arm.setdefault(row.other, {})[row.measure] = row
    found = []
    for other, rows in by_arm.items():
        axes = [rows[axis] for axis in ("acquisition", forgetting) if axis in rows]
        if len(axes) == 2 and all(row.difference.value < 0 for row in axes):
            found.append(Dominance(other, axes[0], axes[1], significant=all(row.significant for row in axes)))
    return found


def _compare(answers: Answers, measure: Measure, *, arm: str, other: str) -> Comparison | None:
    night = answers.last
    if measure == "abilities":
        common = set(answers.anchor_nights(arm)) & set(answers.anchor_nights(other))
        if not common:
            return None
        night = max(common)
        ours, theirs = (_abilities(answers, name, night) for name in (arm, other))
    else:
        ours, theirs = (_scores(answers, measure, name) for name in (arm, other))
    keys = sorted(ours.keys() & theirs.keys())
    if not keys:
        return None
    clusters = [ours[k][1] for k in keys]
    won = sum(ours[k][0] > theirs[k][0] for k in keys)
    lost = sum(ours[k][0] < theirs[k][0] for k in keys)
    p = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    return Comparison(
        measure=measure,
        arm=arm,
        other=other,
        difference=paired_estimate([ours[k][0] for k in keys], [theirs[k][0] for k in keys], clusters),
        won=won,
        lost=lost,
        p=p,
        p_holm=p,
        clusters=len(set(clusters)),
        night=night,
    )


def _abilities(answers: Answers, arm: str, night: int) -> Scores:
    return {(i,): (float(m.correct), i) for i, m in answers.anchor_items(arm, night).items()}


def _scores(answers: Answers, measure: Measure, arm: str) -> Scores:
    own, end = answers.own_night(arm), answers.items(arm, answers.last, cohorts=answers.earlier())
    if measure == "change":
        return {k: (float(end[k].correct) - float(own[k].correct), end[k].source) for k in end.keys() & own.keys()}
    return _right(own if measure == "acquisition" else end)


def _right(items: Items) -> Scores:
    return {key: (float(mark.correct), mark.source) for key, mark in items.items()}


def _holm(rows: Sequence[Comparison]) -> list[Comparison]:
    corrected = holm({row.other: row.p for row in rows})
    return [replace(row, p_holm=corrected[row.other]) for row in rows]
