"""Numbers with their intervals: cluster bootstrap over source documents, and paired differences."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from steps.gate.statistics import paired_difference

CONFIDENCE, RESAMPLES, SEED = 0.95, 2000, 0
UNDEFINED_ALLOWED = 0.025  # more undefined resamples than this could hide a whole tail of the interval

Row = tuple[int, str, float]
"""Cohort, source document, value of one item."""


@dataclass(frozen=True)
class Estimate:
    """A share or a difference of shares (1.0 is 100 %) with its two-sided 95 % interval, from ``count`` items.

    The bounds are None where the number is known but its spread is not: a single document.
    """

    value: float
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True)
class Bootstrap:
    """Percentile bootstrap that draws whole documents, with their items; the same seed gives the same interval.

    Cameron, Gelbach and Miller 2008 (pairs cluster bootstrap). With the five documents of one night it is somewhat too
    narrow (about 85 % coverage); with the 20 and more of a pooled figure it is close to nominal.
    """

    resamples: int = RESAMPLES
    seed: int = SEED

    def share(self, rows: Sequence[Row]) -> Estimate | None:
        """Share of ones among values of 0 and 1, pooled; None without rows.

        All right or all wrong leaves nothing to resample; there the interval is the exact one (Clopper-Pearson) of as
        many independent items.
        """
        found = self.mean(rows)
        if found is None or found.low is None or found.value not in (0.0, 1.0):
            return found
        exact = stats.binomtest(round(found.value * found.count), found.count).proportion_ci(CONFIDENCE, "exact")
        return Estimate(found.value, float(exact.low), float(exact.high), found.count)

    def mean(self, rows: Sequence[Row]) -> Estimate | None:
        """Mean of the values over all items; None without rows."""
        sums = document_sums((source, (value, 1.0)) for _, source, value in rows)
        return self.estimate(sums, lambda totals: _ratio(totals[..., 0], totals[..., 1]), count=len(rows))

    def mean_of_cohorts(self, rows: Sequence[Row]) -> Estimate | None:
        """Mean over cohorts of each cohort's mean value: every cohort weighs the same; None without rows."""
        cohorts = sorted({cohort for cohort, _, _ in rows})

        def columns(cohort: int, value: float) -> tuple[float, ...]:
            return tuple(x for c in cohorts for x in ((value, 1.0) if c == cohort else (0.0, 0.0)))

        def statistic(totals: np.ndarray) -> np.ndarray:
            means = _ratio(totals[..., ::2], totals[..., 1::2])
            drawn = ~np.isnan(means)  # a resample may draw no document of some cohort
            return _ratio(np.where(drawn, means, 0.0).sum(-1), drawn.sum(-1))

        sums = document_sums((source, columns(cohort, value)) for cohort, source, value in rows)
        return self.estimate(sums, statistic, count=len(rows))

    def gap_closed(self, rows: Iterable[tuple[str, float, float, float]]) -> Estimate | None:
        """(sum right - sum floor) / (sum ceiling - sum floor) over (source, right, floor, ceiling) of each item.

        Documents are drawn jointly for the three. None without rows and where the ceiling is not above the floor.
        """
        items = [(source, (right, floor, ceiling)) for source, right, floor, ceiling in rows]

        def statistic(totals: np.ndarray) -> np.ndarray:
            right, floor, ceiling = np.moveaxis(totals, -1, 0)
            return _ratio(right - floor, ceiling - floor)

        return self.estimate(document_sums(items), statistic, count=len(items))

    def estimate(
        self, sums: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], *, count: int
    ) -> Estimate | None:
        """Apply ``statistic`` (totals of shape [..., k] to [...]) to the documents' sums, shape [documents, k]."""
        if not len(sums):
            return None
        value = float(statistic(sums.sum(0)))
        if np.isnan(value):
            return None
        if len(sums) == 1:
            return Estimate(value, None, None, count)
        draws = statistic(_weights(len(sums), resamples=self.resamples, seed=self.seed) @ sums)
        if np.isnan(draws).mean() > UNDEFINED_ALLOWED:
            return Estimate(value, None, None, count)
        low, high = np.nanquantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return Estimate(value, float(low), float(high), count)


def document_sums(rows: Iterable[tuple[str, tuple[float, ...]]]) -> np.ndarray:
    """Sum the columns of each document's items; shape [documents, columns], in order of first appearance."""
    grouped: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for source, values in rows:
        grouped[source].append(values)
    return np.array([np.sum(values, axis=0) for values in grouped.values()], dtype=float)


def paired_estimate(ours: Sequence[float], theirs: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """Mean of (ours - theirs) over items with the two-sided interval of ``paired_difference``.

    Raises:
        ValueError: no items, or lists of different length.
    """
    mean, low, high = _paired(ours, theirs, clusters, confidence=(1 + CONFIDENCE) / 2)
    return Estimate(mean, low, high, len(ours))


def paired_lower_bound(ours: Sequence[float], theirs: Sequence[float], clusters: Sequence[str]) -> float | None:
    """One-sided 95 % lower bound of the mean of (ours - theirs), as the gate takes it; None from one cluster."""
    return _paired(ours, theirs, clusters, confidence=CONFIDENCE)[1]


def _paired(
    ours: Sequence[float], theirs: Sequence[float], clusters: Sequence[str], *, confidence: float
) -> tuple[float, float | None, float | None]:
    # Power and epsilon only size the gate's sample, which is not asked for here.
    found = paired_difference(list(ours), list(theirs), list(clusters), confidence=confidence, power=0.8, epsilon=0.01)
    return (found.mean, found.lower, found.upper) if found.clusters > 1 else (found.mean, None, None)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide; NaN where the denominator is not positive."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below > 0)


@lru_cache(maxsize=64)
def _weights(documents: int, *, resamples: int, seed: int) -> np.ndarray:
    """How often each document is drawn in each resample; shape [resamples, documents]."""
    drawn = np.random.default_rng(seed).multinomial(documents, np.full(documents, 1 / documents), size=resamples)
    return drawn.astype(float)
