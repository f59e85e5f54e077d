"""Which layers of a model get an adapter: the linear ones that every token passes, in the upper blocks.

Routers and experts get none: a router that moves changes who answers, and experts are not met by all tokens (in most
families they are no linear layers either). Beside experts no MLP gets one, for PEFT takes the names of its layers for
the experts' own. Of a state space only what enters it: fused kernels take the weights of its
other projections without calling them, so that an adapter there would be left out unnoticed.
"""

from collections import Counter
from copy import deepcopy

import torch
from torch import nn
from transformers import AutoModelForCausalLM, PretrainedConfig, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from steps.model.forward import blocks, layer_count
from steps.settings import ConsolidateSettings

_ROUTERS = {"gate", "router"}
_MLP = {"gate_proj", "up_proj", "down_proj", "w1", "w2", "w3"}
_EXPERTS = "experts"
_EXPERT_COUNTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_NARROW = 8  # what has fewer inputs or outputs weighs or routes
_STATE_SPACE = "A_log"  # the parameter by which such a module is known


_names: dict[tuple[str, float], set[str]] = {}


def first_adapted_layer(config: PretrainedConfig, settings: ConsolidateSettings) -> int:
    """Number of the lowest adapted block of a model."""
    layers = layer_count(config)
    return min(int(settings.frozen_fraction * layers), layers - 1)


def adapted_layers(model: PreTrainedModel, settings: ConsolidateSettings) -> dict[str, nn.Module]:
    """The layers that are adapted by their names in ``model``."""
    layers, head = blocks(model), model.get_output_embeddings()
    upper = layers[first_adapted_layer(model.config, settings) :] if layers is not None else model.get_decoder()
    inside = {id(module) for module in upper.modules()}
    used = Counter(id(module.weight) for module in model.modules() if _is_linear(module))
    left_out = _ROUTERS | (_MLP if any(n.endswith(f".{_EXPERTS}") for n, _ in model.named_modules()) else set())
    state_spaces = {name for name, module in model.named_modules() if hasattr(module, _STATE_SPACE)}
    return {
        name: module
        for name, module in model.named_modules()
        if id(module) in inside
        and _is_linear(module)
        and module is not head
        and used[id(module.weight)] == 1  # not one that several blocks share
        and not left_out & {name.rpartition(".")[2]}
        and not _chooses(name, module, model.config)
        and (name.rpartition(".")[0] not in state_spaces or name.rpartition(".")[2].startswith("in_proj"))
    }


def layer_names(config: PretrainedConfig, settings: ConsolidateSettings) -> set[str]:
    """The names of what is adapted in a model of that configuration, which need not be loaded."""
    key = config.to_json_string(), settings.frozen_fraction
    if key not in _names:
        plain = deepcopy(config)
        if hasattr(plain, "quantization_config"):
            del plain.quantization_config
        with torch.device("meta"):
            _names[key] = set(adapted_layers(AutoModelForCausalLM.from_config(plain), settings))
    return _names[key]


def _is_linear(module: nn.Module) -> bool:
    """Quantised layers are of classes of their own."""
    return isinstance(module, nn.Linear | Conv1D) or (
        isinstance(getattr(module, "in_features", None), int) and isinstance(getattr(module, "out_features", None), int)
    )


def _chooses(name: str, module: nn.Module, config: PretrainedConfig) -> bool:
    """Whether it is a router, an expert, or as narrow as what weighs others."""
    width = (module.nx, module.nf) if isinstance(module, Conv1D) else (module.in_features, module.out_features)
    experts = {getattr(config.get_text_config(), count, None) for count in _EXPERT_COUNTS}
    return _EXPERTS in name.split(".") or min(width) < _NARROW or width[1] in experts
