"""Whether a suite lost more items than it won: exact tests that catch a loss which no mean shows."""

from collections.abc import Mapping, Sequence

from scipy.stats import binomtest


def lost_more(candidate: Sequence[bool], other: Sequence[bool]) -> float:
    """One-sided exact McNemar test: p of so many items lost, if an item that changes is won as often as lost.

    Raises:
        ValueError: lists of different length.
    """
    pairs = list(zip(candidate, other, strict=True))
    lost = sum(theirs and not ours for ours, theirs in pairs)
    changed = sum(ours != theirs for ours, theirs in pairs)
    return float(binomtest(lost, changed, alternative="greater").pvalue) if changed else 1.0


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct for asking several questions at once (Holm 1979): family-wise error as one question's."""
    corrected, reached = {}, 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda pair: pair[1])):
        reached = max(reached, min(1.0, p * (len(p_values) - rank)))
        corrected[name] = reached
    return corrected
