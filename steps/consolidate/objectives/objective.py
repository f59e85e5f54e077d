"""What an objective is: it says what the completions of a row's examples should become, as a loss."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch


class Objective(ABC):
    """``pairs``: its examples come in pairs, what is preferred before what is rejected.

    ``compared``: whole completions are held against what the model makes of them that is improved upon.
    """

    name: ClassVar[str]
    pairs: ClassVar[bool] = False
    compared: ClassVar[bool] = False


class TokenObjective(Objective):
    """Each position aims at the teacher's probabilities, at the written token, or at a mixture of both.

    All of a row are computed in one fused pass (``steps.consolidate.loss``): only the share differs.
    """

    @abstractmethod
    def written_share(self, news: torch.Tensor, *, hard_label: float) -> torch.Tensor:
        """Return the share [N] of the written token against the teacher's probabilities.

        ``news``: [N] booleans, where the base would go another way, with the source or without.
        """


class PairObjective(Objective):
    """Each pair of completions is compared as a whole with what the reference makes of it."""

    pairs = True
    compared = True

    @abstractmethod
    def loss(self, preferred: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
        """Return the loss [pairs] of log-probabilities [pairs] of whole completions, less the reference's own."""


class RatedObjective(Objective):
    """Each completion is compared as a whole with what the reference makes of it."""

    compared = True

    @abstractmethod
    def loss(self, gain: torch.Tensor) -> torch.Tensor:
        """Return the loss [completions] of log-probabilities of whole completions, less the reference's own."""
