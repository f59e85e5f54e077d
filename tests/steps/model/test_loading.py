"""A base is fetched without what is not needed, hashed once, and loaded or refused in a sentence."""

import json
import shutil

import pytest
import torch
from huggingface_hub.utils import filter_repo_objects
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from steps.errors import SlumberError
from steps.model import loading
from steps.settings import ModelSettings


def test_the_weights_are_hashed_once_and_not_at_every_load(tiny_model, tiny_settings, tmp_path, monkeypatch):
    folder = tmp_path / "base"
    shutil.copytree(tiny_model, folder)
    settings = tiny_settings.model.model_copy(update={"base": str(folder)})
    read: list[str] = []
    real = loading.file_sha256
    monkeypatch.setattr(loading, "file_sha256", lambda path: (read.append(path.name), real(path))[1])
    first = loading.load_base(settings).sha256
    assert loading.load_base(settings).sha256 == first == loading.base_sha256(folder)
    assert read.count("model.safetensors") == 1

    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert loading.base_sha256(folder) != first and read.count("model.safetensors") == 1


def test_of_a_hub_repository_what_a_night_needs_is_fetched_and_nothing_twice(monkeypatch, tmp_path):
    files = """config.json generation_config.json tokenizer.json tokenizer_config.json merges.txt vocab.json vocab.txt
        tokenizer.model chat_template.jinja model-00001-of-00002.safetensors model.safetensors.index.json
        consolidated.safetensors consolidated.00.pth original/params.json original/consolidated.00.pth
        pytorch_model.bin onnx/config.json README.md qwen.tiktoken model.py""".split()
    asked = {}
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **how: (asked.update(how), tmp_path)[1])
    loading.base_folder(ModelSettings(base="someone/model"))
    fetched = set(filter_repo_objects(files, **asked))
    assert fetched == set(
        """config.json generation_config.json tokenizer.json tokenizer_config.json merges.txt vocab.json vocab.txt
        tokenizer.model chat_template.jinja model-00001-of-00002.safetensors model.safetensors.index.json
        qwen.tiktoken""".split()
    )


def test_a_tokenizers_word_list_is_part_of_the_bases_identity(tiny_model, tmp_path):
    folder = tmp_path / "base"
    shutil.copytree(tiny_model, folder)
    before = loading.base_sha256(folder)
    (folder / "merges.txt").write_text("a b\n")
    assert loading.base_sha256(folder) != before


@pytest.mark.parametrize(
    "quantised",
    [
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        {"quant_method": "gptq", "bits": 4},
        {"quant_method": "awq", "bits": 4},
    ],
    ids=lambda how: how["quant_method"],
)
def test_a_library_that_a_quantised_base_needs_is_named_in_one_sentence(tiny_model, tmp_path, quantised):
    folder = tmp_path / "base"
    shutil.copytree(tiny_model, folder)
    told = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(told | {"quantization_config": quantised}))
    settings = ModelSettings(base=str(folder), device="cpu", dtype="float32")
    with pytest.raises(SlumberError, match=r"needs a library that is not installed .*take the weights that are not"):
        loading.load_base(settings)


def test_quantised_weights_are_unpacked(tiny_model, tmp_path):
    pytest.importorskip("bitsandbytes")
    how = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)
    quantised = AutoModelForCausalLM.from_pretrained(tiny_model, quantization_config=how, device_map={"": "cpu"})
    shutil.copytree(tiny_model, tmp_path / "base")
    (tmp_path / "base" / "model.safetensors").unlink()
    quantised.save_pretrained(tmp_path / "base")
    base = loading.load_base(ModelSettings(base=str(tmp_path / "base"), device="cpu", dtype="float32", threads=1))
    assert isinstance(base.model.get_decoder().layers[0].self_attn.q_proj, torch.nn.Linear)
    ids = torch.arange(5, 25)[None]
    assert torch.allclose(base.model(ids).logits, quantised(ids).logits, atol=1e-4)


def _with_config(folder, **changed):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changed))


def _torn(folder):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:2000])


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: _with_config(folder, num_hidden_layers=6), "lack 18 tensors"),
        (lambda folder: _with_config(folder, model_type="bert", architectures=["BertModel"]), "lack .* tensors"),
        (lambda folder: _with_config(folder, hidden_size=128), "other sizes than its config.json names"),
        (_torn, "are torn or damaged"),
        (lambda folder: (folder / "config.json").write_text("[]"), "cannot be loaded"),
    ],
)
def test_weights_that_are_not_all_there_are_refused_and_not_made_up(tiny_model, tmp_path, harm, says):
    folder = tmp_path / "base"
    shutil.copytree(tiny_model, folder)
    harm(folder)
    with pytest.raises(SlumberError, match=says):
        loading.load_base(ModelSettings(base=str(folder), device="cpu"))
