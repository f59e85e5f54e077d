"""What is said to an answer and is no correction of it, though it holds a name or a number of the kind."""

from pathlib import Path

import pytest
import yaml

from steps.kinds.conversation.statement import stated
from steps.kinds.conversation.turns import corrections

MISTAKEN = yaml.safe_load(Path(__file__).with_name("mistaken.yaml").read_text(encoding="utf-8"))
KETTLE = ("Who built the Kettle ferry?", "The Kettle ferry was built by Edda Krann.")
BERTHS = ("How many berths does the marina have?", "The marina has 40 berths.")
TICKET = ("How much does a day ticket cost?", "A day ticket costs 5 euros.")


def told(section):
    return [(one["asked"], said) for one in MISTAKEN[section] for said in one["said"]]


class Silent:
    def complete(self, what, prompts, **_):
        return [""] * len(prompts)


class Writer(Silent):
    """Writes a sentence that says the value and not what it hangs on."""

    def complete(self, what, prompts, **_):
        return ["A day ticket costs 3 euros."] * len(prompts)


def found(asked, reply="", writer=Silent, **feedback):
    messages = [{"role": "user", "content": asked[0]}, {"role": "assistant", "content": asked[1]}]
    messages += [{"role": "user", "content": reply}] if reply else []
    said = corrections({"messages": messages, "user": "ann", **({"feedback": [feedback]} if feedback else {})})
    return stated(writer(), said)


@pytest.mark.parametrize(("asked", "reply"), told("small talk"))
def test_small_talk_with_a_value_of_the_kind_teaches_nothing(asked, reply):
    assert found(asked, reply) == []


@pytest.mark.parametrize(("asked", "reply"), told("denials of something else"))
def test_a_no_does_not_make_an_answer_of_whatever_follows(asked, reply):
    assert found(asked, reply) == []


@pytest.mark.parametrize(("asked", "reply"), told("relative amounts"))
def test_an_amount_that_is_told_by_another_is_not_learned(asked, reply):
    assert found(asked, reply) == []


@pytest.mark.parametrize(("asked", "reply"), told("denials of the value"))
def test_what_is_denied_is_not_learned(asked, reply):
    assert found(asked, reply) == []


@pytest.mark.parametrize(("asked", "comment"), told("comments"))
def test_a_comment_that_judges_or_names_some_number_teaches_nothing(asked, comment):
    assert found(asked, rating=-1, comment=comment) == []


@pytest.mark.parametrize(("asked", "field"), told("fields"))
def test_a_remark_in_the_field_for_what_is_right_teaches_nothing(asked, field):
    assert found(asked, rating=-1, correction=field) == []


def test_what_is_right_is_still_told_by_a_comment_and_in_a_field():
    assert found(KETTLE, rating=-1, comment="No, Olin Krann.") == ["Olin Krann built the Kettle ferry."]
    assert found(KETTLE, rating=-1, correction="Olin Krann") == ["Olin Krann built the Kettle ferry."]
    assert found(BERTHS, rating=-1, correction="41") == ["The marina has 41 berths."]
    assert found(BERTHS, rating=-1, correction="Should be 41.") == ["The marina has 41 berths."]


@pytest.mark.parametrize(("asked", "said"), told("conditions"))
def test_a_value_is_not_learned_without_what_it_hangs_on(asked, said):
    reply, condition = said
    assert all(condition in sentence.lower() for sentence in found(asked, reply))


def test_what_a_writer_left_out_is_not_learned_either():
    assert found(TICKET, "No, 3 euros.", Writer) == ["A day ticket costs 3 euros."]
    assert found(TICKET, "No, children pay 3 euros.", Writer) in ([], ["Children pay 3 euros."])
    assert found(TICKET, "No, it's 3 euros for children.", Writer) == ["It's 3 euros for children."]
