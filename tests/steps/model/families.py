"""Tiny random models of many families, each a real Hugging Face folder with the tokenizer of ``bench.tiny``.

``WINDOW``: of those that have a sliding window; the texts that they are checked with are longer.
"""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PretrainedConfig

WINDOW = 12
_SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "initializer_range": 0.2,
}
_ALTERNATE = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": WINDOW}
_EXPERTS = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
_LATENT = {
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8,
    "v_head_dim": 8,
    "head_dim": 8,
    "num_key_value_heads": 4,
    "n_routed_experts": 4,
    "first_k_dense_replace": 1,
    "n_shared_experts": 1,
    "topk_group": 1,
    "n_group": 1,
}
_STATE_SPACE = {"mamba_d_state": 8, "mamba_n_heads": 4, "mamba_d_head": 16, "mamba_n_groups": 1, "mamba_expand": 2}
_LINEAR_ATTENTION = {
    "head_dim": 8,
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
_VISION = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}

# By model type as the configuration has it. Grouped as the table of the README has them.
FAMILIES: dict[str, dict[str, dict[str, Any]]] = {
    "attention": {
        "llama": {},
        "qwen2": {},
        "qwen3": {"head_dim": 8},
        "mistral": {"sliding_window": None},
        "gemma": {"head_dim": 8},
        "phi": {},
        "gpt_neox": {},
        "olmo2": {},
        "stablelm": {},
        "starcoder2": {"sliding_window": None},
        "smollm3": {},
        "glm4": {"head_dim": 8},
        "ernie4_5": {"head_dim": 8},
        "seed_oss": {"head_dim": 8},
        "apertus": {},
        "nemotron": {},
        "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 1024},
        "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
        "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 1024, "rotary_dim": 4},
        "granite": {"logits_scaling": 8.0, "embedding_multiplier": 6.0, "residual_multiplier": 0.5},
        "cohere": {"logit_scale": 0.25},
    },
    "window": {
        "mistral": {"sliding_window": WINDOW},
        "phi3": {"sliding_window": WINDOW},
        "qwen2": {"use_sliding_window": True, "max_window_layers": 1, "sliding_window": WINDOW},
        "ministral": {"sliding_window": WINDOW, "head_dim": 8},
        "starcoder2": {"sliding_window": WINDOW},
        "olmo3": _ALTERNATE,
        "exaone4": _ALTERNATE | {"head_dim": 8},
        "cohere2": _ALTERNATE | {"logit_scale": 0.25},
        "gemma2": _ALTERNATE | {"head_dim": 8, "final_logit_softcapping": 3.0, "attn_logit_softcapping": 5.0},
        "gemma3_text": _ALTERNATE | {"head_dim": 8},
        "gemma3n_text": _ALTERNATE
        | {
            "head_dim": 8,
            "final_logit_softcapping": 3.0,
            "hidden_size_per_layer_input": 8,
            "laurel_rank": 4,
            "num_kv_shared_layers": 0,
            "intermediate_size": [48, 48],
            "activation_sparsity_pattern": [0.0, 0.0],
        },
        "gemma4_text": _ALTERNATE
        | {"head_dim": 8, "global_head_dim": 8, "num_kv_shared_layers": 0, "hidden_size_per_layer_input": 8},
        "gpt_oss": _ALTERNATE | _EXPERTS | {"head_dim": 8},
    },
    "experts": {
        "mixtral": _EXPERTS | {"sliding_window": None},
        "qwen3_moe": _EXPERTS | {"head_dim": 8},
        "olmoe": _EXPERTS,
        "granitemoe": _EXPERTS | {"logits_scaling": 8.0},
        "phimoe": _EXPERTS | {"sliding_window": None},
        "ernie4_5_moe": _EXPERTS
        | {"moe_num_experts": 4, "moe_k": 2, "moe_layer_start_index": 0, "moe_num_shared_experts": 1},
        "deepseek_v2": _EXPERTS | _LATENT | {"topk_method": "greedy"},
        "deepseek_v3": _EXPERTS | _LATENT,
        "glm4_moe": _EXPERTS
        | {k: v for k, v in _LATENT.items() if "rank" not in k and "_dim" not in k}
        | {"head_dim": 8},
    },
    "hybrid": {
        "jamba": _EXPERTS
        | {
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "mamba_d_state": 8,
            "mamba_dt_rank": 4,
            "use_mamba_kernels": False,
        },
        "bamba": _STATE_SPACE | {"attn_layer_indices": [1], "mamba_chunk_size": 16},
        "granitemoehybrid": _STATE_SPACE
        | _EXPERTS
        | {
            "layer_types": ["mamba", "attention"],
            "logits_scaling": 8.0,
            "mamba_chunk_size": 16,
            "shared_intermediate_size": 24,
        },
        "lfm2": {"layer_types": ["conv", "full_attention"], "block_auto_adjust_ff_dim": False},
        "qwen3_next": _EXPERTS | _LINEAR_ATTENTION | {"shared_expert_intermediate_size": 24},
        "qwen3_5_text": _LINEAR_ATTENTION,
        "falcon_h1": _STATE_SPACE
        | {"mamba_d_ssm": 64, "head_dim": 8, "lm_head_multiplier": 0.5, "mamba_chunk_size": 16},
        "zamba2": {
            "mamba_d_state": 8,
            "n_mamba_heads": 4,
            "mamba_headdim": 16,
            "mamba_ngroups": 1,
            "chunk_size": 16,
            "attention_hidden_size": 64,
            "attention_head_dim": 16,
            "num_mem_blocks": 1,
            "use_mem_rope": True,
            "layers_block_type": ["mamba", "hybrid"],
            "num_key_value_heads": 4,
            "adapter_rank": 4,
        },
    },
    "multimodal": {
        "gemma3": {
            "text_config": _SIZES | _ALTERNATE | {"head_dim": 8},
            "vision_config": _VISION,
            "mm_tokens_per_image": 4,
        },
    },
}


def configuration(kind: str, family: str, *, vocabulary: int) -> PretrainedConfig:
    """The configuration of a tiny model."""
    own = FAMILIES[kind][family]
    known = {"vocab_size": vocabulary, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 2}
    if "text_config" in own:
        own = own | {"text_config": own["text_config"] | known}
        return AutoConfig.for_model(family, **own, **known)
    if "n_embd" in own:
        return AutoConfig.for_model(family, **own, initializer_range=0.2, **known)
    return AutoConfig.for_model(family, **(_SIZES | known | own))


def build(folder: Path, tokenizer: Path, kind: str, family: str, **changed: Any) -> Path:
    """Write a tiny random model of a family into ``folder``, with the tokenizer that lies in another one."""
    spoken = AutoTokenizer.from_pretrained(tokenizer)
    config = configuration(kind, family, vocabulary=len(spoken))
    for name, value in changed.items():
        setattr(config, name, value)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 1 and "norm" in name:
                weight.add_(0.1 * torch.randn_like(weight))  # all ones would hide where a norm is left out
    model.save_pretrained(folder)
    spoken.save_pretrained(folder)
    return folder
