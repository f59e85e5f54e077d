"""One-sided bounds of a mean paired difference whose items come in documents.

Right and wrong: Tango's score bound for paired shares (Statistics in Medicine 17, 1998), on as many items as the
documents are worth (Kish's design effect, as in Eliasziw and Donner 1991). It stays honest where nothing or hardly
anything differs, where standard errors are nothing, too.

Graded scores: the widest of Student's t on the clustered standard error (Miller, arXiv 2411.00640, section 2.2), the
studentised cluster bootstrap (Cameron, Gelbach and Miller 2008), which sees that rare losses make a mean skewed, and
Student's t on the spread of as many items as the documents are worth, for a handful of documents happens to look more
independent than they are.
"""

import math
from functools import lru_cache

import numpy as np
from scipy import optimize, stats

from steps.sampling import LEAST_CORRELATION

RESAMPLES, SEED = 2000, 0
_MANY = 5000  # clusters beyond which a mean is normal enough


def _clustered_error(sums: np.ndarray, counts: np.ndarray) -> float:
    """Standard error of the mean from the sums and counts of at least two documents."""
    groups, mean = len(sums), sums.sum() / counts.sum()
    residuals = sums - mean * counts
    return float(np.sqrt((residuals @ residuals) * groups / (groups - 1)) / counts.sum())


def share_bounds(difference: np.ndarray, cluster: np.ndarray, *, confidence: float) -> tuple[float, float]:
    """Lower and upper bound of the mean of differences that are -1, 0 or 1; ``cluster``: [items] document numbers."""
    effect = kish_effect(difference, cluster)
    items, won, lost = (n / effect for n in (len(difference), (difference > 0).sum(), (difference < 0).sum()))
    return _tango(won, lost, items, confidence), -_tango(lost, won, items, confidence)


def kish_effect(difference: np.ndarray, cluster: np.ndarray) -> float:
    """Design effect 1 + (m - 1) rho: m is the mean size of an item's document, rho by analysis of variance."""
    counts = np.bincount(cluster).astype(float)
    items, groups = len(difference), len(counts)
    size = float((counts**2).sum() / items)
    if size == 1.0:
        return 1.0
    if groups == 1:
        return size
    means = np.bincount(cluster, weights=difference) / counts
    between = float((counts * (means - difference.mean()) ** 2).sum()) / (groups - 1)
    within = float(((difference - means[cluster]) ** 2).sum()) / max(1, items - groups)
    usual = (items - size) / (groups - 1)
    spread = between + (usual - 1) * within
    correlation = (between - within) / spread if spread > 0 else 0.0
    return 1.0 + (size - 1.0) * min(1.0, max(LEAST_CORRELATION, correlation))


def score_bounds(difference: np.ndarray, cluster: np.ndarray, *, confidence: float) -> tuple[float, float]:
    """Lower and upper bound of the mean of graded differences of items from at least two documents."""
    sums, counts = np.bincount(cluster, weights=difference), np.bincount(cluster).astype(float)
    groups, mean = len(sums), float(difference.mean())
    error = _clustered_error(sums, counts)
    student = float(stats.t.ppf(confidence, groups - 1))
    above, below = (student, -student)
    if error > 0 and groups <= _MANY:
        above, below = _studentised(sums, counts, confidence=confidence)
    worth = len(difference) / kish_effect(difference, cluster)  # independent items
    supposed = math.sqrt(difference.var(ddof=1) / worth) * float(stats.t.ppf(confidence, max(1.0, worth - 1)))
    lower, upper = max(error * max(student, above), supposed), max(error * max(student, -below), supposed)
    return mean - lower, mean + upper


def _tango(won: float, lost: float, items: float, confidence: float) -> float:
    """Lower bound of (won - lost) / items; counts may be fractions."""
    least, found = -1.0 + 1e-9, (won - lost) / items
    z = float(stats.norm.ppf(confidence))

    def excess(difference: float) -> float:
        b = (2 * items - won + lost) * difference - won - lost
        root = math.sqrt(max(b * b + 8 * items * lost * difference * (1 - difference), 0.0))
        share = (root - b) / (4 * items)  # of losses, where the true difference is this one
        variance = items * (2 * share + difference * (1 - difference))
        return (won - lost - items * difference) / math.sqrt(max(variance, 1e-12)) - z

    if found <= least or excess(least) < 0:
        return -1.0
    return float(optimize.brentq(excess, least, found))


def _studentised(sums: np.ndarray, counts: np.ndarray, *, confidence: float) -> tuple[float, float]:
    """Quantiles of (resampled mean - mean) / its standard error: at ``confidence``, and at its complement.

    A resample in which no document differs has no spread: it counts as the farthest that has some.
    """
    groups, mean = len(sums), sums.sum() / counts.sum()
    columns = np.stack([sums, counts, sums * sums, sums * counts, counts * counts], axis=1)
    total, count, squares, cross, sizes = (_draws(groups) @ columns).T
    means = total / count
    spread = (squares - 2 * means * cross + means**2 * sizes) * groups / (groups - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (means - mean) * count / np.sqrt(np.maximum(spread, 0.0))
    finite = t[np.isfinite(t)]
    t = np.clip(np.nan_to_num(t, nan=0.0, posinf=np.inf, neginf=-np.inf), finite.min(initial=0), finite.max(initial=0))
    above, below = np.quantile(t, [confidence, 1 - confidence], method="inverted_cdf")
    return float(above), float(below)


@lru_cache(maxsize=4)
def _draws(groups: int) -> np.ndarray:
    """How often each document is drawn in each resample; shape [resamples, groups]."""
    drawn = np.random.default_rng(SEED).multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)
    return drawn.astype(float)
