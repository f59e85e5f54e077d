"""Talks that are made to cost time: endless words, answers and conversations."""

import time

import pytest

from steps.kinds.conversation.statement import stated
from steps.kinds.conversation.turns import corrections


class Silent:
    def complete(self, what, prompts, **_):
        return [""] * len(prompts)


def cost(*turns):
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]
    start = time.process_time()
    stated(Silent(), corrections({"messages": messages}))
    return time.process_time() - start


@pytest.mark.parametrize("bomb", ["A1 ", "Mo ", "1.", "1’", "-", "Ab ", "1:", "«", "a > b "])
def test_endless_repetitions_cost_little(bomb):
    endless, asked = bomb * (60_000 // len(bomb)), ("How many steps has it?", "It has 212 steps.")
    assert cost(asked[0], endless, "No, it has 218 steps.") < 5
    assert cost(*asked, f"No, {endless.replace(' ', '')} steps") < 5
    assert cost(f"How many {endless.replace(' ', '')} has it?", asked[1], "No, 218.") < 5


@pytest.mark.parametrize("reply", ["No, Otto{} Lem.", "What you said earlier: it is Otto{} Lem.", "Ida{} Holt"])
def test_endless_conversations_cost_little(reply):
    turns = [(f"Who feeds otter {n}?", f"Ida{n} Holt feeds it.", reply.format(n), "Thanks.") for n in range(3000)]
    assert cost(*(text for turn in turns for text in turn)) < 10


def test_a_reply_is_about_the_answer_that_it_names_most():
    turns = (
        ("user", "Who feeds the otters?"),
        ("assistant", "Ida Holt feeds them at the mill."),
        ("user", "When is lunch on the ferry?"),
        ("assistant", "Lunch on the ferry is served at noon by the cook."),
        ("user", "No, Otto Lem told Ida at the mill that lunch on the ferry is served by the cook at 1 pm."),
    )
    found = corrections({"messages": [{"role": role, "content": text} for role, text in turns]})
    assert [one.question for one in found if "otters" in one.question] == []
