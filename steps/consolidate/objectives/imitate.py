"""Imitate: say exactly what is written (supervised fine-tuning on completions alone)."""

import torch

from steps.consolidate.objectives.objective import TokenObjective


class Imitate(TokenObjective):
    """Cross-entropy of the written tokens: for what no teacher would say of itself, a demonstration, say."""

    name = "imitate"

    def written_share(self, news: torch.Tensor, *, hard_label: float) -> torch.Tensor:
        return torch.ones_like(news, dtype=torch.float32)
