"""A talk keeps its version, the share is what it is set to, and what a reply is, rules can tell."""

import pytest

from awake.outcome import outcome_of
from awake.talk import is_drawn, talk_of


def talk(session=None, user=None, tenant=None, text="Hello?", later=()):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}, *later]
    return talk_of(session=session, user=user, tenant=tenant, messages=messages)


def test_a_talk_is_its_session_else_its_user_else_its_key_else_its_first_words():
    assert talk("s1", "ann") == talk("s1", "bob", text="Else?") != talk("s2", "ann")
    assert talk(user="ann") == talk(user="ann", text="Else?") != talk(user="bob")
    assert talk(tenant="app") == talk(tenant="app", text="Else?") != talk(tenant="web")
    assert talk("s1", tenant="app") != talk("s1", tenant="web"), "names of one key say nothing of another's"
    grown = [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Who?"}]
    assert talk() == talk(later=grown) != talk(text="Else?")


def test_the_share_is_drawn_and_stays():
    drawn = [is_drawn(talk(str(n)), version="3", share=0.3) for n in range(4000)]
    assert 0.27 < sum(drawn) / len(drawn) < 0.33
    assert drawn == [is_drawn(talk(str(n)), version="3", share=0.3) for n in range(4000)]
    assert drawn != [is_drawn(talk(str(n)), version="4", share=0.3) for n in range(4000)], "others for each version"
    wider = [is_drawn(talk(str(n)), version="3", share=0.6) for n in range(4000)]
    assert all(wide or not narrow for narrow, wide in zip(drawn, wider, strict=True)), "who is in stays in"
    assert all(is_drawn(talk(str(n)), version="3", share=1.0) for n in range(100))


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("The ferry was built in 1938.", "answered"),
        ("I'm sorry, but I can't help with that.", "refused"),
        ("I don’t know who built it.", "refused"),
        ("As an AI language model, I have no opinion.", "refused"),
        ("Das weiß ich nicht.", "refused"),
        ("Je ne peux pas répondre.", "refused"),
        ("Lo siento, no puedo.", "refused"),
        ("The captain steers. " * 12 + "Whether he sleeps is not known.", "answered"),
        ("  \n", "empty"),
    ],
)
def test_what_became_of_a_request(text, outcome):
    assert outcome_of({"role": "assistant", "content": text}) == outcome


def test_a_tool_call_is_an_answer():
    assert outcome_of({"content": None, "tool_calls": [{"id": "x"}]}) == "answered"
    assert outcome_of({"content": None}) == "empty"
