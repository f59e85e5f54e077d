"""Two models on the same items: the mean paired difference, its bounds, and what so many items could have seen."""

import math
from dataclasses import dataclass

import numpy as np

from steps.gate.bounds import kish_effect, score_bounds, share_bounds
from steps.gate.power import detectable, items_needed


@dataclass(frozen=True)
class PairedDifference:
    """Mean of (candidate - other) over items, with one-sided bounds; shares between -1 and 1."""

    mean: float
    lower: float
    upper: float
    items: int
    clusters: int
    better: int
    """Items with a higher score than the other model's; ``worse``: with a lower one."""
    worse: int
    design_effect: float
    """How many times fewer independent items these are worth, because they share documents."""
    detectable: float
    """The smallest loss that so many items with this spread rule out with the asked power."""
    needed: int
    """Items that would rule out ``epsilon``."""


def paired_difference(
    candidate: list[float], other: list[float], clusters: list[str], *, confidence: float, power: float, epsilon: float
) -> PairedDifference:
    """Compare two models on the same items.

    Args:
        candidate, other: one score per item, in the same order; right and wrong are 1 and 0.
        clusters: the source document of each item; items of one document are not independent.
        confidence: of each one-sided bound, 0.95 say.
        power: with which ``epsilon`` is to be ruled out where the models are equal.

    Raises:
        ValueError: no items, or lists of different length.
    """
    if not candidate or not len(candidate) == len(other) == len(clusters):
        raise ValueError("paired differences need the same items of both models, at least one")
    ours, theirs = np.asarray(candidate, dtype=float), np.asarray(other, dtype=float)
    difference = ours - theirs
    names, cluster = np.unique(clusters, return_inverse=True)
    documents = len(names)
    if documents < 2:
        lower, upper = -math.inf, math.inf
    elif all(np.isin(values, (-1, 0, 1)).all() for values in (ours, theirs, difference)):  # right or wrong
        lower, upper = share_bounds(difference, cluster, confidence=confidence)
    else:
        lower, upper = score_bounds(difference, cluster, confidence=confidence)
    asked = {"confidence": confidence, "power": power}
    variance = float(difference.var(ddof=1)) if documents > 1 else math.nan
    effect = kish_effect(difference, cluster)
    return PairedDifference(
        mean=float(difference.mean()),
        lower=lower,
        upper=upper,
        items=len(difference),
        clusters=documents,
        better=int((difference > 0).sum()),
        worse=int((difference < 0).sum()),
        design_effect=effect,
        detectable=detectable(variance, items=len(difference), effect=effect, **asked),
        needed=items_needed(variance, effect=effect, epsilon=epsilon, **asked),
    )
