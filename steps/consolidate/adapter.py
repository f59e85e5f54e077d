"""The LoRA adapter: attached to the upper layers of the frozen base, saved as PEFT saves it."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from steps.errors import SlumberError
from steps.settings import ConsolidateSettings


def attach_adapter(model: PreTrainedModel, settings: ConsolidateSettings, *, seed: int) -> PeftModel:
    """Attach a fresh adapter to all linear layers of the upper blocks; the base's weights are not touched.

    Below the first adapted layer there is no backward pass, and fewer layers forget less per fact learned (design,
    section 3, last table row).
    """
    torch.manual_seed(seed)
    layers, first = model.config.num_hidden_layers, first_layer(model, settings)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=_linear_names(model),
        layers_to_transform=list(range(first, layers)) if first else None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def first_layer(model: PreTrainedModel, settings: ConsolidateSettings) -> int:
    """Number of the lowest adapted block."""
    layers = model.config.num_hidden_layers
    return min(int(settings.first_layer * layers), layers - 1)


def _linear_names(model: PreTrainedModel) -> list[str]:
    """Names of the linear layers inside the blocks: PEFT refuses its "all-linear" together with a choice of layers."""
    head = model.get_output_embeddings()
    layers = (
        m for m in model.get_decoder().named_modules() if isinstance(m[1], nn.Linear | Conv1D) and m[1] is not head
    )
    return sorted({name.rsplit(".", 1)[-1] for name, _ in layers})


def save_adapter(model: PeftModel, folder: Path, *, base_name: str) -> None:
    """Save adapter_model.safetensors and adapter_config.json; the base is named by its logical name, not this path."""
    model.save_pretrained(folder, safe_serialization=True)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's empty model card
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base_name
    config["target_modules"] = sorted(config["target_modules"])  # a set in PEFT: its order changes from run to run
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def student(model: PreTrainedModel, settings: ConsolidateSettings, *, start: Path | None, seed: int) -> PeftModel:
    """Put the adapter saved in ``start`` on the base, ready to be trained on, or a fresh one if it is None."""
    if start is None:
        return attach_adapter(model, settings, seed=seed)
    adapted = load_adapter(model, start)
    adapted.set_adapter("default")  # PEFT loads an adapter frozen; to set it active makes it trainable
    return adapted


def load_adapter(model: PreTrainedModel, folder: Path) -> PeftModel:
    """Put a saved adapter on the base.

    Raises:
        SlumberError: the folder holds no adapter in safetensors, or one of another base.
    """
    if not (folder / "adapter_model.safetensors").exists():
        raise SlumberError(f"{folder} holds no adapter_model.safetensors: the candidate is not complete.")
    try:
        return PeftModel.from_pretrained(model, folder)
    except (ValueError, RuntimeError, KeyError) as error:
        raise SlumberError(
            f"The adapter in {folder} does not fit the base model: {str(error).splitlines()[0]}"
        ) from None
