"""Training from stored states of the frozen layers is training through them."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, GraniteConfig, GraniteForCausalLM

from steps.consolidate import training
from steps.consolidate.adapter import attach_adapter
from steps.consolidate.examples import Example
from steps.consolidate.frozen import FrozenPrefix
from steps.consolidate.teacher import Labels

FIRST = 2  # the lower half of four layers is frozen


def examples():
    """Six examples of several lengths that begin alike."""
    random = np.random.default_rng(0)
    return [
        Example(
            id=str(number),
            prompt=(1, 5, 6, *random.integers(7, 100, size=3 + number).tolist()),
            teacher_prompt=(),
            completion=tuple(random.integers(7, 100, size=4).tolist()),
            rehearsal=number > 3,
            objective="keep" if number > 3 else "distill",
            fact=None if number > 3 else str(number),
        )
        for number in range(6)
    ]


def labels():
    best, tokens = torch.randn(6 * 4, 100, generator=torch.Generator().manual_seed(0)).log_softmax(-1).topk(8)
    return Labels(tokens, best, tokens[:, 0], torch.zeros(24), np.arange(0, 25, 4))


@pytest.fixture
def knobs(tiny_settings):
    return tiny_settings.consolidate.model_copy(update={"frozen_fraction": FIRST / 4})


@pytest.fixture
def model(tiny_model, knobs):
    """The tiny model with an adapter on its upper half that has learned something."""
    return with_adapter(AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval(), knobs)


@pytest.fixture
def scaling_model(knobs):
    """A model whose backbone multiplies its embeddings before the first layer."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
    config = GraniteConfig(vocab_size=200, num_hidden_layers=4, embedding_multiplier=6.0, **sizes)
    return with_adapter(GraniteForCausalLM(config).eval(), knobs)


def with_adapter(base, knobs):
    model = attach_adapter(base, knobs, seed=7)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.05)
    return model


def step(model, frozen, knobs, numbers=(4, 0, 3, 1)):
    """Loss and gradients of one row."""
    model.zero_grad()
    members, numbers = [examples()[n] for n in numbers], list(numbers)
    with frozen.skipped():
        loss, _ = training.row_loss_and_gradient(
            model, members, numbers, labels(), frozen=frozen, settings=knobs, packed=True
        )
    return loss, [p.grad.clone() for p in model.parameters() if p.requires_grad]


def blocks(model):
    return model.get_base_model().get_decoder().layers


def same(left, right):
    (loss, slopes), (other, others) = left, right
    assert loss == pytest.approx(other, rel=1e-5) and loss > 0.1
    assert len(slopes) == len(others) > 0
    assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-6) for a, b in zip(slopes, others, strict=True))
    assert any(slope.abs().max() > 1e-3 for slope in slopes)


def test_loss_and_gradients_are_those_of_all_layers(model, knobs):
    through = FrozenPrefix(model.get_base_model(), examples(), first=0, batch_tokens=512)
    stored = FrozenPrefix(model.get_base_model(), examples(), first=FIRST, batch_tokens=512)
    assert stored.used and not through.used
    same(step(model, stored, knobs), step(model, through, knobs))
    same(step(model, stored, knobs, numbers=(2,)), step(model, through, knobs, numbers=(2,)))


def test_the_frozen_layers_do_not_run_while_skipped(model, knobs):
    stored = FrozenPrefix(model.get_base_model(), examples(), first=FIRST, batch_tokens=512)
    ran = []
    for number, block in enumerate(blocks(model)):
        block.mlp.register_forward_pre_hook(lambda *_, number=number: ran.append(number))
    step(model, stored, knobs)
    assert ran == [2, 3]


@pytest.mark.parametrize("first", [0, FIRST])
def test_without_frozen_layers_or_examples_nothing_is_stored(model, first):
    frozen = FrozenPrefix(model.get_base_model(), [] if first else examples(), first=first, batch_tokens=512)
    assert not frozen.used and frozen.entering(None, []) is None
    with frozen.skipped():
        assert not any("forward" in vars(block) for block in blocks(model))


def test_a_backbone_that_scales_its_embeddings_is_found_out(scaling_model, knobs):
    through = FrozenPrefix(scaling_model.get_base_model(), examples(), first=0, batch_tokens=512)
    stored = FrozenPrefix(scaling_model.get_base_model(), examples(), first=FIRST, batch_tokens=512)
    assert not stored.used
    assert step(scaling_model, stored, knobs)[0] == step(scaling_model, through, knobs)[0]


def test_the_layers_run_again_afterwards_even_if_training_failed(model):
    base, tokens = model.get_base_model(), torch.tensor([[5, 6, 7]])
    before = base(input_ids=tokens).logits
    frozen = FrozenPrefix(base, examples(), first=FIRST, batch_tokens=512)
    with pytest.raises(KeyboardInterrupt), frozen.skipped():
        assert ["forward" in vars(block) for block in blocks(model)] == [True, True, False, False]
        raise KeyboardInterrupt
    assert not any("forward" in vars(block) for block in blocks(model))
    assert torch.equal(base(input_ids=tokens).logits, before)
