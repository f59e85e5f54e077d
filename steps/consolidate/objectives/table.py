"""The objectives by their names, and the loss of a row that holds examples of several."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch

from steps.consolidate.examples import Example
from steps.consolidate.labels import Labels
from steps.consolidate.loss import Targets, distillation_loss
from steps.consolidate.objectives.distill import Distill
from steps.consolidate.objectives.imitate import Imitate
from steps.consolidate.objectives.keep import Keep
from steps.consolidate.objectives.objective import Objective, PairObjective, RatedObjective, TokenObjective
from steps.consolidate.objectives.prefer import Prefer
from steps.consolidate.objectives.rate import Dislike, Like
from steps.errors import SlumberError
from steps.lesson import Lesson
from steps.model.head import Head
from steps.settings import ConsolidateSettings

OBJECTIVES: dict[str, Objective] = {
    one.name: one for one in (Distill(), Imitate(), Keep(), Prefer(), Like(), Dislike())
}

Part = list[tuple[Example, int]]  # examples with their numbers in the labels


def is_compared(example: Example) -> bool:
    """Whether a whole completion is held against what a reference makes of it."""
    return OBJECTIVES[example.objective].compared


def counted_alike(examples: Iterable[Example]) -> list[Example]:
    """Return examples of which all that are compared count alike, on average as the positions of their completions.

    The log-probability of a whole completion is a sum over its positions already. Were longer ones to count more on
    top of that, the pairs whose better side is the longer would pull harder than the others, and a model grow wordy.
    """
    found = [*examples]
    lengths = [len(e.completion) for e in found if is_compared(e) and not e.rejected]
    mean = sum(lengths) / len(lengths) if lengths else None
    return [replace(e, counts=mean) if is_compared(e) else e for e in found]


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
    """Return the weighted mean loss of some examples, and the sum of their weights.

    Of what is learned word by word each completion position counts, of what is compared each completion or pair.

    Args:
        hidden: [N, width] what the head makes the completions of, one example after another.
    """
    kinds = [next(kind for kind in _LOSSES if isinstance(OBJECTIVES[e.objective], kind)) for e, _ in part]
    if set(kinds) == {TokenObjective}:
        return _token_loss(part, hidden, head, labels, settings)
    lengths = [len(e.completion) for e, _ in part]
    losses, weights = [], []
    for kind, loss_of in _LOSSES.items():
        members = [one for one, own in zip(part, kinds, strict=True) if own is kind]
        if members:
            where = torch.from_numpy(np.flatnonzero(np.repeat([own is kind for own in kinds], lengths)))
            loss, share = loss_of(members, hidden[where.to(hidden.device)], head, labels, settings)
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
    losses, weights = [], []
    gains = _gains(part, hidden, head, labels)
    for (better, worse), (one, other) in zip(pairwise(part), pairwise(gains), strict=True):
        if worse[0].rejected:
            objective = OBJECTIVES[better[0].objective]
            assert isinstance(objective, PairObjective)
            losses.append(objective.loss(one[None], other[None])[0])
            weights.append(counted(better[0], settings))
    return _mean(losses, weights)


def _rated_loss(
    part: Part, hidden: torch.Tensor, head: Head, labels: Labels, settings: ConsolidateSettings
) -> tuple[torch.Tensor, float]:
    losses = []
    for (example, _), gain in zip(part, _gains(part, hidden, head, labels), strict=True):
        objective = OBJECTIVES[example.objective]
        assert isinstance(objective, RatedObjective)
        losses.append(objective.loss(gain[None])[0])
    return _mean(losses, [counted(e, settings) for e, _ in part])


_LOSSES = {TokenObjective: _token_loss, PairObjective: _pair_loss, RatedObjective: _rated_loss}


def _gains(part: Part, hidden: torch.Tensor, head: Head, labels: Labels) -> list[torch.Tensor]:
    """How much likelier each whole completion is than to the reference, in nats."""
    written = torch.tensor([t for e, _ in part for t in e.completion], device=hidden.device)
    said = head(hidden).log_softmax(-1).gather(-1, written[:, None])[:, 0]
    gain = said - labels.written[_positions(part, labels)].to(hidden.device)
    return [one.sum() for one in gain.split([len(e.completion) for e, _ in part])]


def _mean(losses: list[torch.Tensor], weights: list[float]) -> tuple[torch.Tensor, float]:
    shares = torch.tensor(weights, device=losses[0].device)
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


def counted(example: Example, settings: ConsolidateSettings) -> float:
    """How much all of an example counts, a pair as its preferred side."""
    return weight(example, settings) * (len(example.completion) if example.counts is None else example.counts)


def _positions(part: Part, labels: Labels) -> np.ndarray:
    return np.concatenate([np.arange(s.start, s.stop) for s in (labels.of(number) for _, number in part)])
