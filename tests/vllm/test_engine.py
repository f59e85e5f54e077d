"""vLLM's offline engine behind the port: what it is asked, what is made of its answers, and who else is asked so.

The engine is a stand-in (``tests/vllm/offline.py``); the real one has not run here.
"""

import sys

import numpy as np
import pytest
import torch

from steps.dream import dreaming
from steps.dream.calibration import dreamer_digest
from steps.errors import SlumberError
from steps.examine.eval_set import EvalSet, ask_all, asked_model, predictions
from steps.model.chat import chat_tokens, question_chat, turn_tokens
from steps.model.chat_model import Sampling
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.model.offline_vllm import OfflineVllm
from steps.model.vllm_engine import VllmModel, opened
from steps.preflight import check_settings
from tests.awake.adapters import adapter_in
from tests.steps.examine.test_eval_set import probes
from tests.vllm import offline

CHATS = [question_chat("What is the hull?", "The hull is dark green."), question_chat("Who built the ferry?")]
PROMPTS = ["The ferry was", "What is the", "The ferry was"]


@pytest.fixture
def vllm(monkeypatch):
    offline.installed(monkeypatch)
    return offline.LLM.made


def engined(settings):
    sections = {name: getattr(settings, name).model_copy(update={"engine": "vllm"}) for name in ("dream", "examine")}
    return settings.model_copy(update=sections)


def test_the_same_tokens_go_in_and_the_same_words_come_out(vllm, tiny_settings):
    local = LocalModel(load_base(tiny_settings.model), 1000)
    drawn = {"max_new_tokens": 8, "sampling": Sampling(0.7, 40), "seed": 2**40 + 7}
    with opened(tiny_settings) as model:
        assert model.generate("chats", CHATS, max_new_tokens=8) == local.generate("c", CHATS, max_new_tokens=8)
        greedy = {"max_new_tokens": 8, "sampling": Sampling(), "seed": 3}
        assert model.complete("lines", PROMPTS, **greedy) == local.complete("lines", PROMPTS, **greedy)
        model.complete("lines", PROMPTS, **drawn)
        assert model.sha256 == local.sha256 and model.window == local.window and model.packed is None
        assert model.generate("none", [], max_new_tokens=8) == []
    ((chats, first, _), _, (_, last, _)) = vllm[0].asked
    assert [one["prompt_token_ids"] for one in chats] == [chat_tokens(local.tokenizer, chat) for chat in CHATS]
    assert first[0].stop is None and set(first[0].stop_token_ids) == local.ends and first[0].seed is None
    assert [one.seed for one in last] == [(2**40 + 7 + n) % 2**31 for n in range(3)] and last[0].stop == ["\n"]
    assert (last[0].temperature, last[0].top_k) == (0.7, 40)


def test_given_words_are_scored_token_by_token(vllm, tiny_settings):
    local = LocalModel(load_base(tiny_settings.model), 1000)
    items = [(CHATS[0], "Dark green."), (CHATS[1], "Edda Krann built it in 1938.")]
    pairs = [turn_tokens(local.tokenizer, *item) for item in items]
    with opened(tiny_settings) as model:
        found = [*model.score("s", items), *model.score_tokens("s", pairs), *model.score_text("s", PROMPTS, [" a"] * 3)]
    mine = [*local.score("s", items), *local.score_tokens("s", pairs), *local.score_text("s", PROMPTS, [" a"] * 3)]
    assert [len(one) for one in found] == [len(one) for one in mine]
    assert all(np.allclose(one, other, atol=1e-4) for one, other in zip(found, mine, strict=True))


def test_an_adapter_is_asked_by_a_name_of_its_content(vllm, tiny_settings, tmp_path):
    one, other = (adapter_in(tmp_path / f"adapter-{seed}", tiny_settings, seed=seed) for seed in (1, 2))
    said = {}
    for who, adapter in (("base", None), ("one", one), ("other", other), ("one again", one)):
        with opened(tiny_settings, adapter) as model:
            said[who] = [np.round(score, 4).tolist() for score in model.score("s", [(CHATS[1], "Edda Krann.")])]
    assert said["one"] == said["one again"] and said["one"] != said["base"] != said["other"] != said["one"]
    (engine,) = vllm
    names = [request and (request.lora_name, request.lora_int_id) for *_, request in engine.asked]
    assert names[0] is None and names[1] == names[3] != names[2] and len({number for _, number in names[1:]}) == 2
    assert engine.rank == 128, "consolidate.max_rank"


def test_what_vllm_refuses_or_lacks_is_one_sentence(vllm, tiny_settings, tmp_path, monkeypatch):
    adapter = adapter_in(tmp_path / "adapter", tiny_settings, seed=1)
    (adapter / "adapter_model.safetensors").write_bytes(b"torn")
    with pytest.raises(SlumberError, match="vLLM refuses the adapter in "), opened(tiny_settings, adapter):
        pass
    with opened(tiny_settings) as model:
        monkeypatch.setattr(offline.LLM, "generate", lambda *_, **__: 1 / 0)
        with pytest.raises(SlumberError, match=r"vLLM failed .ZeroDivisionError"):
            model.generate("s", CHATS, max_new_tokens=2)
    wide = tiny_settings.consolidate.model_copy(update={"max_rank": 1024})
    with pytest.raises(SlumberError, match="max_rank is 1024, and vLLM takes"):
        opened(tiny_settings.model_copy(update={"consolidate": wide})).__enter__()


def test_without_vllm_a_night_says_so_before_it_begins(tiny_settings, workspace, monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)  # as if it were not installed, also where it is
    with pytest.raises(SlumberError, match=r"install vllm .* or set dream\.engine"):
        OfflineVllm(workspace.root, dtype="float32", rank=8)
    monkeypatch.setattr("steps.preflight.find_spec", lambda name: None)
    check_settings(tiny_settings, workspace=workspace, inbox=None)
    with pytest.raises(SlumberError, match=r"dream\.engine is 'vllm', and vLLM is not installed: pip install vllm"):
        check_settings(engined(tiny_settings), workspace=workspace, inbox=None)


def test_an_examination_is_vllms_and_is_not_mixed_with_another_engines(vllm, tiny_settings, workspace):
    how = {"who": "base", "adapter": None, "base_digest": "b", "workspace": workspace}
    asked = EvalSet(probes())
    mine, theirs = (ask_all(asked, settings=s, **how) for s in (tiny_settings, engined(tiny_settings)))
    assert [row.answer for row in mine.probes] == [row.answer for row in theirs.probes]
    assert len(vllm) == 1 and vllm[0].asked, "it was asked, though the answers were known of the other engine"
    known = {"base_digest": "b", "workspace": workspace}
    paths = [predictions(None, settings=s, **known).path for s in (tiny_settings, engined(tiny_settings))]
    assert paths[0] != paths[1] and all(path.exists() for path in paths)
    ask_all(asked, settings=engined(tiny_settings), **how)
    assert len(vllm[0].asked) == 1, "nothing is asked twice"


def test_dreams_are_written_and_verified_by_it(vllm, tiny_settings, workspace, monkeypatch):
    monkeypatch.setattr(dreaming, "calibrated", lambda *_, **__: "measured")
    with dreaming._dreamer(engined(tiny_settings), workspace) as (base, writer, measured):
        assert base is writer and isinstance(base, VllmModel) and measured == "measured"
    digests = {dreamer_digest(settings, base.sha256) for settings in (tiny_settings, engined(tiny_settings))}
    assert len(digests) == 2, "what one of them was measured to write well says nothing of the other"


def test_old_verdicts_stay_as_they_are_bound(tiny_settings):
    assert "engine" not in tiny_settings.examine.model_dump()
    assert engined(tiny_settings).examine.model_dump()["engine"] == "vllm"


def test_it_sleeps_while_nobody_asks(vllm, tiny_settings, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    settings = engined(tiny_settings)
    for _ in range(2):
        with asked_model(None, settings) as model:
            assert not vllm[0].asleep and model.generate("s", CHATS, max_new_tokens=2)
        assert vllm[0].asleep
    assert len(vllm) == 1, "it is started once"
