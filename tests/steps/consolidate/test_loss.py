"""The distillation loss, and its hand-written gradient against that of plain operations."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from steps.consolidate.loss import Targets, distillation_loss
from steps.model.head import Head

POSITIONS, WIDTH, VOCABULARY, TOP = 300, 12, 50, 4  # more positions than are computed at once


def as_is():
    """A head that takes logits for hidden states."""
    return Head()


def taught(logits, *, top):
    """What a teacher of these logits says; it wrote its most probable tokens."""
    best, tokens = logits.log_softmax(-1).topk(top)
    return Targets(tokens=tokens, logprobs=best, written=tokens[:, 0], weights=torch.ones(len(logits)))


def test_it_is_zero_for_an_equal_student_and_aims_at_its_own_position():
    logits = torch.randn(3, VOCABULARY, generator=torch.Generator().manual_seed(0))
    targets = taught(logits, top=VOCABULARY)
    assert float(distillation_loss(logits, as_is(), targets, hard_label=0.0)) == pytest.approx(0.0, abs=1e-4)
    assert distillation_loss(logits.roll(1, 0), as_is(), targets, hard_label=0.0) > 0.1


def test_the_hard_label_is_the_written_answers_likelihood():
    logits = torch.randn(3, VOCABULARY, generator=torch.Generator().manual_seed(0))
    targets = taught(logits, top=TOP)
    hard = float(distillation_loss(logits, as_is(), targets, hard_label=1.0))
    assert hard == pytest.approx(float(F.cross_entropy(logits, targets.written)), rel=1e-5)
    soft = float(distillation_loss(logits.roll(1, 0), as_is(), targets, hard_label=0.0))
    both = float(distillation_loss(logits.roll(1, 0), as_is(), targets, hard_label=0.25))
    rolled = float(F.cross_entropy(logits.roll(1, 0), targets.written))
    assert both == pytest.approx(0.75 * soft + 0.25 * rolled, rel=1e-5)


def test_probability_cannot_hide_outside_the_top_k():
    teacher = torch.full((1, VOCABULARY), -10.0)
    teacher[0, 0] = 5.0
    targets, leaky = taught(teacher, top=TOP), teacher.clone()
    leaky[0, 40] = 5.0
    equal = distillation_loss(teacher, as_is(), targets, hard_label=0.0).abs()
    assert distillation_loss(leaky, as_is(), targets, hard_label=0.0) > 10 * equal + 0.1


def test_positions_count_by_their_weight():
    logits = torch.randn(2, VOCABULARY, generator=torch.Generator().manual_seed(0))
    targets = taught(logits.flip(0), top=TOP)
    one, two = (
        distillation_loss(logits[n : n + 1], as_is(), taught(logits[[1 - n]], top=TOP), hard_label=0.0) for n in (0, 1)
    )
    weighted = Targets(targets.tokens, targets.logprobs, targets.written, weights=torch.tensor([3.0, 1.0]))
    mean = float(distillation_loss(logits, as_is(), weighted, hard_label=0.0))
    assert mean == pytest.approx(float(0.75 * one + 0.25 * two), rel=1e-5)


def plainly(hidden, head, targets, hard):
    """The same loss in ordinary differentiable operations of double precision."""
    bias = None if head.bias is None else head.bias.double()
    logits = F.linear(hidden, head.weight.double(), bias) * head.scale
    logprobs = (logits if head.cap is None else head.cap * torch.tanh(logits / head.cap)).log_softmax(-1)
    teacher, student = targets.logprobs.double(), logprobs.gather(-1, targets.tokens)
    rest = (1 - teacher.exp().sum(-1)).clamp_min(1e-6)
    left = (1 - student.exp().sum(-1)).clamp_min(1e-6)
    soft = (teacher.exp() * (teacher - student)).sum(-1) + rest * (rest.log() - left.log())
    written = -logprobs.gather(-1, targets.written[:, None])[:, 0]
    each = (1 - hard) * soft + hard * written
    return (each * targets.weights).sum() / targets.weights.sum()


@pytest.mark.parametrize(
    ("bias", "bent"),
    [(False, {}), (True, {}), (False, {"scale": 0.25}), (True, {"scale": 3.0, "cap": 5.0}), (False, {"cap": 2.0})],
)
@pytest.mark.parametrize("hard", [0.0, 0.3, 1.0, "one for each position"])
def test_its_gradient_is_that_of_plain_operations(hard, bias, bent):
    torch.manual_seed(3)
    linear = nn.Linear(WIDTH, VOCABULARY, bias=bias).requires_grad_(False)
    head = Head(linear.weight, linear.bias, **bent)
    hidden = torch.randn(POSITIONS, WIDTH) * 2
    hidden[7] = 200 * head.weight[1]  # so sure of itself that nothing is left outside the top k
    best, tokens = torch.randn(POSITIONS, VOCABULARY).mul(2).log_softmax(-1).topk(TOP)
    tokens[7, 0] = (hidden[7] @ head.weight.T).argmax()
    tokens[7, 1:] = (tokens[7, 0] + torch.arange(1, TOP)) % VOCABULARY
    weights = torch.rand(POSITIONS) * (torch.rand(POSITIONS) > 0.3)
    weights[7] = 1.0
    targets = Targets(tokens, best, torch.randint(VOCABULARY, (POSITIONS,)), weights)
    if isinstance(hard, str):
        hard = torch.rand(POSITIONS).round(decimals=1)

    ours, theirs = hidden.clone().requires_grad_(), hidden.double().requires_grad_()
    loss, expected = distillation_loss(ours, head, targets, hard_label=hard), plainly(theirs, head, targets, hard)
    (0.37 * loss).backward()
    (0.37 * expected).backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert float((ours.grad - theirs.grad).abs().max()) < 1e-5 * float(theirs.grad.abs().max())
    assert not ours.grad[weights == 0].any() and ours.grad[weights > 0].any(dim=-1).all()
    assert head.weight.grad is None
