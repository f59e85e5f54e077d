"""Distill: say what the model itself says with the source in context."""

import torch

from steps.consolidate.objectives.objective import TokenObjective


class Distill(TokenObjective):
    """The teacher's probabilities, and a share of the written token where that is news.

    Soft labels alone teach the teacher's favourite first words, after which nothing was trained, and leave what is new
    hardly likelier than what is like it (docs/log.md). What the base says anyway keeps the teacher's soft labels.
    """

    name = "distill"

    def written_share(self, news: torch.Tensor, *, hard_label: float) -> torch.Tensor:
        return hard_label * news.float()
