"""The objectives by their names, and the loss of a row that holds examples of several."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import torch

from steps.consolidate.examples import Example
from steps.consolidate.loss import Targets, distillation_loss
from steps.consolidate.objectives.distill import Distill
from steps.consolidate.objectives.imitate import Imitate
from steps.consolidate.objectives.keep import Keep
from steps.consolidate.objectives.objective import Objective, PairObjective, TokenObjective
from steps.consolidate.objectives.prefer import Prefer
from steps.consolidate.teacher import Labels
from steps.errors import SlumberError
from steps.lesson import Lesson
from steps.model.head import Head
from steps.settings import ConsolidateSettings

OBJECTIVES: dict[str, Objective] = {one.name: one for one in (Distill(), Imitate(), Keep(), Prefer())}

Part = list[tuple[Example, int]]  # examples with their numbers in the labels


def in_pairs(example: Example) -> bool:
    """Whether an example belongs to a pair: what is preferred, or what is rejected, which comes next."""
    return OBJECTIVES[example.objective].pairs


def check_lessons(lessons: Iterable[Lesson]) -> None:
    """Raise SlumberError unless every lesson names an objective that there is, and has what it compares."""
    for lesson in lessons:
        where = f"The lesson {lesson.id} of {lesson.night}"
        if lesson.objective not in OBJECTIVES:
            raise SlumberError(f"{where} has the objective '{lesson.objective}': there are {', '.join(OBJECTIVES)}.")
        if OBJECTIVES[lesson.objective].pairs != (lesson.rejected is not None):
            wants = "no rejected answer" if lesson.rejected is not None else "a rejected answer to compare with"
            raise SlumberError(f"{where} wants {wants} for its objective '{lesson.objective}': mend what writes it.")


def row_loss(
    part: Part, hidden: torch.Tensor, head: Head, labels: Labels, settings: ConsolidateSettings
) -> tuple[torch.Tensor, float]:
    """Return the weighted mean loss over all completion positions of some examples, and the sum of their weights.

    Args:
        hidden: [N, width] what the head makes the completions of, one example after another.
    """
    if not any(in_pairs(example) for example, _ in part):
        return _token_loss(part, hidden, head, labels, settings)
    paired = np.repeat([in_pairs(e) for e, _ in part], [len(e.completion) for e, _ in part])
    losses, weights = [], []
    for wanted, loss_of in ((False, _token_loss), (True, _pair_loss)):
        members = [one for one in part if in_pairs(one[0]) is wanted]
        if members:
            where = torch.from_numpy(np.flatnonzero(paired == wanted)).to(hidden.device)
            loss, share = loss_of(members, hidden[where], head, labels, settings)
            losses.append(loss * share)
            weights.append(share)
    return torch.stack(losses).sum() / sum(weights), sum(weights)


def _token_loss(
    part: Part, hidden: torch.Tensor, head: Head, labels: Labels, settings: ConsolidateSettings
) -> tuple[torch.Tensor, float]:
    targets = row_targets(part, labels, settings=settings, device=hidden.device)
    shares = written_shares(part, labels, targets, hard_label=settings.hard_label)
    return distillation_loss(hidden, head, targets, hard_label=shares), float(targets.weights.sum())


def _pair_loss(
    part: Part, hidden: torch.Tensor, head: Head, labels: Labels, settings: ConsolidateSettings
) -> tuple[torch.Tensor, float]:
    """A pair counts as much as the positions of its preferred completion."""
    written = torch.tensor([t for e, _ in part for t in e.completion], device=hidden.device)
    said = head(hidden).log_softmax(-1).gather(-1, written[:, None])[:, 0]
    gain = said - labels.written[_positions(part, labels)].to(hidden.device)
    totals = [one.sum() for one in gain.split([len(e.completion) for e, _ in part])]
    losses, weights = [], []
    for (better, worse), (one, other) in zip(pairwise(part), pairwise(totals), strict=True):
        if worse[0].rejected:
            objective = OBJECTIVES[better[0].objective]
            assert isinstance(objective, PairObjective)
            losses.append(objective.loss(one[None], other[None])[0])
            weights.append(weight(better[0], settings) * len(better[0].completion))
    shares = torch.tensor(weights, device=hidden.device)
    return (torch.stack(losses) * shares).sum() / shares.sum(), float(shares.sum())


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
    """Share [N] of the written token at all positions, as each example's objective has it."""
    unaided = labels.unaided[_positions(part, labels)].to(targets.written.device)
    news = (targets.tokens[:, 0] != targets.written) | (unaided != targets.written)
    shares = []
    for (example, _), one in zip(part, news.split([len(e.completion) for e, _ in part]), strict=True):
        objective = OBJECTIVES[example.objective]
        assert isinstance(objective, TokenObjective)
        shares.append(objective.written_share(one, hard_label=hard_label))
    return torch.cat(shares)


def weight(example: Example, settings: ConsolidateSettings) -> float:
    """How much each position of an example counts."""
    return settings.rehearsal_weight if example.rehearsal else 1.0


def _positions(part: Part, labels: Labels) -> np.ndarray:
    return np.concatenate([np.arange(s.start, s.stop) for s in (labels.of(number) for _, number in part)])
