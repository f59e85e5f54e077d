"""What each token of a packed row may look at, as the model's layers want to be told.

A layer with a sliding window sees the last so many tokens of its own path alone. A model whose layers differ takes one
mask by type of layer, any other takes one for all.
"""

import numpy as np
import torch
from transformers import PretrainedConfig

_FULL, _SLIDING = "full_attention", "sliding_attention"


def window_of(config: PretrainedConfig) -> int | None:
    """How many tokens, itself among them, a token sees in the layers with a sliding window; None: there are none."""
    text = config.get_text_config()
    types = layer_types(text)
    window = getattr(text, "sliding_window", None)
    return window if window and (not types or _SLIDING in types) else None


def layer_types(config: PretrainedConfig) -> set[str]:
    """The types of a model's layers as its configuration names them; empty where it names none."""
    return set(getattr(config.get_text_config(), "layer_types", None) or ())


def only_attention(config: PretrainedConfig) -> bool:
    """Whether all layers are of types that a mask can tell what to see; a state space reads whatever comes before."""
    return layer_types(config) <= {_FULL, _SLIDING}


def attention_masks(
    config: PretrainedConfig,
    visible_mask: np.ndarray,
    *,
    queries: np.ndarray,
    keys: np.ndarray,
    dtype: torch.dtype,
    device: torch.device,
) -> torch.Tensor | dict[str, torch.Tensor]:
    """Return a model's ``attention_mask``: one additive mask [1, 1, queries, keys], or one by type of layer.

    Args:
        visible_mask: [queries, keys] booleans, what is on a token's path.
        queries, keys: positions, [queries] and [keys].
    """
    window, types = window_of(config), layer_types(config)
    full = additive_mask(visible_mask, dtype=dtype, device=device)
    near = full
    if window is not None and queries.max() >= window:
        within = queries[:, None] - keys[None, :] < window
        near = additive_mask(visible_mask & within, dtype=dtype, device=device)
    if len(types) > 1:
        return {name: near if name == _SLIDING else full for name in types}
    return full if window is None else near


def additive_mask(visible_mask: np.ndarray, *, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return [1, 1, queries, keys]: 0 where a token may look, the dtype's minimum elsewhere."""
    hidden = torch.from_numpy(~visible_mask).to(device)
    mask = torch.zeros(visible_mask.shape, dtype=dtype, device=device)
    return mask.masked_fill_(hidden, torch.finfo(dtype).min)[None, None]
