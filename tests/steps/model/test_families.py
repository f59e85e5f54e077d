"""Models of every family that the README lists score, write and learn as Hugging Face and PEFT have it."""

import re

import numpy as np
import pytest
import torch

from steps.consolidate.checking import check_adapter
from steps.consolidate.layers import adapted_layers, layer_names
from steps.model.chat import prompt_tokens
from steps.model.checking import Reference, check_path
from steps.model.generating import generate
from steps.model.loading import load_base
from steps.model.masks import window_of
from steps.model.scoring import token_logprobs
from steps.settings import REPOSITORY, ModelSettings
from tests.steps.model.families import FAMILIES, WINDOW, build

ALL = [(kind, family) for kind, families in FAMILIES.items() for family in families]
STORED = [("attention", "granite"), ("window", "mistral"), ("window", "gemma3n_text"), ("multimodal", "gemma3")]
QUESTIONS = ("Who?", "What is water?", "What is water made of, and why is the hull of the ferry painted dark green?")


@pytest.fixture(scope="module")
def load(tiny_model, tmp_path_factory):
    """Return a function that builds and loads a model of a family."""
    folder = tmp_path_factory.mktemp("families")

    def go(kind, family, *, dtype="float32", **changed):
        path = folder / f"{kind}-{family}-{len(changed)}"
        if not path.exists():
            build(path, tiny_model, kind, family, **changed)
        return load_base(ModelSettings(base=str(path), device="cpu", dtype=dtype, threads=1))

    return go


@pytest.mark.parametrize(("kind", "family"), ALL, ids=[f"{kind}-{family}" for kind, family in ALL])
def test_it_scores_writes_and_learns_as_hugging_face_and_peft_do(kind, family, load, settings):
    base = load(kind, family)
    model, packed = base.model, kind != "hybrid"
    if kind in ("window", "multimodal"):
        assert window_of(model.config) == WINDOW
    prompts = [prompt_tokens(base.tokenizer, question) for question in QUESTIONS]
    assert len(prompts[0]) > WINDOW

    scored = token_logprobs(model, [(p[:9], p[9:]) for p in prompts], batch_tokens=1000, packed=packed)
    written = generate(model, prompts, max_new_tokens=5, stop=lambda text: False, packed=packed)
    for prompt, ours, text in zip(prompts, scored, written, strict=True):
        ids = torch.tensor([prompt])
        with torch.no_grad():
            theirs = model(input_ids=ids).logits[0, 8:-1].log_softmax(-1).gather(-1, ids[0, 9:, None])[:, 0]
        assert np.allclose(ours, theirs.numpy(), atol=1e-4)
        said = model.generate(ids, max_new_tokens=5, min_new_tokens=5, do_sample=False)
        assert text == said[0, len(prompt) :].tolist() or base.tokenizer.eos_token_id in text

    assert check_path(Reference(model, prompts), packed=True).right is packed
    compared = check_adapter(model, prompts, settings.consolidate, packed=packed)
    assert len(compared) == 2 and all(one.right for one in compared), compared
    assert set(adapted_layers(model, settings.consolidate)) == layer_names(model.config, settings.consolidate)


def test_the_readme_lists_just_these_families():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    listed = {}
    for kind, told in re.findall(r"^\| (\w+) \| ((?:`\w+`,? ?)+) \|", readme, re.MULTILINE):
        listed[kind] = sorted(re.findall(r"`(\w+)`", told))
    assert listed == {kind: sorted(families) for kind, families in FAMILIES.items()}


@pytest.mark.parametrize(
    ("kind", "family"), [("window", "mistral"), ("window", "gemma3n_text"), ("experts", "mixtral")]
)
def test_in_bfloat16_the_same_path_is_taken(kind, family, load):
    base = load(kind, family, dtype="bfloat16")
    reference = Reference(base.model, [prompt_tokens(base.tokenizer, question) for question in QUESTIONS])
    assert check_path(reference, packed=True).right
    assert 1e-3 < reference.tolerance < 0.03


@pytest.mark.parametrize(("kind", "family"), STORED)
def test_training_from_stored_states_is_right_or_not_done(kind, family, load, settings):
    base = load(kind, family)
    knobs = settings.consolidate.model_copy(update={"frozen_fraction": 0.5})
    prompts = [prompt_tokens(base.tokenizer, question) for question in QUESTIONS]
    layers = {int(re.search(r"\.(\d+)\.", name)[1]) for name in adapted_layers(base.model, knobs)}
    assert layers == {1}
    assert all(one.right for one in check_adapter(base.model, prompts, knobs, packed=True))
