"""Processes that train one adapter together: each reads its share of an optimiser step, and the gradients are summed.

What distributed data parallel does, without torch's wrapper: the loss is computed past the model's own ``forward``, and
a step is one row whose examples are weighed against each other. So the loss and the gradient are those of one process
up to rounding, however many ranks there are. Whoever starts the ranks (``torchrun``, Ray Train) joins them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist

from steps.consolidate.examples import Example


@dataclass(frozen=True)
class Ranks:
    """This process is ``rank`` of ``count``. Alone it exchanges nothing. The ``first`` writes files."""

    rank: int = 0
    count: int = 1

    @classmethod
    def here(cls) -> "Ranks":
        """Those that this process was joined with, if it was."""
        if dist.is_available() and dist.is_initialized():
            return cls(dist.get_rank(), dist.get_world_size())
        return cls()

    @property
    def first(self) -> bool:
        return self.rank == 0

    def share(self, row: list[int], examples: Sequence[Example]) -> list[int]:
        """Which examples of an optimiser step are this rank's; none, where there are fewer than ranks."""
        return shares(row, examples, self.count)[self.rank]

    def begin_alike(self, weights: Sequence[torch.Tensor]) -> None:
        """Take the first rank's ``weights``: what was computed on machines of two kinds may differ in rounding."""
        if self.count > 1:
            for weight in weights:
                dist.broadcast(weight.data, 0)

    def sum_gradients(self, weights: Sequence[torch.nn.Parameter]) -> None:
        """Give each rank the sum of all ranks' gradients; a rank that had no example counts as nothing."""
        if self.count == 1:
            return
        parts = [w.grad if w.grad is not None else torch.zeros_like(w) for w in weights]
        together = torch.cat([part.reshape(-1) for part in parts])
        dist.all_reduce(together)
        for weight, summed in zip(weights, together.split([w.numel() for w in weights]), strict=True):
            weight.grad = summed.view_as(weight)

    def sum_figures(self, *figures: float, device: torch.device) -> list[float]:
        """Return sums over all ranks."""
        if self.count == 1:
            return list(figures)
        dtype = torch.float64 if device.type != "mps" else torch.float32
        together = torch.tensor(figures, dtype=dtype, device=device)
        dist.all_reduce(together)
        return together.tolist()

    def wait(self) -> None:
        """Wait until all ranks are here."""
        if self.count > 1:
            dist.barrier()


def shares(row: list[int], examples: Sequence[Example], count: int) -> list[list[int]]:
    """Cut the examples of a row into ``count`` parts of about as many tokens, each example in one of them.

    A pair stays together. Examples that begin alike are neighbours, so that a part computes what they share once.
    """
    if count == 1:
        return [row]
    units: list[list[int]] = []
    for n in row:
        if examples[n].rejected:
            units[-1].append(n)
        else:
            units.append([n])
    units.sort(key=lambda unit: examples[unit[0]].sequence)
    sizes = [sum(len(examples[n].sequence) for n in unit) for unit in units]
    parts: list[list[int]] = [[] for _ in range(count)]
    before = 0
    for unit, size in zip(units, sizes, strict=True):
        parts[(2 * before + size) * count // (2 * sum(sizes))] += unit  # where its middle lies
        before += size
    return parts
