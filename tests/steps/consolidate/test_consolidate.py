"""Training is deterministic, resumes exactly, aims at the right token, and saves a plain PEFT adapter."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from steps.consolidate.adapter import attach_adapter, load_adapter, save_adapter
from steps.consolidate.examples import Example, build_examples
from steps.consolidate.loss import Targets
from steps.consolidate.objectives.table import written_shares
from steps.consolidate.rows import plan_rows
from steps.consolidate.teacher import Labels, prepare_lessons
from steps.consolidate.training import train
from steps.dream.lessons import lesson_of
from steps.errors import SlumberError
from steps.model.loading import load_base
from steps.records import Dream, Experience
from steps.settings import ModelSettings

# Losses of the first four steps; they change only when the loss, the packing, the order of rows or the model do.
GOLDEN = [0.156725, 0.917917, 0.00018756, 0.111512]
GOLDEN_LED_BACK = [1.553251, 7.572216, 0.00020156, 1.132282]
DOCUMENT = "The Ollin ferry was built in 1938. The hull of the Ollin ferry is painted dark green."


def experience():
    return Experience(
        id="e1", night="2026-11-22", kind="document", source="s", record=None, title="The Ollin Ferry", text=DOCUMENT
    )


def dreams():
    pairs = [
        ("question", "1938", "In what year was the Ollin ferry built?", "The Ollin ferry was built in 1938."),
        ("question", "green", "What colour is the Ollin ferry?", "The hull of the Ollin ferry is painted dark green."),
        ("drill-cloze", "1938", "Tell me a fact about the Ollin ferry.", "The Ollin ferry was built in 1938."),
        ("rehearsal", None, "Why is the sky blue?", "The sky is blue because of light."),
        ("rehearsal", None, "What is a tree?", "A tree is a large plant."),
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
            verification={"complete": n != 4} | ({"span": span} if span else {}),
            rehearsal=strategy == "rehearsal",
        )
        for n, (strategy, span, q, a) in enumerate(pairs)
    ]


def lessons(among=None):
    return [lesson_of(dream, {"e1": experience()}) for dream in among or dreams()]


@pytest.fixture
def run(tiny_model, tiny_settings, tmp_path):
    """Return a function that trains from scratch and gives (training, adapter weights, model, examples)."""

    def go(*, checkpoint="c.pt", packed=True, **knobs):
        base = load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))
        settings = tiny_settings.consolidate.model_copy(
            update={
                "epochs": 4,
                "rehearsal_fraction": 1.0,
                "batch_tokens": 120,
                "learning_rate": 0.01,
                "rehearsal_weight": 1.0,
                "ridge": 0.05,
                "wordings_per_epoch": 3,
                "hard_label": 0.0,
                "top_k": 16,
                **knobs,
            }
        )
        examples = build_examples(base.tokenizer, lessons())
        read = prepare_lessons(base.model, examples, settings, packed=packed)
        model = attach_adapter(base.model, settings, seed=7)
        done = train(
            model,
            read,
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
    knobs = {"batch_tokens": 10_000, "epochs": 12}  # one row an epoch, so that losses are of the same examples
    (one, left, *_), (two, right, *_) = run(checkpoint="a", **knobs), run(checkpoint="b", **knobs)
    assert one.losses == two.losses and one.losses[-1] < 0.7 * one.losses[0]
    assert all(torch.equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize(("hard_label", "golden"), [(0.0, GOLDEN), (1.0, GOLDEN_LED_BACK)])
def test_golden_losses(run, hard_label, golden):
    done, *_ = run(hard_label=hard_label)
    assert done.losses[:4] == pytest.approx(golden, rel=1e-2)


def test_the_written_token_is_the_target_where_the_base_would_go_another_way_but_never_in_rehearsal():
    def example(**kinds):
        return Example("e", (1,), (1,), (5, 6, 7), **kinds)

    part = [(example(), 0), (example(rehearsal=True, objective="keep"), 1), (example(objective="imitate"), 2)]
    tokens = torch.tensor([[5, 9], [9, 6], [7, 9]] * 3)  # the teacher would say 9 for the second
    unaided = torch.tensor([5, 6, 8] * 3)  # without the document the base would say 8 for the third
    labels = Labels(tokens, torch.zeros(9, 2), unaided, torch.zeros(9), np.arange(0, 10, 3))
    targets = Targets(tokens, torch.zeros(9, 2), torch.tensor([5, 6, 7] * 3), torch.ones(9))
    shares = written_shares(part, labels, targets, hard_label=0.75)
    assert shares.tolist() == [0, 0.75, 0.75, 0, 0, 0, 1, 1, 1]
    assert written_shares(part[::-1], labels, targets, hard_label=0.75)[:3].tolist() == [1, 1, 1]


def test_what_the_base_says_without_the_document_is_labelled_and_kept(tiny_model, tiny_settings):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))
    examples = build_examples(base.tokenizer, lessons())
    labels, alone = (
        prepare_lessons(base.model, examples, tiny_settings.consolidate, packed=packed).labels
        for packed in (True, False)
    )
    for number, example in enumerate(examples):
        taught = torch.tensor([example.teacher_prompt + example.completion])
        with torch.inference_mode():
            logits = base.model(input_ids=torch.tensor([example.sequence])).logits[0]
            aided = base.model(input_ids=taught).logits[0, len(example.teacher_prompt) - 1 : -1].log_softmax(-1)
        where = labels.of(number)
        assert torch.equal(labels.unaided[where], logits[len(example.prompt) - 1 : -1].argmax(-1))
        assert torch.allclose(labels.logprobs[where], aided.gather(-1, labels.tokens[where]), atol=1e-4)
        assert torch.equal(labels.tokens[where, 0], aided.argmax(-1))
    assert not torch.equal(labels.unaided, labels.tokens[:, 0]), "the document makes a difference"
    assert torch.equal(labels.unaided, alone.unaided)


def test_a_killed_run_ends_like_an_uninterrupted_one(run, monkeypatch):
    whole, expected, *_ = run(checkpoint="whole", checkpoint_steps=3)
    from steps.consolidate import training

    real, calls = training.row_loss_and_gradient, []

    def dies(*args, **kwargs):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(training, "row_loss_and_gradient", dies)
    with pytest.raises(KeyboardInterrupt):
        run(checkpoint="cut", checkpoint_steps=3)
    monkeypatch.setattr(training, "row_loss_and_gradient", real)
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
    _, weights, model, _ = run(frozen_fraction=0.5)
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
    examples = build_examples(base.tokenizer, lessons())
    assert DOCUMENT in base.tokenizer.decode(examples[0].teacher_prompt)
    assert DOCUMENT not in base.tokenizer.decode(examples[0].prompt)
    assert examples[3].prompt == examples[3].teacher_prompt != examples[0].prompt
    assert examples[3].completion[-1] == base.tokenizer.eos_token_id != examples[4].completion[-1]


def test_the_requests_that_the_model_wrote_itself_are_rehearsed_too(tiny_model):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu"))
    *asked, rehearsal, reading = build_examples(
        base.tokenizer, lessons([*dreams()[:4], dreams()[4].model_copy(update={"strategy": "reading"})])
    )
    said = base.tokenizer.decode(rehearsal.completion)
    assert said.startswith("Why is the sky blue?") and "because of light." in said
    assert base.tokenizer.decode(rehearsal.prompt).endswith("<|im_start|>user\n")
    assert rehearsal.sequence[: len(rehearsal.prompt)] == asked[0].prompt[: len(rehearsal.prompt)]
    assert base.tokenizer.decode(reading.completion) == "A tree is a large plant."


def test_examples_know_their_fact_and_whether_they_were_learned_before(tiny_model):
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu"))
    year, green, drill, *rehearsal = build_examples(base.tokenizer, lessons())
    assert year.fact == drill.fact is not None and green.fact not in (None, year.fact)
    assert [e.fact for e in rehearsal] == [None, None] and not any(e.replay for e in (year, *rehearsal))
    (again,) = build_examples(base.tokenizer, lessons()[:1], known=["2026-11-22"])
    assert again == replace(year, replay=True)


def rows_of(facts, *, earlier=0, epochs=3, **shares):
    """One row an epoch of examples about these facts (None: about none), and ``earlier`` ones that are replayed."""
    examples = [
        Example(str(n), (1, n), (1,), (2,), rehearsal=fact is None, fact=fact, replay=n >= len(facts))
        for n, fact in enumerate([*facts, *(f"earlier {n}" for n in range(earlier))])
    ]
    shares = {"per_fact": 2, "rehearsal_fraction": 1.0, "replay": 1.0, **shares}
    rows = plan_rows(examples, epochs=epochs, batch_tokens=10**6, seed=1, packed=True, **shares)
    assert len(rows) == epochs and all(len(set(row)) == len(row) for row in rows)
    return rows


def test_every_epoch_asks_for_every_fact_equally_often_in_other_wordings():
    rows = rows_of(["a"] * 6 + ["b"] * 2 + ["c"])
    assert all([sum(n in those for n in row) for those in (range(6), (6, 7), (8,))] == [2, 2, 1] for row in rows)
    assert {n for row in rows for n in row} == set(range(9))


def test_of_rehearsal_a_share_comes_in_turns():
    rows = rows_of(["a", *[None] * 6], rehearsal_fraction=0.3)
    assert all(len(row) == 3 and 0 in row for row in rows)
    assert {n for row in rows for n in row} == set(range(7))


def test_earlier_nights_come_in_proportion_to_tonights():
    def replayed(**shares):
        rows = rows_of(["a", "b", None, None], **shares)
        return [sum(n >= 4 for n in row) for row in rows], len({n for row in rows for n in row if n >= 4})

    assert replayed(earlier=6, replay=0.5) == ([2, 2, 2], 6)
    assert replayed(earlier=3, replay=2.0) == ([3, 3, 3], 3)
    assert replayed(earlier=6, replay=0.0) == ([0, 0, 0], 0)


def test_earlier_rehearsal_takes_turns_with_tonights_and_adds_nothing():
    examples = [Example(str(n), (1, n), (1,), (2,), rehearsal=True, replay=n >= 2) for n in range(6)]
    shares = {"per_fact": 1, "rehearsal_fraction": 1.0, "replay": 1.0, "batch_tokens": 10**6, "seed": 1, "packed": True}
    rows = plan_rows(examples, epochs=3, **shares)
    assert [len(row) for row in rows] == [2, 2, 2] and {n for row in rows for n in row} == set(range(6))


def test_rows_are_full_but_not_overfull():
    examples = [Example(str(n), (1, 7, n), (1,), (2, 3), rehearsal=False, fact=str(n)) for n in range(7)]
    shares = {"per_fact": 1, "rehearsal_fraction": 1.0, "replay": 1.0, "batch_tokens": 9, "seed": 1}
    assert [len(row) for row in plan_rows(examples, epochs=1, packed=True, **shares)] == [2, 2, 2, 1]
    assert [len(row) for row in plan_rows(examples, epochs=1, packed=False, **shares)] == [1] * 7
