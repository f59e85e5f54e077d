"""A GGUF of a Llama gets the merged weights in the places where llama.cpp and transformers look for them."""

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, GgufConfig

from steps.export.gguf_file import _as_neighbours, write_gguf


def small_gguf(path, model):
    """A GGUF file of ``model`` with what transformers needs to read it back."""
    config, writer = model.config, gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    writer.add_token_list([f"t{n}" for n in range(config.vocab_size)])
    writer.add_tokenizer_model("gpt2")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, weight in model.state_dict().items():
        stored = names.get_name(name, try_suffixes=(".weight",))
        if name == "lm_head.weight":
            continue  # tied
        data = weight.float().numpy()
        part = stored.split(".")[-2]
        writer.add_tensor(stored, _as_neighbours(data, heads[part]) if part in heads else data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def read(path):
    how = GgufConfig(dequantize=True)
    return AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, quantization_config=how
    )


def test_replaced_tensors_are_read_back_as_they_were(tiny_model, tmp_path):
    model = AutoModelForCausalLM.from_pretrained(tiny_model)
    before = small_gguf(tmp_path / "before.gguf", model)
    noise = torch.Generator().manual_seed(1)
    changed = {}
    for name, weight in model.named_parameters():
        if name.startswith("model.layers.3.") and "norm" not in name:
            weight.data += 0.05 * torch.randn(weight.shape, generator=noise)
            changed[name] = weight.detach().numpy()
    assert len(changed) == 7, "q, k, v, o, gate, up, down"
    reader = gguf.GGUFReader(before)
    write_gguf(reader, changed, tmp_path / "after.gguf")
    found = read(tmp_path / "after.gguf").state_dict()
    for name, weight in model.state_dict().items():
        assert torch.allclose(found[name], weight, atol=2e-3), name
        if name not in changed:
            assert torch.equal(found[name], weight), name
    after = gguf.GGUFReader(tmp_path / "after.gguf")
    own = {"GGUF.tensor_count", "GGUF.kv_count", "GGUF.version"}
    assert {n: f.contents() for n, f in after.fields.items() if n not in own} == {
        n: f.contents() for n, f in reader.fields.items() if n not in own
    }
    assert [t.name for t in after.tensors] == [t.name for t in reader.tensors]


def test_rows_are_turned_as_llama_cpp_wants_them():
    rows = np.arange(8)[:, None]  # two heads of four rows
    assert _as_neighbours(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
