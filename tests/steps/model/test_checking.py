"""Whatever is wrong with packed rows is found out, another path is taken or the model refused, and it is remembered."""

import pytest
import torch
from transformers import BloomConfig, BloomForCausalLM, MambaConfig, MambaForCausalLM

from steps.errors import SlumberError
from steps.model import choosing, head, masks
from steps.model.chat import prompt_tokens
from steps.model.checking import Reference, check_path
from steps.model.loading import load_base
from steps.settings import ModelSettings
from tests.steps.model.families import build

QUESTIONS = ("What is water?", "What is water made of, and why?", "Who built the ferry?")


@pytest.fixture
def load(tiny_model, tmp_path):
    def go(kind, family, **changed):
        folder = build(tmp_path / f"{kind}-{family}", tiny_model, kind, family, **changed)
        return load_base(ModelSettings(base=str(folder), device="cpu", dtype="float32", threads=1))

    return go


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SLUMBER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


def wrong(base):
    reference = Reference(base.model, [prompt_tokens(base.tokenizer, question) for question in QUESTIONS])
    path = check_path(reference, packed=True)
    return path.wrong and path.wrong.what


@pytest.mark.parametrize(("kind", "family"), [("window", "mistral"), ("window", "olmo3"), ("multimodal", "gemma3")])
def test_a_window_that_is_left_out_is_found_beyond_it(kind, family, load, monkeypatch):
    base = load(kind, family)
    assert wrong(base) is None
    monkeypatch.setattr(masks, "window_of", lambda config: None)
    assert "window" in wrong(base) or "rows" in wrong(base)


@pytest.mark.parametrize(
    ("kind", "family", "changed"),
    [
        ("attention", "granite", {}),
        ("attention", "cohere", {}),
        ("window", "gemma2", {}),
        ("window", "gemma3n_text", {"final_logit_softcapping": 30.0}),  # hardly bends what so small a model says
    ],
)
def test_a_scale_or_a_cap_that_is_left_out_is_found(kind, family, changed, load, monkeypatch):
    base = load(kind, family, **changed)
    assert wrong(base) is None
    monkeypatch.setattr(head, "_scale_and_cap", lambda model, given: (1.0, None))
    head._known.pop(base.model, None)
    assert wrong(base) == "probabilities, rows"


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (BloomForCausalLM, BloomConfig(vocab_size=200, hidden_size=32, n_layer=2, n_head=4)),
        (MambaForCausalLM, MambaConfig(vocab_size=200, hidden_size=32, num_hidden_layers=2, state_size=8)),
    ],
    ids=["position biases", "state space"],
)
def test_what_no_mask_can_tell_is_run_plainly(kind, config):
    torch.manual_seed(0)
    model = kind(config).eval()
    reference = Reference(model, [list(range(3, 30)), [3, 4, 5, *range(40, 60)]])
    assert not check_path(reference, packed=True).right
    assert check_path(reference, packed=False).right


def test_rounding_of_the_number_format_is_no_difference_and_more_is():
    rounding = choosing.Compared("x", 0.007, 0.008)
    assert rounding.right and not choosing.Compared("x", 0.009, 0.008).right
    assert not choosing.Compared("x", float("nan"), 0.008).right
    assert not choosing.Compared("x", None, 0.008, "it raised").right


def test_a_choice_is_made_once_for_a_base_and_these_libraries(load, cache, monkeypatch):
    base, tried = load("window", "mistral"), []
    real = choosing.check_path
    monkeypatch.setattr(choosing, "check_path", lambda *a, **k: (tried.append(k["packed"]), real(*a, **k))[1])
    first = choosing.chosen_path(base)
    assert first.packed and choosing.chosen_path(base) == first and tried == [True]
    monkeypatch.setattr(choosing, "version", lambda name: "0.0")
    assert choosing.chosen_path(base).packed and tried == [True, True]
    for file in cache.iterdir():
        file.write_text("{")
    assert choosing.chosen_path(base).packed and tried == [True, True, True]


def test_a_cache_that_cannot_be_written_costs_time_only(load, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SLUMBER_CACHE", str(tmp_path / "file" / "cache"))
    assert choosing.chosen_path(load("attention", "llama")).packed


def test_a_model_that_is_right_on_no_path_is_refused_in_one_sentence(load, cache, monkeypatch):
    base = load("attention", "llama")
    monkeypatch.setattr("steps.model.checking._scored", lambda *a: 0.5)
    with pytest.raises(SlumberError, match=r"packed or plain .*0\.5 nats from Hugging Face.* take another base\.$"):
        choosing.chosen_path(base)
    assert not cache.exists()
