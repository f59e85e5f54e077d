"""The peers train on the very tokens of a night, go on from yesterday's adapter, and leave only the new one."""

import json
import math
import re
import sys

import pytest
import torch
from safetensors.torch import load_file

from bench.peer_examples import sdft_rows, sft_rows
from bench.peers import PeerExample, train_sdft, train_sft
from bench.trainers import batch_size, quiet_trl, trainer_arguments
from steps.errors import SlumberError
from steps.model.chat import answer_tokens, prompt_tokens, turn_end
from steps.model.loading import load_base

DOCUMENT = "The ferry\nThe ferry was built in 1938 by the shipwright Edda Krann."
EXAMPLES = [
    PeerExample("Who built the ferry?", "The shipwright Edda Krann built the ferry.", DOCUMENT),
    PeerExample("When was the ferry built?", "In 1938.", DOCUMENT),
    PeerExample("What colour is the hull?", "Dark green.", "The hull\nThe hull is dark green."),
    PeerExample("Why do birds sing?", "Birds sing because", None, complete=False),
    PeerExample("Tell me a fact.", "This is a small answer.", None),
]


@pytest.fixture
def trl():
    return pytest.importorskip("trl")


@pytest.fixture
def small(tiny_settings):
    """Two short epochs in batches of two, on the tiny model."""
    chosen = tiny_settings.consolidate.model_copy(update={"batch_tokens": 120, "learning_rate": 0.02})
    return tiny_settings.model_copy(update={"consolidate": chosen})


def weights(folder):
    return load_file(folder / "adapter_model.safetensors")


def trainer_on(trl, settings, rows, scratch, **more):
    from datasets import Dataset

    quiet_trl()
    base = load_base(settings.model)
    arguments = trainer_arguments(settings, base.device, scratch=str(scratch), seed=1, batch=1, epochs=2)
    return trl.SFTTrainer(
        model=base.model,
        args=trl.SFTConfig(**arguments, **more),
        train_dataset=Dataset.from_list(rows),
        processing_class=base.tokenizer,
    )


def test_rows_hold_the_tokens_of_a_night(tiny_settings):
    tokenizer = load_base(tiny_settings.model).tokenizer
    rows = sft_rows(tokenizer, EXAMPLES)
    for example, row in zip(EXAMPLES, rows, strict=True):
        prompt, answer = prompt_tokens(tokenizer, example.question), answer_tokens(tokenizer, example.answer)
        trained = answer if example.complete else answer[:-1]
        assert row["input_ids"] == prompt + trained
        assert row["labels"] == [-100] * len(prompt) + trained
        assert (row["labels"][-1] == turn_end(tokenizer)) is example.complete
        assert "You are tiny." in tokenizer.decode(prompt), "the template's own system prompt belongs to the prompt"


def test_trl_makes_the_same_of_a_conversation_but_for_the_line_break(trl, tiny_settings, tmp_path):
    tokenizer = load_base(tiny_settings.model).tokenizer
    whole = [e for e in EXAMPLES if e.complete]
    conversations = [
        {
            "prompt": [{"role": "user", "content": e.question}],
            "completion": [{"role": "assistant", "content": e.answer}],
        }
        for e in whole
    ]
    line_break = tokenizer.encode("\n", add_special_tokens=False)
    theirs = trainer_on(trl, tiny_settings, conversations, tmp_path, max_length=None).train_dataset
    for row, their_row in zip(sft_rows(tokenizer, whole), theirs, strict=True):
        assert their_row["input_ids"] == row["input_ids"] + line_break
        assert their_row["labels"] == row["labels"] + line_break


def test_trl_trains_on_the_labels_given(trl, tiny_settings, tmp_path):
    trainer = trainer_on(
        trl, tiny_settings, sft_rows(load_base(tiny_settings.model).tokenizer, EXAMPLES), tmp_path, max_length=None
    )
    given = [row["labels"] for row in sft_rows(trainer.processing_class, EXAMPLES)]
    assert trainer.train_dataset["labels"] == given
    batch = next(iter(trainer.get_train_dataloader()))
    assert batch["labels"][0].tolist() in given


def test_packing_keeps_examples_apart(trl, tiny_settings, tmp_path):
    rows = sft_rows(load_base(tiny_settings.model).tokenizer, EXAMPLES)
    trainer = trainer_on(trl, tiny_settings, rows, tmp_path, packing=True, max_length=1000)
    model = trainer.model.eval()
    (batch,) = list(trainer.get_train_dataloader())
    assert "attention_mask" not in batch
    with torch.inference_mode():
        # Without a cache, as the trainer calls it: transformers looks for packed examples only then.
        packed = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"], use_cache=False).logits[0]
    starts = [n for n, position in enumerate(batch["position_ids"][0].tolist()) if position == 0]
    assert len(starts) == len(EXAMPLES)
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        with torch.inference_mode():
            alone = model(input_ids=batch["input_ids"][:, start:end]).logits[0]
        torch.testing.assert_close(packed[start:end], alone, atol=1e-4, rtol=1e-4)


def test_sft_learns_and_leaves_only_the_adapter(trl, small, tmp_path, capfd):
    out = tmp_path / "out" / "adapter"
    before = set(tmp_path.rglob("*"))
    run = train_sft(settings=small, examples=EXAMPLES, start=None, out=out, seed=3)
    left = {p.name for p in set(tmp_path.rglob("*")) - before}
    assert left == {"out", "adapter", "adapter_model.safetensors", "adapter_config.json"}
    assert capfd.readouterr().out == ""
    lengths = [len(row["input_ids"]) for row in sft_rows(load_base(small.model).tokenizer, EXAMPLES)]
    per_epoch = math.ceil(len(EXAMPLES) / batch_size(lengths, small.consolidate.batch_tokens))
    assert run.steps == run.planned_steps == small.consolidate.epochs * per_epoch
    assert run.tokens == small.consolidate.epochs * sum(lengths)
    assert run.tokens_per_second == pytest.approx(run.tokens / run.seconds)
    assert any(tensor.abs().max() > 0 for name, tensor in weights(out).items() if "lora_B" in name)
    config = json.loads((out / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (small.consolidate.rank, small.consolidate.alpha)
    lowest = min(int(re.search(r"layers\.(\d+)", name)[1]) for name in weights(out))
    assert lowest == 1, "the lower layers stay frozen, as in a night"


def test_sft_ends_after_so_many_tokens_with_its_schedule_done(trl, small, tmp_path):
    lengths = [len(row["input_ids"]) for row in sft_rows(load_base(small.model).tokenizer, EXAMPLES)]
    batches = math.ceil(len(EXAMPLES) / batch_size(lengths, small.consolidate.batch_tokens))
    run = train_sft(settings=small, examples=EXAMPLES, start=None, out=tmp_path / "o", seed=3, tokens=3 * sum(lengths))
    assert run.tokens == 3 * sum(lengths) and run.steps == run.planned_steps == 3 * batches


def test_sft_is_the_same_again(trl, small, tmp_path):
    for name in ("one", "two"):
        train_sft(settings=small, examples=EXAMPLES, start=None, out=tmp_path / name, seed=3)
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("packing", [False, True])
def test_sft_goes_on_from_yesterday(trl, small, tmp_path, monkeypatch, packing):
    train_sft(settings=small, examples=EXAMPLES[:2], start=None, out=tmp_path / "first", seed=3)
    monkeypatch.setattr("bench.trainers.PLAIN_RATE", 1e-5)
    run = train_sft(
        settings=small,
        examples=EXAMPLES[2:],
        start=tmp_path / "first",
        out=tmp_path / "second",
        seed=3,
        packing=packing,
    )
    first, second = weights(tmp_path / "first"), weights(tmp_path / "second")
    moved = max(float((second[name] - first[name]).abs().max()) for name in first)
    assert 0 < moved <= run.steps * 2e-5, "trained, and from where yesterday ended"


def test_sdft_asks_the_teacher_in_a_nights_words(trl, tiny_settings):
    rows = sdft_rows(EXAMPLES)
    quiet_trl()
    from trl.experimental.sdft.sdft_trainer import DemonstrationTeacherContextBuilder

    class Arguments:
        teacher_prompt_template = "{privileged_context}{prompt}"

    class Stand:
        args = Arguments

    asked = DemonstrationTeacherContextBuilder(Stand).select_generation_prompts(
        [row["prompt"] for row in rows], [row["privileged_context"] for row in rows]
    )
    tokenizer = load_base(tiny_settings.model).tokenizer
    for example, messages in zip(EXAMPLES, asked, strict=True):
        tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        assert list(tokens) == prompt_tokens(tokenizer, example.question, example.document)


def test_sdft_learns_and_leaves_only_the_adapter(trl, small, tmp_path, capfd):
    out = tmp_path / "out" / "adapter"
    before = set(tmp_path.rglob("*"))
    run = train_sdft(settings=small, examples=EXAMPLES, start=None, out=out, seed=3, max_seconds=600)
    left = {p.name for p in set(tmp_path.rglob("*")) - before}
    assert left == {"out", "adapter", "adapter_model.safetensors", "adapter_config.json"}
    assert capfd.readouterr().out == ""
    assert run.steps == run.planned_steps >= small.consolidate.epochs
    assert run.tokens > 0 and run.seconds > 0
    assert any(tensor.abs().max() > 0 for name, tensor in weights(out).items() if "lora_B" in name)


def test_sdft_stops_when_its_time_is_spent(trl, small, tmp_path):
    train_sft(settings=small, examples=EXAMPLES[:2], start=None, out=tmp_path / "first", seed=3)
    run = train_sdft(
        settings=small, examples=EXAMPLES, start=tmp_path / "first", out=tmp_path / "second", seed=3, max_seconds=0.0
    )
    assert run.steps == 1 < run.planned_steps
    assert (tmp_path / "second" / "adapter_model.safetensors").exists()


def test_trl_reports_nothing(trl, small, tmp_path):
    from huggingface_hub import constants

    train_sft(settings=small, examples=EXAMPLES[:2], start=None, out=tmp_path / "out", seed=3)
    assert constants.HF_HUB_DISABLE_TELEMETRY


def test_a_batch_holds_about_as_many_tokens_as_a_row():
    assert batch_size([50, 50, 50, 50], 100) == 2
    assert batch_size([30] * 4, 512) == 17
    assert batch_size([700], 512) == 1


def test_asks_for_the_extra(monkeypatch, small, tmp_path):
    monkeypatch.setitem(sys.modules, "trl", None)
    with pytest.raises(SlumberError, match="bench"):
        train_sft(settings=small, examples=EXAMPLES, start=None, out=tmp_path / "out", seed=3)


def test_asks_for_examples(small, tmp_path):
    with pytest.raises(SlumberError, match="no examples"):
        train_sdft(settings=small, examples=[], start=None, out=tmp_path / "out", seed=3, max_seconds=1)
