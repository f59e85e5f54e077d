"""Loading the base model: frozen, from safetensors, on the device and in the precision that the settings ask for."""

import os
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from steps.errors import SlumberError
from steps.model.embedded import NAME, embedded_model
from steps.model.folder import check_model_folder
from steps.model.narrow import multiply_few_rows_fast
from steps.model.template import template_form
from steps.records import content_id
from steps.settings import ModelSettings
from steps.workspace import file_sha256, look_of

FETCHED = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.tiktoken", "merges.txt", "vocab.txt"]
NOT_FETCHED = ["*/*", "consolidated*"]  # the same weights again in another format, examples, adapters
_TELLING = {".safetensors", ".json", ".jinja", ".model", ".tiktoken", ".txt"}  # suffixes of what decides what is said


@dataclass(frozen=True)
class Base:
    """A loaded base model. ``sha256`` is the digest of its weight files, ``name`` what people call it."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    folder: Path
    sha256: str

    @property
    def device(self) -> torch.device:
        return self.model.device


def base_folder(settings: ModelSettings) -> Path:
    """Return the local folder of the base model, preparing the embedded one or fetching a hub id if need be.

    Raises:
        SlumberError: there is no such folder or model, or the hub cannot be reached.
    """
    if settings.base == "embedded":
        return embedded_model()
    if folder := settings.local:
        check_model_folder(folder)
        return folder.resolve()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(settings.base, allow_patterns=FETCHED, ignore_patterns=NOT_FETCHED))
    except Exception as error:
        raise SlumberError(
            f"The model {settings.base!r} is neither a local folder nor reachable on the hub ({type(error).__name__}): "
            "correct model.base in params.yaml or download the model first."
        ) from None


def base_sha256(folder: Path) -> str:
    """Digest of everything that decides what the base says: weights, configuration, tokenizer and chat template.

    Files that look untouched are not read again by this process: half a gigabyte takes seconds, and a night asks often.
    """
    files = sorted(p for p in folder.iterdir() if p.suffix in _TELLING)
    return content_id([(p.name, _sha256(p, look_of(p.stat()))) for p in files])


@cache
def _sha256(path: Path, look: tuple[int, ...]) -> str:
    return file_sha256(path)


def load_base(settings: ModelSettings) -> Base:
    """Load the base model in evaluation mode with frozen parameters.

    Raises:
        SlumberError: the model is missing, has no safetensors or no chat template that can be used, a library that it
            needs or the device is not there.
    """
    transformers_logging.set_verbosity_error()
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
    transformers_logging.disable_progress_bar()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = device_of(settings)
    dtype = dtype_of(settings, device)
    folder = base_folder(settings)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **_quantised_onto(folder, device),
        )
        model, told = loaded  # what was loaded, and what was not
        _check_whole(folder, told["missing_keys"])
        whole = _in_full(model)
    except ImportError as error:
        raise SlumberError(
            f"The model in {folder} needs a library that is not installed ({_line(error)}): install it beside Slumber, "
            "or take the weights that are not quantised."
        ) from None
    except SafetensorError as error:
        raise SlumberError(
            f"The weights in {folder} are torn or damaged ({_line(error)}): download or copy them again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, NotImplementedError, AttributeError) as error:
        raise SlumberError(f"The model in {folder} cannot be loaded: {_line(error)}") from None
    if not tokenizer.chat_template:
        raise SlumberError(f"The tokenizer in {folder} has no chat template: use an instruction-tuned model.")
    template_form(tokenizer)
    whole.requires_grad_(False).eval().to(device)
    multiply_few_rows_fast(whole)
    return Base(model=whole, tokenizer=tokenizer, name=base_name(settings), folder=folder, sha256=base_sha256(folder))


def _quantised_onto(folder: Path, device: torch.device) -> dict[str, Any]:
    """Quantised weights are unpacked where they are to be."""
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    return {} if getattr(config, "quantization_config", None) is None else {"device_map": {"": device}}


def _in_full(model: PreTrainedModel) -> PreTrainedModel:
    """Return a quantised model with whole weights: a night's adapter is merged into them, which rounding would lose.

    Raises:
        SlumberError: transformers cannot unpack them.
    """
    if not getattr(model, "is_quantized", False):
        return model
    method = getattr(model.config.quantization_config, "quant_method", "some method")
    try:
        whole = model.dequantize()
    except (NotImplementedError, AttributeError, ValueError):
        raise SlumberError(
            f"The base is quantised with {getattr(method, 'value', method)}, which transformers cannot unpack: take "
            "the weights that are not quantised."
        ) from None
    for stored in (whole.config, whole.config.get_text_config()):
        if hasattr(stored, "quantization_config"):
            del stored.quantization_config
    return whole


def _check_whole(folder: Path, missing: Collection[str]) -> None:
    """Refuse weights that lack what the configuration names: transformers would make it up at random."""
    if missing:
        raise SlumberError(
            f"The weights in {folder} lack {len(missing)} tensors that its config.json names, such as "
            f"{min(missing)}: take the configuration and the weights of one model."
        )


def _line(error: Exception) -> str:
    if "ignore_mismatched_sizes" in str(error):
        return "its weights have other sizes than its config.json names."
    said = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__} {said}".strip() if isinstance(error, KeyError) or not said else said


def base_name(settings: ModelSettings) -> str:
    """Return what people call the base."""
    return NAME if settings.base == "embedded" else settings.base


def device_of(settings: ModelSettings) -> torch.device:
    """Return the device that the settings ask for.

    Raises:
        SlumberError: it is not there.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SlumberError("model.device is 'cuda' but torch sees no CUDA device: set it to 'auto' or 'cpu'.")
    wanted = settings.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def dtype_of(settings: ModelSettings, device: torch.device) -> torch.dtype:
    """Return the number format of weights and activations that the settings ask for on a device."""
    if settings.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return getattr(torch, settings.dtype)
