"""Attention over a packed row by its blocks: torch's reads the whole square, of which a mask leaves a few strips.

In a row of many texts a token sees its own and what they share. The queries are taken some at a time, each part with
the keys that any of them sees and no others: the same sums, without what the mask would make zero. On processors alone,
where one call more costs little: a row of 1,940 tokens takes a third less time (docs/log.md).
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

_PART = 64  # queries at a time
_LEAST = 2 * _PART  # queries: below them the whole square is small
_WORTH = 0.7  # share of the square beyond which it is read as a whole

Parts = list[tuple[slice, torch.Tensor, torch.Tensor]]
"""Queries, the keys that they see [n], and the mask between them [1, 1, queries, n]."""


def by_blocks(queries: int, device: torch.device) -> AbstractContextManager[Any]:
    """Within it attention with an additive mask [1, 1, queries, keys] is taken by blocks, where that helps.

    A mask must not change until it ends.
    """
    return _ByBlocks() if queries >= _LEAST and device.type == "cpu" else nullcontext()


class _ByBlocks(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self._met: dict[int, tuple[torch.Tensor, Parts | None]] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention and len(args) >= 3:
            query, key, value, *more = args
            mask = more[0] if more else kwargs.get("attn_mask")
            plain = len(more) <= 1 and not kwargs.get("is_causal") and not kwargs.get("dropout_p")
            parts = self._parts(mask) if plain and mask is not None else None
            if parts is not None and mask.shape[-1] == key.shape[-2]:
                how = {name: kwargs[name] for name in ("scale", "enable_gqa") if kwargs.get(name) is not None}
                return _by_parts(query, key, value, parts, how)
        return func(*args, **kwargs)

    def _parts(self, mask: torch.Tensor) -> Parts | None:
        known = self._met.get(mask.data_ptr())
        if known is None or known[0].shape != mask.shape:
            known = self._met[mask.data_ptr()] = mask, parts_of(mask)
        return known[1]


def parts_of(mask: torch.Tensor) -> Parts | None:
    """Return the parts of a mask; None where it is none of one row's, or leaves so much that they are not worth it."""
    if mask.shape[:2] != (1, 1) or mask.shape[2] < _LEAST or not mask.is_floating_point():
        return None
    seen = mask[0, 0] > torch.finfo(mask.dtype).min / 2
    parts, read = [], 0
    for start in range(0, mask.shape[2], _PART):
        queries = slice(start, min(start + _PART, mask.shape[2]))
        keys = seen[queries].any(dim=0).nonzero()[:, 0]
        parts.append((queries, keys, mask[:, :, queries].index_select(3, keys)))
        read += (queries.stop - queries.start) * len(keys)
    return parts if read < _WORTH * mask.shape[2] * mask.shape[3] else None


def _by_parts(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, parts: Parts, how: dict[str, Any]
) -> torch.Tensor:
    return torch.cat(
        [
            F.scaled_dot_product_attention(
                query[:, :, queries], key.index_select(2, keys), value.index_select(2, keys), attn_mask=mask, **how
            )
            for queries, keys, mask in parts
        ],
        dim=2,
    )
