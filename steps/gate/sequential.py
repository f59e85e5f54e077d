"""How much worse a model may be than another at most, said so that one may look again after every observation.

Two means of values between 0 and 1 are compared by betting (Waudby-Smith and Ramdas, Journal of the Royal Statistical
Society B 86, 2024): whoever doubts that a mean is m bets a share of his money on each value, and grows rich beyond
1/alpha with probability alpha at most, however often one looks and whenever one stops (Ville 1939). Many shares are bet
at once, as in the universal portfolio (Orabona and Jun, arXiv 2110.14099), so that the order of the values does not
matter. That the means are m and m + d is doubted with the product of two such fortunes; a difference d is ruled out
where the product is too large for every m.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from scipy import stats

_STEPS = 200  # of the grid of means and of differences
_SHARES = 64  # shares of the money that are bet at once


def upper_bound(new: Sequence[float], old: Sequence[float], *, confidence: float) -> float:
    """The most that the mean behind ``new`` may exceed that behind ``old``; negative if it is lower for certain.

    Holds at all looks together with probability ``confidence``. It is 1, which says nothing, without enough values.

    Args:
        new, old: values between 0 and 1, each of its model's sessions once, independent of each other.

    Raises:
        ValueError: a value lies outside of 0 to 1.
    """
    if any(not 0 <= value <= 1 for value in (*new, *old)):
        raise ValueError("values between 0 and 1 are compared")
    above = _fortune(_counted(old))  # by mean: doubting that it is at most so large
    below = _fortune(_counted([1 - value for value in new]))[::-1]  # doubting that it is at least so large
    enough = math.log(1 / (1 - confidence))
    differences = range(-_STEPS, _STEPS + 1)
    # The larger the difference, the more is won: the first that is ruled out is sought by halving.
    first = bisect_left(differences, enough, key=lambda difference: _least_product(above, below, difference))
    return differences[min(first, len(differences) - 1)] / _STEPS


def _least_product(above: np.ndarray, below: np.ndarray, difference: int) -> float:
    """Logarithm of the least product over all means of the old model; between two of the grid the lower ones count."""
    at = np.arange(_STEPS)  # from this mean to the next one
    shifted = at + difference
    possible = shifted < _STEPS
    if not possible.any():
        return math.inf
    return float((above[at + 1] + below[shifted.clip(0, _STEPS)])[possible].min())


def _counted(values: Sequence[float]) -> tuple[tuple[float, int], ...]:
    return tuple(sorted(Counter(values).items()))


@lru_cache(maxsize=4)
def _fortune(counted: tuple[tuple[float, int], ...]) -> np.ndarray:
    """Logarithm of what is won by betting that the mean is larger than each of the grid; [_STEPS + 1], falling."""
    shares = _shares()[:, None]
    means = np.arange(1, _STEPS + 1) / _STEPS
    won = np.zeros((len(shares), len(means)))
    for value, count in counted:
        won += count * np.log1p(shares * (value / means - 1))
    best = won.max(axis=0)
    together = best + np.log(np.exp(won - best).mean(axis=0))
    return np.concatenate([[together[0]], together])  # at a mean of 0 no less


@cache
def _shares() -> np.ndarray:
    return np.asarray(stats.beta.ppf((np.arange(_SHARES) + 0.5) / _SHARES, 0.5, 0.5))
