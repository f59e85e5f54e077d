"""Packed rows give the answers of separate sequences, whatever is packed together and in whatever order."""

import numpy as np
import pytest
import torch

from steps.model.checking import Reference, check_path
from steps.model.forward import states_at
from steps.model.generating import Sampling, generate
from steps.model.loading import load_base
from steps.model.packing import group, pack
from steps.model.scoring import token_logprobs

SEQUENCES = [[5, 6, 7, 8], [5, 6, 9], [5, 6, 7, 8, 10, 11], [12, 13], [5, 6, 7, 8]]


@pytest.fixture(scope="module")
def base(tiny_model):
    from steps.settings import ModelSettings

    return load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))


def test_shared_prefixes_are_stored_once():
    packed = pack(SEQUENCES)
    assert len(packed.ids) == 9  # 5 6 7 8 10 11, 9, 12 13
    for sequence, index in zip(SEQUENCES, packed.index, strict=True):
        assert packed.ids[index].tolist() == sequence
        assert packed.positions[index].tolist() == list(range(len(sequence)))


def test_a_token_sees_its_own_path_only():
    packed = pack(SEQUENCES)
    for index in packed.index:
        assert packed.visible_mask[index[-1]].nonzero()[0].tolist() == sorted(index.tolist())


def test_groups_hold_every_sequence_once_within_the_limit():
    random = np.random.default_rng(0)
    sequences = [random.integers(0, 4, size=random.integers(2, 30)).tolist() for _ in range(60)]
    groups = group(sequences, batch_tokens=64)
    assert sorted(n for members in groups for n in members) == list(range(60))
    assert all(len(pack([sequences[n] for n in members]).ids) <= 64 for members in groups)


def test_packed_logits_equal_plain_ones(base):
    packed = pack(SEQUENCES)
    for sequence, index in zip(SEQUENCES, packed.index, strict=True):
        plain = base.model(input_ids=torch.tensor([sequence])).logits[0]
        states, head = states_at(base.model, packed, index, packed=True)
        assert torch.allclose(head(states), plain, atol=1e-4)
    assert check_path(Reference(base.model, SEQUENCES), packed=True).right


def test_a_model_without_4d_masks_is_found_out(base, monkeypatch):
    monkeypatch.setattr(
        "steps.model.masks.additive_mask",
        lambda visible_mask, **kw: torch.zeros(1, 1, *visible_mask.shape, dtype=kw["dtype"]),
    )
    reference = Reference(base.model, SEQUENCES)
    assert not check_path(reference, packed=True).right and check_path(reference, packed=False).right


@pytest.mark.parametrize("batch_tokens", [16, 4096])
@pytest.mark.parametrize("packed", [True, False])
def test_greedy_generation_equals_transformers(base, batch_tokens, packed):
    prompts = [s for s in SEQUENCES if len(s) > 2]
    ours = generate(
        base.model, prompts, max_new_tokens=6, stop=lambda t: t[-1] == 2, batch_tokens=batch_tokens, packed=packed
    )
    for prompt, text in zip(prompts, ours, strict=True):
        theirs = base.model.generate(torch.tensor([prompt]), max_new_tokens=6, do_sample=False, eos_token_id=2)
        assert text == theirs[0][len(prompt) :].tolist()


def test_samples_do_not_depend_on_the_batch(base):
    runs = [
        generate(
            base.model,
            [SEQUENCES[0]] * 5,
            max_new_tokens=5,
            stop=lambda t: False,
            sampling=Sampling(1.0, 20),
            seed=3,
            batch_tokens=room,
        )
        for room in (16, 4096)
    ]
    assert runs[0] == runs[1]
    assert len({tuple(text) for text in runs[0]}) > 1


def test_likelihoods_do_not_depend_on_batch_or_order(base):
    pairs = [(s[:2], s[2:] or [3]) for s in SEQUENCES]
    wide = token_logprobs(base.model, pairs, batch_tokens=4096)
    narrow = token_logprobs(base.model, pairs[::-1], batch_tokens=8)[::-1]
    for prompt_and_completion, left, right in zip(pairs, wide, narrow, strict=True):
        assert np.allclose(left, right, atol=1e-4)
        tokens = [*prompt_and_completion[0], *prompt_and_completion[1]]
        plain = base.model(input_ids=torch.tensor([tokens])).logits[0].log_softmax(-1)
        for step, token in enumerate(prompt_and_completion[1]):
            assert left[step] == pytest.approx(float(plain[1 + step, token].detach()), abs=1e-4)
