"""What was held out of kinds that are no facts is asked of each model alike, whatever is asked beside it."""

import json

import numpy as np
import pytest

from steps.examine.kinds.asking import ask_kinds, kind_replies
from steps.examine.kinds.demonstrations import MATCH, Demonstrations
from steps.examine.kinds.drift import LONGEST, watched
from steps.examine.kinds.suite import Item, Turn
from steps.examine.predictions import PredictionCache
from steps.model.loading import load_base
from steps.model.token_model import TokenModel


class Rambling(TokenModel):
    """A model that goes on for as long as it may."""

    def __init__(self, tokenizer):
        self.tokenizer, self.ends = tokenizer, set()

    def continued(self, what, prompts, *, limit, line, sampling, seed):
        return [self.tokenizer.encode(" word" * 2 * limit, add_special_tokens=False)[:limit] for _ in prompts]

    def score_tokens(self, what, pairs):
        return [np.zeros(len(completion)) for _, completion in pairs]


def calls(words):
    made = {"type": "function", "function": {"name": "note", "arguments": json.dumps({"text": "word " * words})}}
    turn = Turn(({"role": "user", "content": "Note it down."},), "", (made,), answered=True)
    return Item("demonstrations", "calls", "2026-11-22", "s", "Note it down.", (turn,), ("",))


def test_an_answer_is_as_long_as_it_may_be_whatever_is_asked_beside_it(tiny_settings, tmp_path):
    tokenizer = load_base(tiny_settings.model).tokenizer
    requests = watched("preferences")

    def said(items, name):
        cache = PredictionCache(tmp_path, name)
        ask_kinds(Rambling(tokenizer), items, cache=cache, who="champion", max_new_tokens=8)
        return cache

    alone, beside = said(requests, "alone"), said([*requests, calls(words=200)], "beside")
    for item in requests:
        row = beside[item.turns[0].answer_key]
        assert row == alone[item.turns[0].answer_key], "else a candidate is held against shorter answers"
        assert len(tokenizer.encode(row["reply"], add_special_tokens=False)) <= LONGEST and not row["complete"]
    long = beside[calls(words=200).turns[0].answer_key]["reply"]
    assert len(long) > 2 * len(row["reply"]), "a call has the room that it needs"


@pytest.mark.parametrize(
    ("said", "wanted", "alike"),
    [
        ('{"name": "bell", "parameters": {"times": 2}}', '{"name":"bell","parameters":{"times":2}}', True),
        ('{"name": "bell", "parameters": {"times": 3}}', '{"name": "bell", "parameters": {"times": 2}}', False),
        ('<tool_call>{"name": "bell", "arguments": {"a": 3}}</tool_call>', '[{"name": "bell"}]', False),
    ],
)
def test_a_call_is_the_same_with_all_its_arguments_in_whatever_form(tmp_path, said, wanted, alike):
    item, cache = calls(words=1), PredictionCache(tmp_path, "native")
    (turn,) = item.turns
    cache.add({turn.likelihood_key: {"log_probability": -1.0, "tokens": 9, "text": wanted}})
    cache.add({turn.answer_key: {"reply": said, "complete": True}})
    (row,) = kind_replies("champion", [item], cache)
    assert Demonstrations().measured(row)[MATCH] == alike
