"""Where the time of some work goes: matrix products by their shapes, each beside what this machine reaches with that
shape alone, and everything else.

A product of a row of text and a layer is far from square, so that the best product of two large square matrices is a
limit that none of them can reach. What could be reached is the same products, each as fast as it is alone.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from rich.table import Table
from torch import nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile
from transformers import PreTrainedModel

from steps.model.narrow import linear

_SECONDS = 0.3  # that a product is tried, at least
_PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm")
_STEP = 64  # to whose multiples lengths are rounded: rows of text are of many
_SMALL = 0.005  # share of the time below which a shape is not tried alone

Shape = tuple[int, int, int, int]
"""Batch, rows, inner, columns."""


@dataclass(frozen=True)
class Product:
    """Products of about one ``shape``. ``alone``: operations a second that one reaches by itself; None: not tried."""

    shape: Shape
    calls: int
    seconds: float
    flops: float
    alone: float | None

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.flops / self.seconds


@dataclass(frozen=True)
class Where:
    """``seconds`` of work on the processor; ``others``: seconds by what is no product."""

    seconds: float
    products: list[Product]
    others: dict[str, float]

    def figures(self, limit: float) -> dict[str, float]:
        """Shares of ``limit``, in operations a second: what is reached, and what products alone would.

        "at best": if each product were as fast as it is alone, and nothing else took time.
        """
        flops, spent = sum(p.flops for p in self.products), sum(p.seconds for p in self.products)
        alone = sum(p.flops / max(p.alone or 0.0, p.rate) for p in self.products)
        return {
            "of the limit": flops / self.seconds / limit,
            "time in products": spent / self.seconds,
            "products, of the limit": flops / spent / limit,
            "at best, of the limit": flops / alone / limit,
        }


def where(work: Callable[[], Any]) -> Where:
    """Do the work once and look where its time went."""
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        work()
    calls, spent, flops = Counter[Shape](), Counter[Shape](), Counter[Shape]()
    others, total = Counter[str](), 0.0
    for one in seen.key_averages(group_by_input_shape=True):
        seconds = one.self_cpu_time_total / 1e6
        total += seconds
        exact = _shape(one.key, one.input_shapes) if one.key in _PRODUCTS else None
        if exact is None:
            others[one.key] += seconds
            continue
        shape = _rounded(exact)
        calls[shape] += one.count
        spent[shape] += seconds
        flops[shape] += _flops(exact) * one.count
    products = [
        Product(shape, calls[shape], seconds, flops[shape], _alone(shape) if seconds > _SMALL * total else None)
        for shape, seconds in spent.most_common()
    ]
    return Where(total, products, dict(others.most_common()))


def tables(went: Mapping[str, Where], limit: float) -> Iterator[Table]:
    """How near each work comes to ``limit``, and for each the shapes and operations that take longest."""
    shown = Table(title=f"Where the time goes, of the limit of {limit / 1e9:.0f} GFLOP/s")
    names = list(next(iter(went.values())).figures(limit))
    for column in ("", *names):
        shown.add_column(column, justify="right" if column else "left")
    for what, found in went.items():
        shown.add_row(what, *(f"{share:.0%}" for share in found.figures(limit).values()))
    yield shown
    for what, found in went.items():
        yield _table(found, limit, title=what)


def _table(found: Where, limit: float, *, title: str, rows: int = 10) -> Table:
    shown = Table(title=f"{title}: {found.seconds:.1f} s")
    for column in ("rows x inner x columns", "calls", "seconds", "share", "of the limit", "alone"):
        shown.add_column(column, justify="right" if shown.columns else "left")
    for product in found.products[:rows]:
        batch, *shape = product.shape
        shown.add_row(
            (f"{batch} of " if batch > 1 else "") + " x ".join(map(str, shape)),
            str(product.calls),
            f"{product.seconds:.2f}",
            f"{product.seconds / found.seconds:.0%}",
            f"{product.rate / limit:.0%}",
            f"{product.alone / limit:.0%}" if product.alone else "-",
        )
    for name, seconds in list(found.others.items())[:rows]:
        shown.add_row(name.removeprefix("aten::"), "", f"{seconds:.2f}", f"{seconds / found.seconds:.0%}", "-", "-")
    return shown


def of_few_rows(model: PreTrainedModel, counts: Sequence[int] = (1, 2, 4, 6, 8, 12)) -> Table:
    """How a few rows are multiplied with the layers of ``model``: torch's way, and ours (``steps.model.narrow``)."""
    shown = Table(title="A few rows: milliseconds by torch.nn.functional.linear, and here")
    for column in ("layer", *(f"{count} rows" if count > 1 else "1 row" for count in counts)):
        shown.add_column(column, justify="right" if shown.columns else "left")
    layers = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    for shape in sorted({tuple(weight.shape) for weight in layers}, key=math.prod):
        weights = [weight for weight in layers if weight.shape == shape]  # one after the other, as in a step
        cells = []
        for count in counts:
            x = torch.randn(count, shape[1], dtype=weights[0].dtype, device=weights[0].device)
            best = [_least(partial(_each, way, x, weights)) / len(weights) for way in (F.linear, linear)]
            cells.append(" ".join(f"{1000 * seconds:.2f}" for seconds in best))
        shown.add_row(f"{shape[1]} to {shape[0]}", *cells)
    return shown


def _each(way: Callable[..., Any], x: torch.Tensor, weights: list[torch.Tensor]) -> None:
    for weight in weights:
        way(x, weight)


def _shape(name: str, inputs: list[list[int]]) -> Shape | None:
    left, right = inputs[:2] if name in ("aten::mm", "aten::bmm") else inputs[1:3]  # after them, where it is written to
    if len(left) == 2 and len(right) == 2:
        return 1, left[0], left[1], right[1]
    return (left[0], left[1], left[2], right[2]) if len(left) == 3 and len(right) == 3 else None


def _rounded(shape: Shape) -> Shape:
    batch, *lengths = shape
    rows, inner, columns = (n if n < _STEP else round(n / _STEP) * _STEP for n in lengths)
    return batch, rows, inner, columns


def _flops(shape: Shape) -> float:
    return 2.0 * math.prod(shape)


def _alone(shape: Shape) -> float:
    """Operations a second of the best of many products of that shape; the right side turned, as a layer's weight is."""
    batch, rows, inner, columns = shape
    left, right = torch.randn(batch, rows, inner), torch.randn(batch, columns, inner).transpose(1, 2)
    if batch == 1:
        left, right = left[0], right[0]
    return _flops(shape) / _least(lambda: left @ right)


@torch.no_grad()
def _least(work: Callable[[], Any]) -> float:
    """Seconds of the fastest of many tries."""
    best, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < _SECONDS:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best
