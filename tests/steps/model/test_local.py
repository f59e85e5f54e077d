"""A local model scores plain texts as one plain pass of the model does, and stops where the model's own ends are."""

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from steps.model.chat import chat_tokens, question_chat
from steps.model.chat_model import Sampling
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


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_is_over_at_whatever_the_model_lists_as_an_end_and_that_is_no_part_of_it(tiny_model, packed):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))
    chat = question_chat("What is the name of the captain?")
    plain = LocalModel(base, 1000)
    plain.packed = packed
    (long,) = plain.generate("asking", [chat], max_new_tokens=12)
    tokens = base.tokenizer.encode(long.text, add_special_tokens=False)
    ids = torch.tensor([chat_tokens(base.tokenizer, chat)])
    written = base.model.generate(ids, max_new_tokens=12, do_sample=False)[0, ids.shape[1] :].tolist()
    end = written[4]
    before = written.index(end)
    base.model.generation_config = GenerationConfig(eos_token_id=[end, 2])
    ended = LocalModel(base, 1000)
    ended.packed = packed
    (short,) = ended.generate("asking", [chat], max_new_tokens=12)
    assert tokens and short.complete
    assert short.text == base.tokenizer.decode(written[:before], skip_special_tokens=True).strip()


def test_habits_that_come_with_a_model_are_not_taken_over(tiny_model):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))
    replies = []
    for habits in ({}, {"repetition_penalty": 5.0, "do_sample": True, "temperature": 3.0, "no_repeat_ngram_size": 1}):
        base.model.generation_config = GenerationConfig(**habits)
        model = LocalModel(base, 1000)
        for model.packed in (True, False):
            replies.append(model.generate("asking", [question_chat("Who?")], max_new_tokens=12)[0].text)
        assert base.model.generation_config.repetition_penalty == habits.get("repetition_penalty")
    assert len(set(replies)) == 1


def test_a_sample_is_the_same_in_packed_rows_and_alone(model):
    drawn = []
    for packed in (True, False):
        alone = LocalModel(model.base, 1000)
        alone.packed = packed
        texts = ["The ferry", "The ferry", "Why do"]
        drawn.append(alone.complete("sampling", texts, max_new_tokens=8, sampling=Sampling(0.8, 20), seed=3))
    assert drawn[0] == drawn[1] and drawn[0][0] != drawn[0][1]
