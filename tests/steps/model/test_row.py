"""Texts that join and leave a row at any step are continued as if each were alone."""

import numpy as np
import pytest
import torch

from steps.model.generating import generate
from steps.model.loading import load_base
from steps.model.row import Row


@pytest.fixture
def model(tiny_settings):
    return load_base(tiny_settings.model).model


PROMPTS = [[5, 6, 7, 8], [5, 6, 9], [11, 12, 13, 14, 15, 16]]


def alone(model, prompt, count):
    return generate(model, [prompt], max_new_tokens=count, stop=lambda text: False)[0]


def grown(row, texts, going):
    """Choose the best next token of each branch, write it down, and feed those that go on."""
    tokens = row.logits.argmax(dim=-1).tolist()
    for text, token in zip(texts, tokens, strict=True):
        text.append(token)
    row.step(going, [tokens[slot] for slot in going])
    return [texts[slot] for slot in going]


@pytest.mark.parametrize("compacted", [False, True])
def test_texts_join_and_leave(model, compacted):
    one, two, three = [], [], []
    with torch.inference_mode():
        row = Row(model)
        row.join(PROMPTS[:1])
        living = grown(row, [one], [0])
        living = grown(row, living, [0])
        row.join(PROMPTS[1:])
        living = grown(row, [*living, two, three], [0, 1, 2])
        living = grown(row, living, [1, 2])  # the first ends
        if compacted:
            before = row.width
            row.compact()
            assert row.width < before and row.width == row.visible_mask.shape[1] == len(row.keys)
        for _ in range(3):
            living = grown(row, living, [0, 1])
    assert one == alone(model, PROMPTS[0], 4)
    assert two == alone(model, PROMPTS[1], 5) and three == alone(model, PROMPTS[2], 5)


def test_what_joins_sees_nothing_of_the_others(model):
    with torch.inference_mode():
        row, other = Row(model), Row(model)
        row.join([PROMPTS[0]])
        row.join([PROMPTS[2]])
        other.join([PROMPTS[2]])
    np.testing.assert_allclose(row.logits[1], other.logits[0], atol=1e-4)


def test_memory_of_a_row_that_never_empties_stays_where_it_is(model):
    memory = set()
    with torch.inference_mode():
        row = Row(model)
        row.join(PROMPTS)
        for turn in range(40):
            grown(row, [[], [], []], [1, 2])
            row.join([PROMPTS[turn % 3]])
            if row.width > 100:
                row.compact()
            memory.add(row.cache.layers[0].keys.untyped_storage().data_ptr())
    assert len(memory) == 1
