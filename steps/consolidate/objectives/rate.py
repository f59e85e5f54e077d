"""Like and dislike: one answer alone that somebody rated, made likelier or less likely than it was.

Kahneman-Tversky optimisation (KTO, arXiv 2402.01306) compares an answer with how far the model has moved on unrelated
ones, which costs another reading of each batch. Its variant without that point (TRL's ``apo_zero_unpaired``) is taken:
it compares with the model before tonight alone (docs/log.md says what was measured).
"""

import torch

from steps.consolidate.objectives.objective import RatedObjective
from steps.kinds.preference import BETA


class Like(RatedObjective):
    """The share by which an answer that was liked is not yet likelier."""

    name = "like"

    def loss(self, gain: torch.Tensor) -> torch.Tensor:
        return 1 - torch.sigmoid(BETA * gain)


class Dislike(RatedObjective):
    """The share by which an answer that was disliked is not yet less likely."""

    name = "dislike"

    def loss(self, gain: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(BETA * gain)
