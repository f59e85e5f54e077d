"""The adapter lets nothing through that general text brings in, at the start and after training."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from peft.tuners.lora import LoraLayer
from transformers import AutoModelForCausalLM

from steps.consolidate import projection
from steps.consolidate.adapter import attach_adapter
from steps.consolidate.examples import Example
from steps.consolidate.projection import Projection
from steps.consolidate.teacher import Labels
from steps.consolidate.training import train

SHARE = 0.99


def examples():
    """Eight examples of random tokens, the first four of them rehearsal."""
    random = np.random.default_rng(0)
    tokens = [tuple(random.integers(7, 100, size=12).tolist()) for _ in range(8)]
    return [
        Example(str(n), (1,), (), t, rehearsal=True, general=True)
        if n < 4
        else Example(str(n), (1, *t[:6]), (), t, rehearsal=False, fact=str(n))
        for n, t in enumerate(tokens)
    ]


def labels():
    best, tokens = torch.randn(8 * 12, 100, generator=torch.Generator().manual_seed(0)).log_softmax(-1).topk(8)
    return Labels(tokens, best, tokens[:, 0], np.arange(0, 97, 12))


@pytest.fixture
def knobs(tiny_settings):
    changed = {
        "first_layer": 0.5,
        "protect": SHARE,
        "protect_earlier": SHARE,
        "learning_rate": 0.02,
        "epochs": 6,
        "warmup": 0.0,
    }
    return tiny_settings.consolidate.model_copy(update=changed)


@pytest.fixture
def attached(tiny_model, knobs):
    """Return a function that attaches a fresh adapter to the tiny model."""
    return lambda: attach_adapter(
        AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval(), knobs, seed=7
    )


@pytest.fixture(params=["exact", "sketched"])
def way(request, monkeypatch):
    """Both ways to find the directions: the tiny model's layers are as wide as 64 and 128."""
    if request.param == "sketched":
        monkeypatch.setattr(projection, "_EXACT", 63)
        monkeypatch.setattr(projection, "_SKETCH", 48)
    return request.param


def rehearsal():
    return [e for e in examples() if e.rehearsal]


def let_through(model, members):
    """Mean square of A x by layer over the inputs x of ``members``, were A of length one.

    They are read one by one, and their first token does not count.
    """
    found = {}

    def note(layer, args):
        weight = layer.lora_A["default"].weight
        passed = args[0][:, 1:] @ (weight / weight.norm()).T
        found.setdefault(layer, []).append(passed.square().mean().item())

    hooks = [m.register_forward_pre_hook(note) for m in model.modules() if isinstance(m, LoraLayer)]
    with torch.inference_mode(), model.disable_adapter():
        for example in members:
            model(input_ids=torch.tensor([example.sequence]))
    for hook in hooks:
        hook.remove()
    return np.array([np.mean(values) for values in found.values()])


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def trained(model, knobs, checkpoint):
    train(model, examples(), labels(), settings=knobs, seed=1, packed=True, checkpoint=checkpoint, digest="d")
    return model


def test_hardly_anything_of_rehearsal_passes_but_most_of_other_text_does(attached, way, knobs):
    model = attached()
    others = [replace(e, prompt=(1, *range(120 + 9 * n, 129 + 9 * n))) for n, e in enumerate(examples())]
    before, free = let_through(model, rehearsal()), let_through(model, others)
    Projection(model, rehearsal(), knobs, packed=True)
    assert len(before) == 2 * 7, "every linear layer of the upper half"
    assert (let_through(model, rehearsal()) / before).max() < 0.06
    assert (let_through(model, others) / free).min() > 0.2


def test_training_keeps_it_so(attached, way, knobs, tmp_path):
    start = attached()
    Projection(start, rehearsal(), knobs, packed=True)
    kept = trained(attached(), knobs, tmp_path / "kept")
    free = trained(attached(), knobs.model_copy(update={"protect": 0.0}), tmp_path / "free")
    assert (let_through(kept, rehearsal()) / let_through(free, rehearsal())).max() < 0.06
    left, right = weights(start), weights(kept)
    assert all((right[name] - left[name]).norm() > 0.1 * left[name].norm() for name in left), "it has learned"


@pytest.mark.parametrize(("members", "share"), [(rehearsal(), 0.0), ([], SHARE), (examples()[4:], SHARE)])
def test_without_share_or_rehearsal_nothing_is_kept_out(attached, knobs, members, share):
    model = attached()
    before = weights(model)
    Projection(model, members, knobs.model_copy(update={"protect": share}), packed=True)
    after = weights(model)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_earlier_nights_taught_is_kept_out_beside_what_is_general(attached, way, knobs):
    earlier = [replace(e, prompt=(1,), replay=True) for e in examples() if not e.rehearsal]
    others = [replace(e, prompt=(1, *range(120 + 9 * n, 129 + 9 * n))) for n, e in enumerate(examples())]
    everything = [*rehearsal(), *earlier]
    model, alone = attached(), attached()
    texts = (rehearsal(), earlier, others)
    free = [let_through(model, text) for text in texts]
    Projection(model, everything, knobs, packed=True)
    Projection(alone, everything, knobs.model_copy(update={"protect_earlier": 0.0}), packed=True)
    general, before, new = (let_through(model, text) / f for text, f in zip(texts, free, strict=True))
    assert general.max() < 0.06 and before.max() < 0.2 and new.min() > 0.05
    assert (let_through(alone, texts[1]) / free[1]).min() > 0.3, "it is the second memory that does it"
