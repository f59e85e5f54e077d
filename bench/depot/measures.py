"""What follows from the actions: tonight's principles, earlier ones, both sides, near misses, slope over nights.

Intervals draw whole principles, with their cases: a principle is learned or not, and its cases go together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.depot.records import DepotMark
from bench.estimates import Bootstrap, Estimate, Row, document_sums

BASE = "no-update"
SIDES = (0, 1)


@dataclass(frozen=True)
class Summary:
    """One arm's figures; shares of cases in which the right one of four actions was taken.

    ``tonight``: of each principle the morning after; ``sides``: of its better side and its worse one;
    ``over_base``: the same less what the base does. ``earlier``: of earlier principles after the last night;
    ``of_acquired``: of what was right the morning after, how much is right in the end. ``firing``: near misses in which
    one of a principle's actions was taken after the last night, less the base's. ``matrix``: by (after, cohort);
    ``so_far``: all principles met, night by night; ``slope``: of that, a night. ``families``: tonight, by family.
    """

    arm: str
    tonight: Estimate | None
    sides: tuple[Estimate | None, Estimate | None]
    over_base: Estimate | None
    earlier: Estimate | None
    of_acquired: Estimate | None
    firing: Estimate | None
    matrix: Mapping[tuple[int, int], Estimate]
    so_far: Mapping[int, Estimate]
    slope: Estimate | None
    families: Mapping[str, Estimate]


def summarise(marks: Iterable[DepotMark], *, bootstrap: Bootstrap) -> list[Summary]:
    """Compute the figures of every arm, in the order in which they appear."""
    by_arm: dict[str, list[DepotMark]] = {}
    for mark in marks:
        by_arm.setdefault(mark.arm, []).append(mark)
    base = {(m.item, m.after): m for m in by_arm.get(BASE, ())}
    return [_summary(arm, own, base, bootstrap) for arm, own in by_arm.items()]


def paired(ours: Sequence[DepotMark], theirs: Sequence[DepotMark], *, bootstrap: Bootstrap) -> Estimate | None:
    """Return by how much more of the same cases after the same nights one arm does right, with principles drawn."""
    others = {(m.item, m.after): m for m in theirs}
    pairs = [(m, others[m.item, m.after]) for m in ours if (m.item, m.after) in others]
    return bootstrap.mean([(m.cohort, m.principle, float(m.correct) - float(o.correct)) for m, o in pairs])


def tonight(marks: Iterable[DepotMark]) -> list[DepotMark]:
    """The cases of principles the morning after they were met."""
    return [m for m in marks if m.side is not None and m.after == m.cohort]


def _summary(arm: str, marks: Sequence[DepotMark], base: Mapping[tuple, DepotMark], bootstrap: Bootstrap) -> Summary:
    cases = [m for m in marks if m.side is not None]
    first, nights = tonight(marks), sorted({m.after for m in cases})
    last = [m for m in marks if m.after == nights[-1]] if nights else []
    end = [m for m in last if m.side is not None and m.cohort < m.after]
    near = [(m, base[m.item, m.after]) for m in last if m.side is None and (m.item, m.after) in base]
    cells = {(m.after, m.cohort): [n for n in cases if (n.after, n.cohort) == (m.after, m.cohort)] for m in cases}
    return Summary(
        arm=arm,
        tonight=bootstrap.share(_rows(first)),
        sides=_sides(first, bootstrap),
        over_base=paired(first, [m for m in base.values() if m.side is not None], bootstrap=bootstrap),
        earlier=bootstrap.share(_rows(end)),
        of_acquired=_of_acquired(first, end, bootstrap),
        firing=bootstrap.mean([(m.cohort, m.principle, float(m.fires) - float(b.fires)) for m, b in near]),
        matrix={key: e for key, own in sorted(cells.items()) if (e := bootstrap.share(_rows(own)))},
        so_far={n: e for n in nights if (e := bootstrap.share(_rows([m for m in cases if m.after == n])))},
        slope=slope(cases, bootstrap=bootstrap),
        families={
            family: e
            for family in dict.fromkeys(m.family for m in first)
            if (e := bootstrap.share(_rows([m for m in first if m.family == family])))
        },
    )


def _sides(first: Sequence[DepotMark], bootstrap: Bootstrap) -> tuple[Estimate | None, Estimate | None]:
    """Of each principle its better and its worse side: one that always fires has 1 and 0."""
    right: dict[tuple[int, str], list[float]] = {}
    for principle in dict.fromkeys((m.seed, m.principle) for m in first):
        own = [[m.correct for m in first if (m.seed, m.principle, m.side) == (*principle, side)] for side in SIDES]
        right[principle] = sorted(sum(side) / len(side) for side in own if side)
    pairs = {key: found for key, found in right.items() if len(found) == len(SIDES)}
    worse, better = (
        bootstrap.mean([(0, key[1], found[place]) for key, found in pairs.items()]) for place in range(len(SIDES))
    )
    return better, worse


def _of_acquired(first: Sequence[DepotMark], end: Sequence[DepotMark], bootstrap: Bootstrap) -> Estimate | None:
    """What earlier principles are right in at the end, as a share of what they were the morning after."""
    then = {m.item: m.correct for m in first}
    sums = document_sums((m.principle, (float(m.correct), float(then[m.item]))) for m in end if m.item in then)

    def statistic(totals: np.ndarray) -> np.ndarray:
        right, was = totals[..., 0], totals[..., 1]
        return np.divide(right, was, out=np.full(np.broadcast(right, was).shape, np.nan), where=was > 0)

    return bootstrap.estimate(sums, statistic, count=len(end))


def slope(cases: Sequence[DepotMark], *, bootstrap: Bootstrap) -> Estimate | None:
    """Return the change a night of what is right of all principles so far: least squares over nights.

    Principles are drawn with all their nights. None before the third night.
    """
    nights = sorted({m.after for m in cases})
    if len(nights) < 3:
        return None

    def columns(mark: DepotMark) -> tuple[float, ...]:
        return tuple(x for n in nights for x in ((float(mark.correct), 1.0) if mark.after == n else (0.0, 0.0)))

    time = np.array(nights, dtype=float) - np.mean(nights)

    def statistic(totals: np.ndarray) -> np.ndarray:
        right, asked = totals[..., ::2], totals[..., 1::2]
        shares = np.divide(right, asked, out=np.full(right.shape, np.nan), where=asked > 0)
        return (shares * time).sum(-1) / (time**2).sum()

    return bootstrap.estimate(document_sums((m.principle, columns(m)) for m in cases), statistic, count=len(cases))


def _rows(marks: Sequence[DepotMark]) -> list[Row]:
    return [(m.cohort, m.principle, float(m.correct)) for m in marks]
