"""Products of a few rows and a layer on a processor: each step of writing is made of them, and of little else.

MKL takes ``x W'`` of two to eight rows for a large product, and puts all of W in another order first; a single row it
takes for a chain of sums. The same product the other way round, ``(W x')'`` with x' as a turned view, reads W once as
it lies: 1.4 to 9 times faster in the shapes of the embedded model (docs/log.md). Where inputs are wide that holds for
fewer rows. Which way is taken follows from the shapes alone, so that the same rows give the same numbers.
"""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel

_MOST, _WIDE, _MOST_OF_WIDE = 8, 1024, 4
_LEAST = 100_000  # weights; of smaller layers, adapters among them, all is in the processor's cache and fast anyway


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """``torch.nn.functional.linear``: x [..., inner], weight [outer, inner]; a few rows go the short way."""
    rows = x.numel() // x.shape[-1]
    if not 0 < rows <= (_MOST if x.shape[-1] <= _WIDE else _MOST_OF_WIDE) or not helps(weight):
        return F.linear(x, weight, bias)
    flat = x.reshape(rows, -1)
    turned = flat if rows > 1 else flat.expand(2, -1).contiguous()  # two copies of one row are faster than one
    out = torch.mm(weight, turned.T)[:, :rows].T.contiguous()
    return (out if bias is None else out.add_(bias)).reshape(*x.shape[:-1], -1)


class NarrowLinear(nn.Linear):
    """A linear layer of the base that multiplies a few rows the short way."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return linear(x, self.weight, self.bias)


def multiply_few_rows_fast(model: PreTrainedModel) -> None:
    """Let the linear layers of ``model`` be ``NarrowLinear`` where that helps; their weights stay what they are."""
    for module in model.modules():
        if type(module) is nn.Linear and helps(module.weight):
            module.__class__ = NarrowLinear


def helps(weight: torch.Tensor) -> bool:
    """Whether this was found to be faster: in float32, by MKL, on a processor with AVX-512."""
    return _BY_MKL and weight.numel() >= _LEAST and weight.device.type == "cpu" and weight.dtype == torch.float32


_BY_MKL = torch.backends.mkl.is_available() and torch.backends.cpu.get_cpu_capability().startswith("AVX512")
