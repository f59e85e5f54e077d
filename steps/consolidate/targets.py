"""What each position of a training row should say: the teacher's probabilities, or the written token."""

import numpy as np
import torch

from steps.consolidate.examples import Example
from steps.consolidate.loss import Targets
from steps.consolidate.teacher import Labels
from steps.settings import ConsolidateSettings

Part = list[tuple[Example, int]]  # examples with their numbers in the labels


def row_targets(part: Part, labels: Labels, *, settings: ConsolidateSettings, device: torch.device) -> Targets:
    """Targets of all completion positions of a row's examples, one after another."""
    where = _positions(part, labels)
    return Targets(
        tokens=labels.tokens[where].to(device),
        logprobs=labels.logprobs[where].to(device),
        written=torch.tensor([t for e, _ in part for t in e.completion], device=device),
        weights=torch.tensor([weight(e, settings) for e, _ in part for _ in e.completion], device=device),
    )


def written_shares(part: Part, labels: Labels, targets: Targets, *, hard_label: float) -> torch.Tensor:
    """Share [N] of the written token: where the base, with the document or without, would go another way.

    Soft labels alone teach the teacher's favourite first words, after which nothing was trained, and leave what is new
    hardly likelier than what is like it (docs/log.md). What the base says anyway keeps the teacher's soft labels.
    """
    device = targets.written.device
    verbatim = torch.tensor([e.verbatim for e, _ in part for _ in e.completion], device=device)
    rehearsal = torch.tensor([e.rehearsal for e, _ in part for _ in e.completion], device=device)
    unaided = labels.unaided[_positions(part, labels)].to(device)
    news = ((targets.tokens[:, 0] != targets.written) | (unaided != targets.written)) & ~rehearsal
    return torch.where(verbatim, 1.0, hard_label * news.float())


def weight(example: Example, settings: ConsolidateSettings) -> float:
    """How much each position of an example counts."""
    return settings.rehearsal_weight if example.rehearsal else 1.0


def _positions(part: Part, labels: Labels) -> np.ndarray:
    return np.concatenate([np.arange(s.start, s.stop) for s in (labels.of(number) for _, number in part)])
