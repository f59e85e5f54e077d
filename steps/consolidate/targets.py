"""What each position of a training row should say: the teacher's probabilities, or the written token."""

import numpy as np
import torch

from steps.consolidate.examples import Example
from steps.consolidate.loss import Targets
from steps.consolidate.teacher import Labels
from steps.settings import ConsolidateSettings


def row_targets(
    part: list[tuple[Example, int]], labels: Labels, *, settings: ConsolidateSettings, device: torch.device
) -> Targets:
    """Targets of all completion positions of examples with their numbers in ``labels``, one after another."""
    positions = np.concatenate([np.arange(s.start, s.stop) for s in (labels.of(number) for _, number in part)])
    return Targets(
        tokens=labels.tokens[positions].to(device),
        logprobs=labels.logprobs[positions].to(device),
        written=torch.tensor([t for e, _ in part for t in e.completion], device=device),
        weights=torch.tensor([weight(e, settings) for e, _ in part for _ in e.completion], device=device),
    )


def written_shares(members: list[Example], targets: Targets, *, hard_label: float) -> torch.Tensor:
    """Share [N] of the written token: where the teacher would have gone another way, the student must be led back.

    Soft labels alone teach the teacher's favourite first words, after which nothing was trained (docs/log.md).
    """
    device = targets.written.device
    verbatim = torch.tensor([e.verbatim for e in members for _ in e.completion], device=device)
    rehearsal = torch.tensor([e.rehearsal for e in members for _ in e.completion], device=device)
    astray = (targets.tokens[:, 0] != targets.written) & ~rehearsal
    return torch.where(verbatim, 1.0, hard_label * astray.float())


def weight(example: Example, settings: ConsolidateSettings) -> float:
    """How much each position of an example counts."""
    return settings.rehearsal_weight if example.rehearsal else 1.0
