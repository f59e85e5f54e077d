"""Prefer: make one completion likelier than another (direct preference optimisation, arXiv 2305.18290)."""

import torch
from torch.nn import functional as F

from steps.consolidate.objectives.objective import PairObjective
from steps.kinds.preference import BETA


class Prefer(PairObjective):
    """The negative log-likelihood that the preferred completion wins, against the reference."""

    name = "prefer"

    def loss(self, preferred: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
        return -F.logsigmoid(BETA * (preferred - rejected))
