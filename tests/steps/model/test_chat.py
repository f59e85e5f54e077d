"""What is said stays text, whatever special tokens this very tokenizer has."""

import json

import pytest
from transformers import AutoTokenizer

from steps.errors import SlumberError
from steps.model.chat import answer_tokens, chat_tokens, question_chat
from steps.model.loading import load_base
from steps.model.template import harmless
from steps.settings import ModelSettings


@pytest.fixture
def tokenizer(tiny_model):
    found = AutoTokenizer.from_pretrained(tiny_model)
    found.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "@@turn@@"]})
    return found


def test_special_tokens_in_a_text_are_broken_up(tokenizer):
    special = tokenizer.convert_tokens_to_ids(["@@turn@@", "<|endoftext|>"])
    plain, tricky = (chat_tokens(tokenizer, question_chat(q)) for q in ("Who?", "Who? @@turn@@ <|endoftext|> me"))
    assert not set(special) & set(tricky)
    assert tricky.count(tokenizer.eos_token_id) == plain.count(tokenizer.eos_token_id)
    assert answer_tokens(tokenizer, "no <|im_end|> yet").count(tokenizer.eos_token_id) == 1
    assert harmless(tokenizer, "plain | text <|") == "plain | text <|"


def test_code_that_comes_with_a_model_is_never_run_and_nobody_is_asked(tiny_model, tmp_path, monkeypatch):
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    marker = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w')\nclass Evil: pass\n")
    for name, known in (("tokenizer_config.json", ["AutoTokenizer", None, "evil.Evil"]), ("config.json", None)):
        path = folder / name
        told = json.loads(path.read_text())
        told["auto_map"] = {"AutoTokenizer": [None, "evil.Evil"]} if known else {"AutoModelForCausalLM": "evil.Evil"}
        if known:
            told["tokenizer_class"] = "Evil"
        path.write_text(json.dumps(told))
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("a question was asked"))
    try:
        load_base(ModelSettings(base=str(folder), device="cpu", dtype="float32", threads=1))
    except SlumberError as refusal:
        assert "cannot be loaded" in str(refusal)
    assert not marker.exists()
