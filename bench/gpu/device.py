"""The device while something is measured: its clock, its memory, and the matrix products that it can do at most."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

T = TypeVar("T")
_TIMES = 10


@dataclass(frozen=True)
class Measured:
    """One thing that was done: tokens in seconds. ``peak_bytes``: of the device, at most, weights included; None on a
    CPU. ``flops``: counted on a part of the same work, for all of it."""

    what: str
    tokens: int
    seconds: float
    peak_bytes: int | None = None
    flops: float | None = None

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds

    def row(self, limit: float | None) -> dict[str, Any]:
        share = self.flops / self.seconds / limit if self.flops and limit else None
        return {**self.__dict__, "tokens_per_second": self.rate, "share_of_limit": share}


def wait(device: torch.device) -> None:
    """Let the device come to an end with what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def timed(device: torch.device, work: Callable[[], T]) -> tuple[T, float, int | None]:
    """Do it; return what came of it, the seconds, and the peak of the device's memory meanwhile in bytes."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    wait(device)
    start = time.perf_counter()
    found = work()
    wait(device)
    spent = time.perf_counter() - start
    return found, spent, torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


def matrix_limits(model: Any, *, rows: int) -> dict[str, float]:
    """Floating-point operations per second of products of ``rows`` tokens with each shape of weight that a block has.

    The best of ten each, in the model's own number format.
    """
    device, dtype = model.device, model.dtype
    shapes = {
        tuple(p.shape) for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n and "lm_h" not in n
    }
    limits = {}
    for outputs, inputs in sorted(shapes):
        left = torch.randn(rows, inputs, device=device, dtype=dtype)
        right = torch.randn(outputs, inputs, device=device, dtype=dtype)
        best = min(_product_seconds(left, right, device) for _ in range(_TIMES))
        limits[f"{rows}x{inputs}x{outputs}"] = 2 * rows * inputs * outputs / best
    return limits


def _product_seconds(left: torch.Tensor, right: torch.Tensor, device: torch.device) -> float:
    wait(device)
    start = time.perf_counter()
    torch.nn.functional.linear(left, right)
    wait(device)
    return time.perf_counter() - start
