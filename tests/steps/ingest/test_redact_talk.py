"""What one turn asks for and another tells is a secret wherever the talk says it."""

import pytest

from steps.ingest.redact_talk import redact_talk, secret_asked


def talk(*texts):
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "hidden"),
    [
        (("What is the password of the guest wifi?", "zebra77Qx", "Thanks, zebra77Qx it is!", "Yes."), "zebra77Qx"),
        (("I am locked out.", "Sorry! What is your PIN?", "4711", "Thank you."), "4711"),
        (("Wie ist das Passwort vom WLAN?", "zebra77Qx"), "zebra77Qx"),
    ],
)
def test_it_is_hidden_in_every_turn(texts, hidden):
    said = [turn["content"] for turn in redact_talk(talk(*texts))]
    assert not any(hidden in text for text in said) and any("[SECRET]" in text for text in said)
    assert [len(text) == len(was) for text, was in zip(said, texts, strict=True)].count(True) >= 1, "the rest stays"


def test_parts_and_calls_of_tools_too():
    parts = {"role": "assistant", "content": [{"type": "text", "text": "zebra77Qx"}]}
    call = {"role": "assistant", "tool_calls": [{"function": {"name": "join", "arguments": '{"key": "zebra77Qx"}'}}]}
    found = redact_talk([*talk("What is the wifi password?"), parts, call])
    assert "zebra77Qx" not in str(found) and found[1]["content"][0]["type"] == "text"


def test_a_number_is_no_secret_where_nobody_asks_for_one():
    said = talk("How many berths has the marina?", "4711", "What is 4711 in Roman numerals?", "MMMMDCCXI")
    assert redact_talk(said) == said and secret_asked(said) == ""
    assert secret_asked(talk("What is the door code?", "Ask at the desk.")) == "What is the door code?"
