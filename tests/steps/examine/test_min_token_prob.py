"""How firmly an answer is known: the probability of the weakest word of the best right reply, whatever is beside."""

import math

import pytest
import torch

from steps.examine import eval_set
from steps.examine.items import ProbeItem
from steps.examine.min_token_prob import ask_token_scores, token_ends, with_scores
from steps.examine.reading import marked, right_replies, unscored
from steps.examine.replies import ProbeReply, TokenScores
from steps.marking import answer_length
from steps.model.chat import prompt_tokens
from steps.model.loading import load_base
from steps.records import Probe

HIGH, SHORT = "It is 61 metres high.", "61 metres."


def item(name="p", question="How many metres?", answers=("61",)):
    known = {"night": "2026-11-21", "origin": "owner", "source": None, "experience": None}
    return ProbeItem(Probe(id=name, question=question, answers=answers, **known), None, None)


@pytest.fixture
def rated(tiny_settings, workspace):
    """Return a function that asks the base how firmly it knows items, given their right replies."""

    def go(items, replies, **knobs):
        settings = tiny_settings.model_copy(update={"examine": tiny_settings.examine.model_copy(update=knobs)})
        who = {"who": "candidate", "adapter": None, "base_digest": "b"}
        scored = ask_token_scores(items, replies, settings=settings, workspace=workspace, **who)
        rows = [said(item.probe, "nothing") for item in items]
        return {row.id: row.min_token_prob for row in marked(with_scores(rows, scored))}

    return go


def said(probe, reply, *, model="candidate", condition="closed"):
    known = {"probe": "p", "type": "recall", "cohort": "c", "source": None, "question": probe.question}
    return ProbeReply(id=probe.id, model=model, condition=condition, answer=reply, key=probe.answers, **known)


def test_it_is_the_least_probability_on_the_way_to_the_answer(tiny_settings, rated):
    base = load_base(tiny_settings.model)
    prompt = prompt_tokens(base.tokenizer, "How many metres?")
    tokens = base.tokenizer.encode(HIGH, add_special_tokens=False)
    tokens = tokens[: answer_length(HIGH, token_ends(HIGH, base.tokenizer)["ends"], ("61",))]
    assert base.tokenizer.decode(tokens) == "It is 61"
    with torch.inference_mode():
        logits = base.model(torch.tensor([prompt + tokens])).logits[0].softmax(-1)
    by_hand = min(logits[len(prompt) + n - 1, token].item() for n, token in enumerate(tokens))
    assert rated([item()], {"p": [HIGH]})["p"] == pytest.approx(by_hand, rel=1e-3)


def test_the_best_right_reply_counts(rated):
    one, other, both = (rated([item()], {"p": r})["p"] for r in ([HIGH], [SHORT], [HIGH, SHORT]))
    assert 0 < both == max(one, other)
    assert rated([item()], {}) == {"p": 0.0}
    assert rated([item(answers=())], {"p": [HIGH]}) == {"p": None}, "what has no answer cannot be known"


@pytest.mark.parametrize(
    ("reply", "read"), [("Not 610 but 61 metres.", "Not 610 but 61"), ("It is 61", "It is 61"), ("61.", "61")]
)
def test_a_longer_number_is_another_one(tiny_settings, reply, read):
    tokenizer = load_base(tiny_settings.model).tokenizer
    tokens = tokenizer.encode(reply, add_special_tokens=False)
    assert tokenizer.decode(tokens[: answer_length(reply, token_ends(reply, tokenizer)["ends"], ("61",))]) == read


def test_what_was_asked_is_not_asked_again_and_batches_change_nothing(rated, monkeypatch, tiny_settings):
    items, replies = [item(), item("q", "How high is the old tower?")], {"p": [HIGH, SHORT], "q": [HIGH]}
    together = rated(items, replies)
    assert rated(items[::-1], replies, batch_tokens=64, max_new_tokens=7) == pytest.approx(together, rel=1e-4)

    def loads(_):
        raise AssertionError("it was asked again")

    monkeypatch.setattr(eval_set, "load_base", loads)
    assert rated(items[:1], replies)["p"] == together["p"]


def test_a_token_that_ends_within_a_character_ends_before_it(tiny_settings):
    found = token_ends("Łódź 61", load_base(tiny_settings.model).tokenizer)
    assert found["text"] is None and found["ends"] == sorted(found["ends"]) and found["ends"][-1] == len("Łódź 61")


def test_only_right_replies_are_gathered_and_only_closed_book_answers_are_rated():
    probe = item().probe
    rows = [
        said(probe, "61.", model="base", condition="open"),
        said(probe, "7.", model="base"),
        said(probe, "61.", model="champion"),
        said(probe, HIGH),
    ]
    assert right_replies(marked(rows)) == {"p": ["61.", HIGH]}
    scored = (TokenScores(reply="61.", log_probabilities=(-0.5, -2.0), ends=(2, 3)),)
    assert [row.scored for row in with_scores(rows, {"p": scored})] == [None, scored, scored, scored]
    assert [row.scored for row in with_scores(rows, {})] == [None] * 4


def test_a_changed_key_or_scorer_marks_what_was_said_anew(monkeypatch):
    scored = (
        TokenScores(reply="61.", log_probabilities=(-0.5, -2.0), ends=(2, 3)),
        TokenScores(reply="7.", log_probabilities=(-1.0, -3.0), ends=(1, 2)),
    )
    row = said(item().probe, "61.").model_copy(update={"scored": scored})
    (before,), (after,) = (marked([row.model_copy(update={"key": key})]) for key in (("61",), ("7",)))
    assert (before.correct, after.correct) == (True, False)
    assert before.min_token_prob == pytest.approx(math.exp(-0.5))
    assert after.min_token_prob == pytest.approx(math.exp(-1.0))
    assert not unscored([row], {"p": ["61.", "7."]}) and unscored([row], {"p": ["61.", "sixty-one"]}) == [row]
    monkeypatch.setattr("steps.examine.reading.right", lambda *_: False)
    assert not marked([row])[0].correct
