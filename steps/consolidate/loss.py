"""The distillation loss: cross-entropy of the student against the teacher's top-k and the rest as one bucket."""

import torch
from torch.nn import functional as F


def distillation_loss(
    logits: torch.Tensor,
    *,
    teacher_tokens: torch.Tensor,
    teacher_logprobs: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor,
    hard_label: float,
) -> torch.Tensor:
    """Return the weighted mean over positions of KL(teacher || student) plus ``hard_label`` of the written answer.

    Args:
        logits: [N, vocabulary] float32, the student's.
        teacher_tokens, teacher_logprobs: [N, k], the teacher's most probable tokens.
        targets: [N] the written answer's tokens.
        weights: [N] at least one positive.
        hard_label: share in [0, 1] of the written token against the teacher's probabilities.

    The teacher's entropy is subtracted, so that 0 means equal; the tail enters as one event, so that probability
    cannot hide outside the top k.
    """
    student = logits.log_softmax(dim=-1)
    chosen = student.gather(-1, teacher_tokens)
    shares = teacher_logprobs.exp()
    soft = (shares * (teacher_logprobs - chosen)).sum(dim=-1)
    teacher_rest = (1 - shares.sum(dim=-1)).clamp_min(1e-6)
    student_rest = (1 - chosen.exp().sum(dim=-1)).clamp_min(1e-6)
    soft = soft + teacher_rest * (teacher_rest.log() - student_rest.log())
    loss = soft
    if hard_label:
        loss = (1 - hard_label) * soft + hard_label * F.nll_loss(student, targets, reduction="none")
    return (loss * weights).sum() / weights.sum()
