"""A rating means the same wherever it is read: in a trace, a conversation, an export, a session of the day."""

import pytest

from steps.ingest.experience.open_webui import read_chat
from steps.kinds.conversation.turns import corrections
from steps.kinds.rating import rating
from steps.kinds.trace.situations import outcome

SAID = [
    (1, 1),
    (1.0, 1),
    (True, 1),
    ("Good", 1),
    ("up", 1),
    ("1", 1),
    ({"score": True}, 1),
    ({"rating": None, "value": "yes"}, 1),
    (-1, -1),
    (-0.5, -1),
    (0, -1),
    (False, -1),
    (" down ", -1),
    ("-1", -1),
    ({"value": "bad"}, -1),
    (5, None),
    (0.7, None),
    ("fine", None),
    (None, None),
    ([1], None),
    ({"rating": {}}, None),
    ({}, None),
]


@pytest.mark.parametrize(("said", "meant"), SAID)
def test_a_rating_is_good_or_bad_or_tells_nothing(said, meant):
    assert rating(said) == meant


@pytest.mark.parametrize(("said", "meant"), [one for one in SAID if not isinstance(one[0], dict)])
def test_all_who_read_ratings_read_them_alike(said, meant):
    by_user = {1: ("well", "user"), -1: ("badly", "user"), None: None}
    assert outcome({"feedback": [{"rating": said}]}) == by_user[meant]
    talk = [
        {"role": "user", "content": "When does the bakery open?"},
        {"role": "assistant", "content": "The bakery opens at 7:00."},
    ]
    feedback = [{"rating": said, "comment": "No, it opens at 7:30."}]
    assert len(corrections({"messages": talk, "feedback": feedback})) == (meant == -1)
    nodes = {
        "a": {"role": "user", "content": "Hi there?"},
        "b": {"role": "assistant", "content": "Hello.", "parentId": "a", "annotation": {"rating": said}},
    }
    (made,) = read_chat({"chat": {"history": {"messages": nodes, "currentId": "b"}}})
    assert [one.get("rating") for one in made.get("feedback", [])] == ([meant] if meant else [])


@pytest.mark.parametrize("name", ["hallucination", "contains_pii", "is-toxic", "Wrong answer", "harmfulness"])
def test_what_is_named_after_a_fault_neither_praises_nor_blames(name):
    assert rating({"name": name, "rating": True}) is None and rating({"name": name, "rating": 0}) is None
    assert rating({"name": "user-feedback", "rating": True}) == 1
    assert outcome({"feedback": [{"name": name, "rating": 1}]}) is None
