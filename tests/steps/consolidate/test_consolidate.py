"""Training is deterministic, resumes exactly, aims at the right token, and saves a plain PEFT adapter."""

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from steps.consolidate.adapter import attach_adapter, load_adapter, save_adapter
from steps.consolidate.examples import Example, build_examples
from steps.consolidate.loss import Targets
from steps.consolidate.targets import written_shares
from steps.consolidate.teacher import teacher_labels
from steps.consolidate.training import plan_rows, train
from steps.errors import SlumberError
from steps.model.loading import load_base
from steps.records import Dream, Experience
from steps.settings import ModelSettings

# Losses of the first four steps; they change only when the loss, the packing, the order of rows or the model do.
GOLDEN = [0.819544, 0.372270, 0.003521, 0.622381]
GOLDEN_LED_BACK = [7.440642, 3.078452, 0.004727, 5.933962]
DOCUMENT = "The Ollin ferry was built in 1938. The hull of the Ollin ferry is painted dark green."


def experience():
    return Experience(
        id="e1", night="2026-11-22", kind="document", source="s", record=None, title="The Ollin Ferry", text=DOCUMENT
    )


def dreams():
    pairs = [
        ("question", "In what year was the Ollin ferry built?", "The Ollin ferry was built in 1938."),
        ("question", "What colour is the Ollin ferry?", "The hull of the Ollin ferry is painted dark green."),
        ("drill-statement", "Tell me a fact about the Ollin ferry.", "The Ollin ferry was built in 1938."),
        ("rehearsal", "Why is the sky blue?", "The sky is blue because of light."),
        ("rehearsal", "What is a tree?", "A tree is a large plant."),
    ]
    return [
        Dream(
            id=f"d{n}",
            night="2026-11-22",
            strategy=strategy,
            experience=None if strategy == "rehearsal" else "e1",
            source="s",
            sentence=None,
            question=q,
            answer=a,
            verification={"complete": n != 4},
            rehearsal=strategy == "rehearsal",
        )
        for n, (strategy, q, a) in enumerate(pairs)
    ]


@pytest.fixture
def run(tiny_model, tiny_settings, tmp_path):
    """Return a function that trains from scratch and gives (training, adapter weights, model, examples)."""

    def go(*, checkpoint="c.pt", packed=True, **knobs):
        base = load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))
        settings = tiny_settings.consolidate.model_copy(
            update={
                "epochs": 4,
                "mix_share": 1.0,
                "batch_tokens": 120,
                "learning_rate": 0.01,
                "rehearsal_weight": 1.0,
                "hard_label": 0.0,
                **knobs,
            }
        )
        examples = build_examples(base.tokenizer, dreams(), {"e1": experience()})
        labels = teacher_labels(
            base.model,
            examples,
            top_k=16,
            batch_tokens=500,
            packed=packed,
            cache=tmp_path / f"labels-{packed}.safetensors",
        )
        model = attach_adapter(base.model, settings, seed=7)
        done = train(
            model,
            examples,
            labels,
            settings=settings,
            seed=7,
            packed=packed,
            checkpoint=tmp_path / checkpoint,
            digest="d",
        )
        weights = {k: v.detach().clone() for k, v in model.named_parameters() if v.requires_grad}
        return done, weights, model, examples

    return go


def test_same_inputs_give_the_same_adapter_and_the_loss_falls(run):
    (one, left, *_), (two, right, *_) = run(checkpoint="a"), run(checkpoint="b")
    assert one.losses == two.losses and one.losses[-1] < 0.7 * one.losses[0]
    assert all(torch.equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize(("hard_label", "golden"), [(0.0, GOLDEN), (1.0, GOLDEN_LED_BACK)])
def test_golden_losses(run, hard_label, golden):
    done, *_ = run(hard_label=hard_label)
    assert done.losses[:4] == pytest.approx(golden, rel=1e-2)


def test_the_written_token_is_the_target_where_the_teacher_goes_astray_but_never_in_rehearsal():
    def example(**kinds):
        return Example("e", (1,), (1,), (5, 6), **{"rehearsal": False, "every_epoch": True, **kinds})

    members = [example(), example(rehearsal=True), example(verbatim=True)]
    tokens = torch.tensor([[5, 9], [9, 6]] * 3)  # the teacher agrees on the first token, and would say 9 for the second
    targets = Targets(tokens, torch.zeros(6, 2), torch.tensor([5, 6] * 3), torch.ones(6))
    assert written_shares(members, targets, hard_label=0.75).tolist() == [0, 0.75, 0, 0, 1, 1]


def test_a_killed_run_ends_like_an_uninterrupted_one(run, monkeypatch):
    whole, expected, *_ = run(checkpoint="whole", checkpoint_steps=3)
    from steps.consolidate import training

    real, calls = training._row_loss, []

    def dies(*args, **kwargs):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(training, "_row_loss", dies)
    with pytest.raises(KeyboardInterrupt):
        run(checkpoint="cut", checkpoint_steps=3)
    monkeypatch.setattr(training, "_row_loss", real)
    resumed, weights, *_ = run(checkpoint="cut", checkpoint_steps=3)
    assert resumed.resumed_at == 3 and resumed.losses == whole.losses
    assert all(torch.equal(expected[k], weights[k]) for k in expected)


def test_packed_and_unpacked_training_agree(run):
    knobs = {"batch_tokens": 10_000, "epochs": 3, "warmup": 0.0}  # one row an epoch, so that both take the same steps
    packed, unpacked = run(checkpoint="p", **knobs)[0], run(checkpoint="u", packed=False, **knobs)[0]
    assert packed.losses == pytest.approx(unpacked.losses, rel=1e-3)
    assert packed.tokens < unpacked.tokens == packed.example_tokens


def test_a_checkpoint_of_other_inputs_is_ignored(run, tmp_path):
    whole, *_ = run(checkpoint="x", checkpoint_steps=2)
    state = torch.load(tmp_path / "x", weights_only=True)
    torch.save({**state, "digest": "other"}, tmp_path / "x")
    again, *_ = run(checkpoint="x", checkpoint_steps=2)
    assert again.resumed_at == 0 and again.losses == whole.losses


def test_only_upper_layers_are_adapted_and_peft_loads_it(run, tiny_model, tmp_path):
    _, weights, model, _ = run(first_layer=0.5)
    assert {int(name.split("layers.")[1].split(".")[0]) for name in weights} == {2, 3}
    save_adapter(model, tmp_path / "adapter", base_name="tiny")
    assert {p.name for p in (tmp_path / "adapter").iterdir()} == {"adapter_model.safetensors", "adapter_config.json"}
    fresh = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    tokens = torch.tensor([[5, 6, 7]])
    expected = model(input_ids=tokens).logits
    assert torch.allclose(
        PeftModel.from_pretrained(fresh, tmp_path / "adapter")(input_ids=tokens).logits, expected, atol=1e-5
    )


def test_a_missing_adapter_is_one_sentence(tiny_model, tmp_path):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu"))
    with pytest.raises(SlumberError, match="holds no adapter_model"):
        load_adapter(base.model, tmp_path)


def test_teacher_and_student_score_the_same_completion(tiny_model):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu"))
    examples = build_examples(base.tokenizer, dreams(), {"e1": experience()})
    assert DOCUMENT in base.tokenizer.decode(examples[0].teacher_prompt)
    assert DOCUMENT not in base.tokenizer.decode(examples[0].prompt)
    assert examples[3].prompt == examples[3].teacher_prompt
    assert examples[3].completion[-1] == base.tokenizer.eos_token_id != examples[4].completion[-1]


def test_rows_hold_every_question_every_epoch_and_the_others_in_turn(tiny_model):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu"))
    examples = build_examples(base.tokenizer, dreams(), {"e1": experience()})
    rows = plan_rows(examples, epochs=3, mix_share=0.3, batch_tokens=10**6, seed=1, packed=True)
    assert all({0, 1} <= set(row) and len(row) == 3 for row in rows)
    assert {n for row in rows for n in row} == {0, 1, 2, 3, 4}
