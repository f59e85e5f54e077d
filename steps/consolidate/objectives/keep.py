"""Keep: go on saying what the base says (the KL divergence to it)."""

import torch

from steps.consolidate.objectives.objective import TokenObjective


class Keep(TokenObjective):
    """The base's own probabilities on what it wrote: rehearsal, in the manner of learning without forgetting."""

    name = "keep"

    def written_share(self, news: torch.Tensor, *, hard_label: float) -> torch.Tensor:
        return torch.zeros_like(news, dtype=torch.float32)
