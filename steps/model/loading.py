"""Loading the base model: frozen, from safetensors, on the device and in the precision that the settings ask for."""

import os
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from steps.errors import SlumberError
from steps.model.embedded import NAME, embedded_model
from steps.model.folder import check_model_folder
from steps.records import content_id
from steps.settings import ModelSettings
from steps.workspace import file_sha256


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
        return Path(snapshot_download(settings.base, allow_patterns=["*.json", "*.safetensors", "*.jinja", "*.model"]))
    except Exception as error:
        raise SlumberError(
            f"The model {settings.base!r} is neither a local folder nor reachable on the hub ({type(error).__name__}): "
            "correct model.base in params.yaml or download the model first."
        ) from None


def base_sha256(folder: Path) -> str:
    """Digest of everything that decides what the base says: weights, configuration, tokenizer and chat template.

    Files that look untouched are not read again by this process: half a gigabyte takes seconds, and a night asks often.
    """
    files = sorted(p for p in folder.iterdir() if p.suffix in {".safetensors", ".json", ".jinja", ".model"})
    return content_id([(p.name, _sha256(p, _look(p))) for p in files])


@cache
def _sha256(path: Path, look: tuple[int, ...]) -> str:
    return file_sha256(path)


def _look(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def load_base(settings: ModelSettings) -> Base:
    """Load the base model in evaluation mode with frozen parameters.

    Raises:
        SlumberError: the model is missing, has no safetensors or no chat template, or the device is not there.
    """
    transformers_logging.set_verbosity_error()
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
    transformers_logging.disable_progress_bar()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = _device(settings)
    dtype = _dtype(settings, device)
    folder = base_folder(settings)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, attn_implementation="sdpa", use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError) as error:
        raise SlumberError(f"The model in {folder} cannot be loaded: {str(error).splitlines()[0]}") from None
    if not tokenizer.chat_template:
        raise SlumberError(f"The tokenizer in {folder} has no chat template: use an instruction-tuned model.")
    model.requires_grad_(False).eval().to(device)
    return Base(model=model, tokenizer=tokenizer, name=base_name(settings), folder=folder, sha256=base_sha256(folder))


def base_name(settings: ModelSettings) -> str:
    """Return what people call the base."""
    return NAME if settings.base == "embedded" else settings.base


def _device(settings: ModelSettings) -> torch.device:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SlumberError("model.device is 'cuda' but torch sees no CUDA device: set it to 'auto' or 'cpu'.")
    wanted = settings.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def _dtype(settings: ModelSettings, device: torch.device) -> torch.dtype:
    if settings.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return getattr(torch, settings.dtype)
