"""The adapter looks where tonight's facts enter a layer, and lets hardly anything through of other text."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from peft.tuners.lora import LoraLayer
from transformers import AutoModelForCausalLM

from steps.consolidate import directions
from steps.consolidate.adapter import attach_adapter
from steps.consolidate.directions import init_lora_a
from steps.consolidate.examples import Example
from steps.consolidate.teacher import Labels, prepare_lessons
from steps.consolidate.training import train

RIDGE = 0.01


def examples(kind):
    """Four examples of random tokens: "general" rehearsal, tonight's "facts", or what an "earlier" night taught."""
    random = np.random.default_rng(["general", "facts", "earlier"].index(kind))
    general = kind == "general"
    return [
        Example(
            f"{kind} {n}",
            (1,),
            (1,),
            tuple(random.integers(7, 100, size=9).tolist()),
            rehearsal=general,
            whole=general,
            objective="keep" if general else "distill",
            fact=None if general else str(n),
            replay=kind == "earlier",
        )
        for n in range(4)
    ]


GENERAL, FACTS, EARLIER = examples("general"), examples("facts"), examples("earlier")


@pytest.fixture
def knobs(tiny_settings):
    changed = {"frozen_fraction": 0.5, "ridge": RIDGE, "learning_rate": 0.02, "epochs": 2, "warmup": 0.0}
    return tiny_settings.consolidate.model_copy(update=changed)


@pytest.fixture
def base(tiny_model):
    """Return a function that loads the tiny model."""
    return lambda: AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()


@pytest.fixture
def attached(base, knobs):
    """Return a function that attaches a fresh adapter to the tiny model."""
    return lambda: attach_adapter(base(), knobs, seed=7)


@pytest.fixture(params=["whole", "in a subspace"])
def way(request, monkeypatch):
    """Layers of the tiny model are as wide as 64 and 128."""
    if request.param == "in a subspace":
        monkeypatch.setattr(directions, "_WIDEST", 56)


@pytest.fixture
def point(base, knobs):
    """Return a function that points an adapter; the base has read the examples before, as in training."""

    def go(model, members, *, ridge):
        lessons = prepare_lessons(base(), members, knobs, packed=True)
        assert lessons.frozen.used
        init_lora_a(model, lessons.stats, ridge=ridge)

    return go


def downs(model):
    return [m.lora_A["default"].weight for m in model.modules() if isinstance(m, LoraLayer)]


def let_through(model, members):
    """Share of the energy of the inputs of completions that A lets through, by layer."""
    found = {}

    def note(layer, args):
        inputs, rows = args[0][:, 1:], layer.lora_A["default"].weight
        passed = inputs @ (rows / rows.norm(dim=1, keepdim=True)).T
        found.setdefault(layer, []).append((passed.square().sum() / inputs.square().sum()).item())

    hooks = [m.register_forward_pre_hook(note) for m in model.modules() if isinstance(m, LoraLayer)]
    with torch.inference_mode(), model.disable_adapter():
        for example in members:
            model(input_ids=torch.tensor([example.sequence]))
    for hook in hooks:
        hook.remove()
    return np.array([np.mean(values) for values in found.values()])


def test_it_lets_facts_through_and_hardly_anything_else(point, attached, way):
    model = attached()
    drawn = let_through(model, FACTS)
    point(model, GENERAL + FACTS + EARLIER, ridge=RIDGE)
    facts, general, earlier = (let_through(model, members) for members in (FACTS, GENERAL, EARLIER))
    assert len(facts) == 2 * 7, "every linear layer of the upper half"
    assert (facts / general).min() > 3 and (facts / earlier).min() > 3
    assert facts.mean() > 0.5 * drawn.mean()


def test_what_earlier_nights_taught_is_left_alone_because_it_is_replayed(point, attached):
    with_it, without = attached(), attached()
    point(with_it, GENERAL + FACTS + EARLIER, ridge=RIDGE)
    point(without, GENERAL + FACTS, ridge=RIDGE)
    assert (let_through(with_it, EARLIER) / let_through(without, EARLIER)).max() < 0.5


def test_much_contrast_finds_what_the_facts_use_most(point, attached):
    little, much = attached(), attached()
    point(little, GENERAL + FACTS, ridge=RIDGE)
    point(much, GENERAL + FACTS, ridge=1000.0)
    assert (let_through(much, FACTS) / let_through(little, FACTS)).min() > 1
    assert let_through(much, FACTS).min() > 0.25, "more than four directions of 64 at random"


def test_rows_are_independent_of_each_other_and_as_long_as_peft_draws_them(point, attached, way):
    model = attached()
    drawn = [rows.norm(dim=1).mean().item() for rows in downs(model)]
    point(model, GENERAL + FACTS, ridge=RIDGE)
    for rows, length in zip(downs(model), drawn, strict=True):
        products = rows @ rows.T
        assert torch.allclose(products, products[0, 0] * torch.eye(len(rows)), atol=1e-4)
        assert products[0, 0].sqrt().item() == pytest.approx(length, rel=0.2)


def test_training_leaves_it_where_it_is(base, point, attached, knobs, tmp_path):
    members = GENERAL + FACTS
    best, tokens = torch.randn(8 * 9, 100, generator=torch.Generator().manual_seed(0)).log_softmax(-1).topk(8)
    lessons = prepare_lessons(base(), members, knobs, packed=True)
    lessons = replace(lessons, labels=Labels(tokens, best, tokens[:, 0], torch.zeros(72), np.arange(0, 73, 9)))
    model, pointed = attached(), attached()
    point(pointed, members, ridge=RIDGE)
    train(model, lessons, settings=knobs, seed=1, packed=True, checkpoint=tmp_path / "c", digest="d")
    assert all(torch.equal(left, right) for left, right in zip(downs(model), downs(pointed), strict=True))
    assert all(p.abs().max() > 0 for name, p in model.named_parameters() if "lora_B" in name), "it has learned"


@pytest.mark.parametrize(("members", "ridge"), [(GENERAL + FACTS, 0.0), (FACTS, RIDGE)])
def test_without_ridge_or_rehearsal_it_is_plain_lora(point, attached, members, ridge):
    model = attached()
    before = [rows.clone() for rows in downs(model)]
    point(model, members, ridge=ridge)
    assert all(torch.equal(*pair) for pair in zip(before, downs(model), strict=True))
    assert all(rows.requires_grad for rows in downs(model))


def test_reading_with_the_document_is_not_general_text(point, attached):
    """Its words are the facts' own: to keep the adapter out of them would keep it from learning."""
    reading = [replace(e, rehearsal=True, fact=None) for e in FACTS]
    model, without = attached(), attached()
    point(model, GENERAL + FACTS + reading, ridge=RIDGE)
    point(without, GENERAL + FACTS, ridge=RIDGE)
    assert all(torch.equal(left, right) for left, right in zip(downs(model), downs(without), strict=True))
