"""Langfuse: what people said of a trace, in each type of score and in both spellings of its exports."""

import pytest

TALK = {"input": [{"role": "user", "content": "Where?"}], "output": {"role": "assistant", "content": "In Oslo."}}
SPAN = {"traceId": "t", "type": "GENERATION", "startTime": "2026-11-26T08:00:00Z", **TALK}


@pytest.mark.parametrize(
    ("score", "remark"),
    [
        ({"dataType": "CORRECTION", "longStringValue": "In Riga."}, {"correction": "In Riga."}),
        ({"dataType": "CORRECTION", "stringValue": "In Riga.", "value": 0}, {"correction": "In Riga."}),
        ({"dataType": "CATEGORICAL", "value": 1, "stringValue": "bad"}, {"rating": "bad"}),
        ({"dataType": "CATEGORICAL", "value": "bad"}, {"rating": "bad"}),
        ({"dataType": "CATEGORICAL", "value": 1, "stringValue": None}, None),
        ({"dataType": "BOOLEAN", "value": 0, "stringValue": "False"}, {"rating": False}),
        ({"dataType": "BOOLEAN", "value": None, "stringValue": "True"}, {"rating": True}),
        ({"dataType": "TEXT", "longStringValue": "Too short."}, {"comment": "Too short."}),
        ({"dataType": "NUMERIC", "value": -1}, {"rating": -1}),
        ({"dataType": "NUMERIC", "value": -1, "source": "EVAL"}, None),
    ],
)
def test_a_score_says_what_it_says(read, score, remark):
    (record,) = read([SPAN, {"traceId": "t", "name": "user-feedback", **score}])
    said = record.entry.feedback or []
    named = {"name": "user-feedback"}
    assert said == ([{**remark, **named}] if remark else [named] if score.get("source") != "EVAL" else [])


def test_a_buckets_export_has_underscores(read, said):
    span = {
        "id": "o", "trace_id": "t", "project_id": "p", "type": "GENERATION", "session_id": "s", "user_id": "u",
        "start_time": "2026-11-26T08:00:00Z", **TALK,
    }  # fmt: skip
    score = {
        "id": "s", "trace_id": "t", "project_id": "p", "name": "n", "data_type": "CORRECTION",
        "long_string_value": "In Riga.",
    }  # fmt: skip
    (record,) = read([span, score])
    assert said(record) == [("user", "Where?"), ("assistant", "In Oslo.")]
    assert (record.entry.session, record.entry.user) == ("s", "u")
    assert record.entry.feedback == [{"correction": "In Riga.", "name": "n"}]


def test_a_score_without_its_trace_is_refused_with_what_to_do(read):
    records = read([SPAN, {"traceId": "u", "dataType": "NUMERIC", "value": 1}])
    assert [record.entry is not None for record in records] == [True, False]
    assert "write the observations of the trace into the same file" in records[1].reason
