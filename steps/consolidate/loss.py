"""The distillation loss, fused with the output head: cross-entropy against the teacher's top-k and the rest as one.

The gradient is known in closed form, so it is computed with the loss, a few positions at a time, and the logits of a
whole row (the largest tensor of a training step) never exist (the idea of Liger's fused losses, arXiv 2410.10989).
"""

from dataclasses import dataclass

import torch

from steps.model.forward import exponentiate_
from steps.model.head import Head

_LEAST = 1e-6  # probability below which the rest of the vocabulary counts as empty


@dataclass(frozen=True)
class Targets:
    """What N positions should say.

    tokens, logprobs: [N, k] the teacher's most probable tokens and their log-probabilities.
    written: [N] the written answer's tokens.
    weights: [N] at least one positive.
    """

    tokens: torch.Tensor
    logprobs: torch.Tensor
    written: torch.Tensor
    weights: torch.Tensor


def distillation_loss(
    states: torch.Tensor, head: Head, targets: Targets, *, hard_label: float | torch.Tensor
) -> torch.Tensor:
    """Return the weighted mean over positions of KL(teacher || student) plus ``hard_label`` of the written answer.

    Args:
        states: [N, width] last hidden states; ``head`` maps them to logits (its weights are frozen).
        hard_label: share in [0, 1] of the written token against the teacher's probabilities, one or [N].

    The teacher's entropy is subtracted, so that 0 means equal; the tail enters as one event, so that probability
    cannot hide outside the top k.
    """
    hard = torch.as_tensor(hard_label, dtype=torch.float32, device=states.device).expand(len(states))
    return _Fused.apply(states, head, targets, hard)


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, states, head: Head, targets: Targets, hard: torch.Tensor):
        shares = targets.weights / targets.weights.sum()
        gradient = torch.empty_like(states)
        total = states.new_zeros((), dtype=torch.float32)
        for part, logits in head.by_part(states):
            bend = head.slope(logits)
            aims = Targets(targets.tokens[part], targets.logprobs[part], targets.written[part], shares[part])
            losses, slope = _loss_and_slope(logits, aims, hard[part])
            total += (losses * shares[part]).sum()
            gradient[part] = head.back(slope, bend)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx, upstream):
        (gradient,) = ctx.saved_tensors
        return gradient * upstream.to(gradient.dtype), None, None, None


def _loss_and_slope(logits: torch.Tensor, targets: Targets, hard: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss [N] and its gradient [N, vocabulary] times the weights; the latter overwrites ``logits``."""
    chosen, written = logits.gather(-1, targets.tokens), logits.gather(-1, targets.written[:, None])
    total, less = exponentiate_(logits)
    chosen, written = chosen - less, (written - less)[:, 0]
    taught, learned = targets.logprobs.exp(), chosen.exp()
    taught_rest = (1 - taught.sum(dim=-1)).clamp_min(_LEAST)
    rest = 1 - learned.sum(dim=-1)
    learned_rest = rest.clamp_min(_LEAST)
    soft = (taught * (targets.logprobs - chosen)).sum(dim=-1)
    soft = soft + taught_rest * (taught_rest.log() - learned_rest.log())
    # d(soft)/d(logits) = sum(taught) p - taught_k + pull (p_k - sum(learned) p), p the student's probabilities
    pull = torch.where(rest > _LEAST, taught_rest / learned_rest, torch.zeros_like(rest))
    scale = (1 - hard) * (taught.sum(dim=-1) - pull * learned.sum(dim=-1)) + hard
    slope = logits.mul_((scale * targets.weights)[:, None] / total)
    at_chosen = (pull[:, None] * learned - taught) * ((1 - hard) * targets.weights)[:, None]
    slope.scatter_add_(-1, targets.tokens, at_chosen)
    slope.scatter_add_(-1, targets.written[:, None], (-hard * targets.weights)[:, None])
    return (1 - hard) * soft - hard * written, slope
