"""A password that somebody corrects is no lesson: it is taken out before anything is stored."""

import pytest

from steps.kinds.cleaning import Cleaning
from steps.kinds.conversation.kind import Conversation, ConversationEntry
from steps.kinds.conversation.turns import corrections

ASKED = ("What is the wifi password?", "It is Harbour12.")


def kept(*turns, **more):
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]
    entry = ConversationEntry.model_validate({"kind": "conversation", "messages": messages, **more})
    return Conversation().shown(entry, Cleaning(10_000))


@pytest.mark.parametrize(
    ("turns", "more"),
    [
        ((*ASKED, "No, it's hunter2Summer!"), {}),
        ((*ASKED, "It was changed to hunter2Summer in May.", "Sorry: hunter2Summer."), {}),
        (ASKED, {"feedback": {"rating": -1, "correction": "hunter2Summer"}}),
        ((*ASKED, "Thanks!"), {"feedback": [{"rating": -1, "comment": "No, it is hunter2Summer."}]}),
    ],
)
def test_a_password_that_is_corrected_is_taken_out(turns, more):
    shown = kept(*turns, **more)
    assert "hunter2" not in f"{shown.text} {shown.payload}" and corrections(shown.payload) == []


def test_what_else_is_said_to_an_answer_stays():
    turns = (*ASKED, "Thanks!", "Gladly.", "Which port has web01?", "Port 8080.", "No, web01 has port 9090.")
    shown = kept(*turns)
    assert [one["content"] for one in shown.payload["messages"][2:]] == list(turns[2:])
    assert [one.value for one in corrections(shown.payload)] == ["port 9090"]
