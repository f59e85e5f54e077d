"""Firmness: the model's probability of the weakest word of its best right reply, whatever else is in the batch."""

import pytest
import torch

from steps.examine import paper
from steps.examine.firmness import answer_length, ask_firmness, right_replies, with_firmness
from steps.examine.items import ProbeItem
from steps.model.chat import prompt_tokens
from steps.model.loading import load_base
from steps.records import Answer, Probe

HIGH, SHORT = "It is 61 metres high.", "61 metres."


def item(name="p", question="How many metres?", answers=("61",)):
    known = {"night": "2026-11-21", "origin": "owner", "source": None, "experience": None}
    return ProbeItem(Probe(id=name, question=question, answers=answers, **known), None, None)


@pytest.fixture
def firmness(tiny_settings, workspace):
    """Return a function that asks the base how firmly it knows items, given their right replies."""

    def go(items, replies, **knobs):
        settings = tiny_settings.model_copy(update={"examine": tiny_settings.examine.model_copy(update=knobs)})
        who = {"who": "candidate", "adapter": None, "base_digest": "b"}
        return ask_firmness(items, replies, settings=settings, workspace=workspace, **who)

    return go


def test_it_is_the_least_probability_on_the_way_to_the_answer(tiny_settings, firmness):
    base = load_base(tiny_settings.model)
    prompt = prompt_tokens(base.tokenizer, "How many metres?")
    tokens = base.tokenizer.encode(HIGH, add_special_tokens=False)[: answer_length(HIGH, ("61",), base.tokenizer)]
    assert base.tokenizer.decode(tokens) == "It is 61"
    with torch.inference_mode():
        logits = base.model(torch.tensor([prompt + tokens])).logits[0].softmax(-1)
    by_hand = min(logits[len(prompt) + n - 1, token].item() for n, token in enumerate(tokens))
    assert firmness([item()], {"p": [HIGH]})["p"] == pytest.approx(by_hand, rel=1e-3)


def test_the_best_right_reply_counts(firmness):
    one, other, both = (firmness([item()], {"p": r})["p"] for r in ([HIGH], [SHORT], [HIGH, SHORT]))
    assert 0 < both == max(one, other)
    assert firmness([item()], {}) == {"p": 0.0}
    assert firmness([item(answers=())], {"p": [HIGH]}) == {}, "what has no answer cannot be known"


@pytest.mark.parametrize(
    ("reply", "read"), [("Not 610 but 61 metres.", "Not 610 but 61"), ("It is 61", "It is 61"), ("61.", "61")]
)
def test_a_longer_number_is_another_one(tiny_settings, reply, read):
    tokenizer = load_base(tiny_settings.model).tokenizer
    tokens = tokenizer.encode(reply, add_special_tokens=False)
    assert tokenizer.decode(tokens[: answer_length(reply, ("61",), tokenizer)]) == read


def test_what_was_asked_is_not_asked_again_and_batches_change_nothing(firmness, monkeypatch, tiny_settings):
    items, replies = [item(), item("q", "How high is the old tower?")], {"p": [HIGH, SHORT], "q": [HIGH]}
    together = firmness(items, replies)
    assert firmness(items[::-1], replies, batch_tokens=64, max_new_tokens=7) == pytest.approx(together, rel=1e-4)

    def loads(_):
        raise AssertionError("it was asked again")

    monkeypatch.setattr(paper, "load_base", loads)
    assert firmness(items[:1], replies)["p"] == together["p"]


def test_only_right_replies_are_gathered_and_only_closed_book_answers_are_marked():
    def answer(model, condition, reply, correct):
        known = {"probe": "p", "question": "?", "type": "recall", "cohort": "c", "source": None}
        return Answer(id="p", model=model, condition=condition, answer=reply, correct=correct, **known)

    rows = [
        answer("base", "open", "61.", True),
        answer("base", "closed", "7.", False),
        answer("champion", "closed", "61.", True),
        answer("candidate", "closed", HIGH, True),
    ]
    assert right_replies(rows) == {"p": ["61.", HIGH]}
    assert [row.firmness for row in with_firmness(rows, {"p": 0.5})] == [None, 0.5, 0.5, 0.5]
    assert [row.firmness for row in with_firmness(rows, {})] == [None] * 4
