"""A model that was asked for several answers: the first is read, and of the others it is told."""

import pytest

ASK = [{"role": "user", "content": "Where?"}]
CHOICES = [{"index": n, "message": {"role": "assistant", "content": f"In {place}."}} for n, place in enumerate("AB")]


def output(text):
    return {"role": "assistant", "parts": [{"type": "text", "content": text}]}


def attribute(key, value):
    held = {"arrayValue": {"values": value}} if isinstance(value, list) else {"stringValue": value}
    return {"key": key, "value": held}


RUN = {"id": "r", "trace_id": "r", "run_type": "llm", "inputs": {"messages": ASK}}


@pytest.mark.parametrize(
    "value",
    [
        {"request": {"messages": ASK, "n": 2}, "response": {"id": "1", "choices": CHOICES}},
        {"call_type": "acompletion", "request_id": "r", "messages": ASK, "response": {"choices": CHOICES}},
        {"traceId": "t", "type": "GENERATION", "input": ASK, "output": {"choices": CHOICES}},
        {**RUN, "outputs": {"choices": CHOICES}},
        {**RUN, "outputs": {"generations": [[{"text": "In A."}, {"text": "In B."}]]}},
    ],
)
def test_that_there_was_another_answer_is_told(read, said, value):
    record, other = read([value])
    assert said(record) == [("user", "Where?"), ("assistant", "In A.")]
    assert (other.entry, other.rule) == (None, "ignored") and "another answer" in other.reason


def test_one_answer_needs_no_words(read):
    (record,) = read([{"request": {"messages": ASK}, "response": {"choices": CHOICES[:1]}}])
    assert record.entry
