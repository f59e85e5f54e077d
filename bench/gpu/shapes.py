"""Models of random weights in the shapes of real ones: how fast they are does not depend on what they know."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig

from bench.gpu.lessons import pages
from bench.tiny import build_tokenizer
from steps.model.loading import Base
from steps.records import content_id

_WORDS = 4000  # tokens that the pages are told in, at most; the model's own vocabulary is larger


@dataclass(frozen=True)
class Shape:
    """Numbers of a configuration, and how much work is done on a model of them.

    ``facts``: that are taught, each in four wordings, beside half as many rehearsals. ``prompts``: that are continued
    by ``new_tokens``; a plain loop, which is many times slower, does ``looped`` of them.
    """

    name: str
    config: dict[str, Any]
    facts: int
    epochs: int
    batch_tokens: int
    prompts: int
    looped: int
    new_tokens: int


_LLAMA = {"model_type": "llama", "rope_theta": 500_000.0, "rms_norm_eps": 1e-5}
_QWEN3 = {"model_type": "qwen3", "rope_theta": 1_000_000.0, "rms_norm_eps": 1e-6}
SHAPES = {
    shape.name: shape
    for shape in (
        Shape(
            "tiny",
            {
                **_LLAMA,
                "vocab_size": 4096,
                "hidden_size": 64,
                "intermediate_size": 128,
                "num_hidden_layers": 4,
                "num_attention_heads": 4,
                "num_key_value_heads": 2,
                "tie_word_embeddings": True,
                "max_position_embeddings": 2048,
            },
            facts=8,
            epochs=1,
            batch_tokens=512,
            prompts=8,
            looped=2,
            new_tokens=8,
        ),
        Shape(  # Llama 3.2 1B
            "1b",
            {
                **_LLAMA,
                "vocab_size": 128_256,
                "hidden_size": 2048,
                "intermediate_size": 8192,
                "num_hidden_layers": 16,
                "num_attention_heads": 32,
                "num_key_value_heads": 8,
                "head_dim": 64,
                "tie_word_embeddings": True,
                "max_position_embeddings": 8192,
            },
            facts=120,
            epochs=5,
            batch_tokens=8192,
            prompts=256,
            looped=8,
            new_tokens=32,
        ),
        Shape(  # Qwen3 8B
            "8b",
            {
                **_QWEN3,
                "vocab_size": 151_936,
                "hidden_size": 4096,
                "intermediate_size": 12_288,
                "num_hidden_layers": 36,
                "num_attention_heads": 32,
                "num_key_value_heads": 8,
                "head_dim": 128,
                "tie_word_embeddings": False,
                "max_position_embeddings": 8192,
            },
            facts=120,
            epochs=5,
            batch_tokens=8192,
            prompts=256,
            looped=4,
            new_tokens=32,
        ),
    )
}


def random_base(shape: Shape, device: torch.device, dtype: torch.dtype) -> Base:
    """Make the model on the device, frozen; the tokenizer is one of the pages' own words."""
    tokenizer = build_tokenizer("\n".join(pages()), size=min(_WORDS, shape.config["vocab_size"]))
    config = configuration(shape, tokenizer)
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
    torch.manual_seed(0)
    with torch.device(device):
        model: Any = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.requires_grad_(False).eval()
    digest = content_id("random weights", shape.config, str(device), str(dtype))
    return Base(model=model, tokenizer=tokenizer, name=f"random {shape.name}", folder=Path(), sha256=digest)


def configuration(shape: Shape, tokenizer: Any) -> PretrainedConfig:
    ends = {"bos_token_id": 0, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    return AutoConfig.for_model(**shape.config, **ends)
