"""How many questions about how many documents show that a share of their facts is lost."""

import math
from collections.abc import Collection

from scipy import special

LEAST_CORRELATION = 0.2  # of items of one document, which few documents cannot tell


def chance_to_miss(probes: Collection[int], *, share: float, correlation: float) -> float:
    """Return the chance that a loss of ``share`` of all facts shows in none of the probes.

    Args:
        probes: how many facts of each document are asked for.
        correlation: of the facts of one document, which are lost together: their number is beta-binomial.
    """
    spread = (1 - correlation) / correlation
    lost, kept = share * spread, (1 - share) * spread
    return math.exp(sum(special.betaln(lost, kept + count) - special.betaln(lost, kept) for count in probes))


def documents_needed(probes: Collection[int], *, share: float, correlation: float, confidence: float) -> int:
    """Return of how many documents with as many ``probes`` as these one at least shows that ``share`` is lost."""
    missed = chance_to_miss(probes, share=share, correlation=correlation)
    return math.ceil(len(probes) * math.log(1 - confidence) / math.log(missed))
