"""The LoRA adapter: attached to the upper layers of the frozen base, saved as PEFT saves it."""

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import PretrainedConfig, PreTrainedModel

from steps.checkpoint import CONFIG, adapter_config
from steps.consolidate.layers import adapted_layers, layer_names
from steps.errors import SlumberError
from steps.settings import ConsolidateSettings

WEIGHTS = "adapter_model.safetensors"
_LAYER = re.compile(r"^base_model\.model\.(.*)\.lora_[AB]\.weight$")  # a tensor's name in PEFT's file


def attach_adapter(model: PreTrainedModel, settings: ConsolidateSettings, *, seed: int) -> PeftModel:
    """Attach a fresh adapter to the layers of ``adapted_layers``; the base's weights are not touched.

    Below the first adapted layer there is no backward pass, and fewer layers forget less per fact learned (design,
    section 3, last table row).

    Raises:
        SlumberError: PEFT cannot adapt just these.
    """
    wanted = set(adapted_layers(model, settings))
    if not wanted:
        raise SlumberError(
            f"A {model.config.model_type} model has no linear layers that could be adapted: take another."
        )
    torch.manual_seed(seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,  # type: ignore[arg-type]  # PEFT divides it by the rank, whole or not
        lora_dropout=settings.dropout,
        target_modules=sorted(wanted),
        task_type="CAUSAL_LM",
    )
    try:
        adapted = get_peft_model(model, config)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise SlumberError(
            f"PEFT cannot adapt a {model.config.model_type} model ({str(error).splitlines()[0]}): take another base."
        ) from None
    found = {name for name, module in adapted.get_base_model().named_modules() if isinstance(module, LoraLayer)}
    if found != wanted:
        odd = sorted(found ^ wanted)[0]
        raise SlumberError(f"PEFT adapted {len(found)} layers of {len(wanted)}, or others ({odd}): take another base.")
    return adapted


def save_adapter(model: PeftModel, folder: Path, *, base_name: str, onto: Path | None = None) -> None:
    """Save adapter_model.safetensors and adapter_config.json; the base is named by its logical name, not this path.

    ``onto`` is the adapter that was merged into the model before (``with_merged``). What is saved is the sum of the
    two, exactly: one adapter whose rank is the sum of theirs.
    """
    model.save_pretrained(str(folder), safe_serialization=True)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's empty model card
    config = adapter_config(folder)
    config["base_model_name_or_path"] = base_name
    config["target_modules"] = sorted(config["target_modules"])  # a set in PEFT: its order changes from run to run
    if onto:
        before, earlier, tonight = adapter_config(onto), load_file(onto / WEIGHTS), load_file(folder / WEIGHTS)
        config["lora_alpha"] += before["lora_alpha"]
        config["r"] += before["r"]
        together = {name: _stacked(name, earlier[name], weight) for name, weight in tonight.items()}
        save_file(together, folder / WEIGHTS, metadata={"format": "pt"})
    write_config(folder, config)


def _stacked(name: str, earlier: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A's rows under each other, B's columns beside each other: the product is the sum of the products."""
    return torch.cat([earlier.to(weight.dtype), weight], dim=0 if "lora_A" in name else 1)


def scaled_adapter(adapter: Path, destination: Path, *, scale: float, rank: int) -> Path:
    """Copy a saved adapter with ``scale`` times what its last ``rank`` ranks add, which are one night's."""
    shutil.copytree(adapter, destination)
    weights = load_file(adapter / WEIGHTS)
    for name, weight in weights.items():
        if "lora_B" in name:
            weight[:, -rank:] *= scale
    save_file(weights, destination / WEIGHTS, metadata={"format": "pt"})
    return destination


def stacks(folder: Path, config: PretrainedConfig, settings: ConsolidateSettings) -> bool:
    """Whether a fresh adapter can be added to the saved one: after a change of layers or of scale it cannot."""
    saved = adapter_config(folder)
    if not math.isclose(saved["lora_alpha"] / saved["r"], settings.scale):
        return False
    with safe_open(folder / WEIGHTS, framework="pt") as weights:
        names = {_LAYER.sub(r"\1", name) for name in weights.keys()}  # noqa: SIM118 for it is no dict
    return names == layer_names(config, settings)


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write what PEFT is to read about a saved adapter, keys in order."""
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (folder / CONFIG).write_text(text, encoding="utf-8")


def with_merged(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Add a saved adapter to the weights of ``model`` in place, and return it: what is trained on top is new.

    Raises:
        SlumberError: as ``load_adapter``.
    """
    return load_adapter(model, folder).merge_and_unload()


def load_adapter(model: PreTrainedModel, folder: Path) -> PeftModel:
    """Put a saved adapter on the base.

    Raises:
        SlumberError: the folder holds no adapter in safetensors, or one of another base.
    """
    if not (folder / WEIGHTS).exists():
        raise SlumberError(f"{folder} holds no {WEIGHTS}: the candidate is not complete.")
    try:
        return PeftModel.from_pretrained(model, folder)
    except (ValueError, RuntimeError, KeyError) as error:
        raise SlumberError(
            f"The adapter in {folder} does not fit the base model: {str(error).splitlines()[0]}"
        ) from None
