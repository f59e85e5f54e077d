"""What a number of items can decide, and how many a decision needs."""

import math

from scipy import stats


def items_needed(variance: float, *, effect: float, epsilon: float, confidence: float, power: float) -> int:
    """Return n = (z_a + z_b)^2 variance / epsilon^2, the items that rule out a loss of ``epsilon``.

    Never fewer than would rule it out if none of them differed.

    Args:
        variance: of one item's paired difference; for right and wrong it is the share of items on which the two models
            differ.
        effect: design effect, by which items of one document are worth less.
        power: probability of ruling it out where the two models are equally good.
    """
    if math.isnan(variance):
        return 10**9
    clean = clean_items(epsilon, confidence=confidence)
    return math.ceil(effect * max(clean, _z(confidence, power) ** 2 * variance / epsilon**2))


def detectable(variance: float, *, items: int, effect: float, confidence: float, power: float) -> float:
    """Return the minimum detectable effect: the smallest epsilon that so many items decide."""
    worth = items / effect
    if math.isnan(variance):
        return 1.0
    return max(zero_failure_bound(worth, confidence=confidence), _z(confidence, power) * math.sqrt(variance / worth))


def clean_items(epsilon: float, *, confidence: float) -> float:
    """Return how many independent items without any loss rule out that a share of ``epsilon`` is lost."""
    return math.log(1.0 - confidence) / math.log(1.0 - epsilon) if epsilon < 1 else 1.0


def zero_failure_bound(clean: float, *, confidence: float) -> float:
    """Upper bound of a failure rate after ``clean`` independent trials without any failure; 1.0 without trials.

    1 - (1 - confidence)^(1 / n), about 3 / n at 95 % (Hanley and Lippman-Hand 1983, the rule of three).
    """
    return 1.0 - (1.0 - confidence) ** (1.0 / clean) if clean else 1.0


def design_effect(items: int, clusters: int, *, correlation: float) -> float:
    """Return 1 + (m - 1) rho: how many times more items are needed when m of them share a document (Kish 1965)."""
    return 1.0 + (items / clusters - 1.0) * correlation


def _z(confidence: float, power: float) -> float:
    return float(stats.norm.ppf(confidence) + stats.norm.ppf(power))
