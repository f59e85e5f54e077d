"""An adapter goes to the linear layers that every token passes, by their whole names, and nowhere else."""

import re

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModelForCausalLM

from steps.checkpoint import adapter_config
from steps.consolidate.adapter import WEIGHTS, attach_adapter, save_adapter, stacks, write_config
from steps.consolidate.examples import Example
from steps.consolidate.layers import adapted_layers
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.errors import SlumberError
from tests.steps.model.families import build, configuration


def made(kind, family):
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(configuration(kind, family, vocabulary=200)).eval()


@pytest.mark.parametrize(
    ("kind", "family", "left_out"),
    [
        ("experts", "phimoe", r"router"),
        ("experts", "deepseek_v3", r"mlp"),
        ("experts", "ernie4_5_moe", r"mlp"),
        ("hybrid", "qwen3_next", r"gate|mlp|linear_attn\.out_proj"),
        ("hybrid", "jamba", r"dt_proj|x_proj|router|mamba\.out_proj"),
        ("hybrid", "falcon_h1", r"mamba\.out_proj"),
        ("window", "gemma3n_text", r"router|coefs|lm_head"),
        ("multimodal", "gemma3", r"vision|projector"),
    ],
)
def test_routers_experts_and_what_is_not_called_are_left_out(kind, family, left_out, settings):
    model = made(kind, family)
    named = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    adapted = set(adapted_layers(model, settings.consolidate))
    assert adapted and adapted <= named
    skipped = {name for name in named - adapted if re.search(left_out, name)}
    assert skipped and not {name for name in adapted if re.search(left_out, name)}
    peft = attach_adapter(model, settings.consolidate, seed=1)
    assert {n.rpartition(".lora_A")[0] for n, _ in peft.get_base_model().named_parameters() if "lora_A" in n} == adapted


def test_a_saved_adapter_names_each_of_its_layers(tiny_model, tiny_settings, tmp_path):
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    knobs = tiny_settings.consolidate.model_copy(update={"frozen_fraction": 0.5})
    wanted = set(adapted_layers(model, knobs))
    save_adapter(attach_adapter(model, knobs, seed=1), tmp_path / "adapter", base_name="tiny")
    saved = {name.split(".lora_")[0] for name in load_file(tmp_path / "adapter" / WEIGHTS)}
    assert saved == {f"base_model.model.{name}" for name in wanted}
    assert {re.search(r"layers\.(\d)", name)[1] for name in wanted} == {"2", "3"}


def test_what_was_saved_is_gone_on_from_unless_layers_or_scale_have_changed(tiny_model, tiny_settings, tmp_path):
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    config, knobs = model.config, tiny_settings.consolidate
    save_adapter(attach_adapter(model, knobs, seed=1), tmp_path / "a", base_name="tiny")
    # As adapters were written before layers were named one by one.
    told = adapter_config(tmp_path / "a") | {"target_modules": ["q_proj"], "layers_to_transform": [1, 2, 3]}
    write_config(tmp_path / "a", told)
    assert stacks(tmp_path / "a", config, knobs)
    assert not stacks(tmp_path / "a", config, knobs.model_copy(update={"frozen_fraction": 0.9}))
    assert not stacks(tmp_path / "a", config, knobs.model_copy(update={"scale": 7.0}))


def test_a_model_without_linear_layers_is_refused(monkeypatch, settings):
    monkeypatch.setattr("steps.consolidate.layers._is_linear", lambda module: False)
    with pytest.raises(SlumberError, match="no linear layers that could be adapted"):
        attach_adapter(made("attention", "llama"), settings.consolidate, seed=1)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_in_training_the_adapter_drops_out_and_the_base_does_not(tiny_model, settings, tmp_path, dropout):
    build(tmp_path / "gpt2", tiny_model, "attention", "gpt2")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "gpt2").requires_grad_(False).eval()
    knobs = settings.consolidate.model_copy(update={"dropout": dropout, "epochs": 1, "rank": 4})
    examples = [Example(str(n), (5, 6, 7, n), (5, 6, 7, n), (8, 9, n), fact=str(n)) for n in range(20, 24)]
    read = prepare_lessons(model, examples, knobs, packed=True)
    adapted, seen = attach_adapter(model, knobs, seed=1), {}
    for name, module in adapted.named_modules():
        if isinstance(module, nn.Dropout):
            module.register_forward_hook(lambda m, *_, name=name: (seen.setdefault(name, m.training), None)[1])
    train(adapted, read, settings=knobs, seed=1, packed=True, checkpoint=tmp_path / "c", digest="d")
    own = {training for name, training in seen.items() if "lora_dropout" not in name}
    assert own == {False} and model.config.resid_pdrop > 0
    assert {training for name, training in seen.items() if "lora_dropout" in name} == ({True} if dropout else set())
