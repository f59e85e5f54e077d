"""Paired differences, clustered by source document, and how many items they need to be decided.

Clustered standard error of a mean of paired differences: Miller, arXiv 2411.00640, section 2.2, with Student's t on
(clusters - 1) degrees of freedom, because a night has few documents.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class PairedDifference:
    """Mean of (candidate - other) over items, with one-sided bounds; shares between -1 and 1.

    ``needed`` is the number of items that would decide ``epsilon`` with the asked power, given this spread.
    """

    mean: float
    lower: float
    upper: float
    items: int
    clusters: int
    needed: int


def paired_difference(
    candidate: list[float], other: list[float], clusters: list[str], *, confidence: float, power: float, epsilon: float
) -> PairedDifference:
    """Compare two models on the same items.

    Args:
        candidate, other: one score per item, in the same order.
        clusters: the source of each item; items of one source are not independent.
        confidence: of each one-sided bound, 0.95 say.

    Raises:
        ValueError: no items, or lists of different length.
    """
    if not candidate or not len(candidate) == len(other) == len(clusters):
        raise ValueError("paired differences need the same items of both models, at least one")
    difference = np.asarray(candidate, dtype=float) - np.asarray(other, dtype=float)
    mean, size = float(difference.mean()), len(difference)
    sums: dict[str, float] = {}
    for cluster, value in zip(clusters, difference - mean, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + float(value)
    groups = len(sums)
    if groups > 1:
        variance = sum(s * s for s in sums.values()) / size**2 * groups / (groups - 1)
        reach = float(stats.t.ppf(confidence, groups - 1)) * math.sqrt(variance)
    else:
        variance, reach = float("nan"), float("inf")
    return PairedDifference(
        mean=mean,
        lower=mean - reach,
        upper=mean + reach,
        items=size,
        clusters=groups,
        needed=_needed(variance * size, confidence=confidence, power=power, epsilon=epsilon),
    )


def _needed(variance_per_item: float, *, confidence: float, power: float, epsilon: float) -> int:
    """n = (z_a + z_b)^2 * variance / epsilon^2; the clustered variance carries the design effect already."""
    if math.isnan(variance_per_item):
        return 10**9
    z = stats.norm.ppf(confidence) + stats.norm.ppf(power)
    return math.ceil(z * z * variance_per_item / epsilon**2)
