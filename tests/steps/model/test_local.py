"""A local model scores plain texts as one plain pass of the model does, whatever they are batched with."""

import numpy as np
import pytest
import torch

from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.settings import ModelSettings


@pytest.fixture(scope="module")
def model(tiny_model):
    return LocalModel(load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1)), 1000)


def test_continuations_are_scored_given_the_text_before_them(model):
    prompts = ["The ferry was", "The ferry was", "What is the"]
    texts = [" built in 1938.", " green.", " name of the captain?"]
    scores = model.score_text("scoring", prompts, texts)
    tokenizer = model.base.tokenizer
    for prompt, text, score in zip(prompts, texts, scores, strict=True):
        before, after = (tokenizer.encode(part, add_special_tokens=False) for part in (prompt, text))
        with torch.no_grad():
            logits = model.base.model(input_ids=torch.tensor([before + after])).logits[0].float()
        expected = logits.log_softmax(-1)[len(before) - 1 : -1].gather(-1, torch.tensor(after)[:, None])[:, 0]
        assert len(score) == len(after) and np.allclose(score, expected.numpy(), atol=1e-4)


def test_every_prompt_has_its_text(model):
    with pytest.raises(ValueError):
        model.score_text("scoring", ["The ferry", "The hull"], [" was"])
    assert model.score_text("scoring", [], []) == []
