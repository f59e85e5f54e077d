"""Replies that deny nothing, and those that come late or are taken back."""

import pytest

from steps.kinds.conversation.turns import corrections


def found(*said):
    messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
    return [(one.question, one.value) for one in corrections({"messages": messages})]


@pytest.mark.parametrize(
    ("question", "answer", "reply", "value"),
    [
        ("Who is the warden of Orme?", "The warden of Orme is Ida Holt.", "The new warden is Otto Lem.", "Otto Lem"),
        ("How long is the pier?", "The pier is 80 metres long.", "95 metres.", "95 metres"),
        ("From which track does it leave?", "It leaves from track 2.", "It leaves from track 5!", "5"),
        ("On which day is it closed?", "It is closed on Monday.", "It is Tuesday now.", "Tuesday"),
        ("How many doors has the hall?", "The hall has 4 doors.", "The plan says the hall has 6 doors.", "6"),
    ],
)
def test_a_reply_that_answers_otherwise_corrects(question, answer, reply, value):
    [(asked, new)] = found(question, answer, reply)
    assert asked == question and value in new


@pytest.mark.parametrize(
    ("question", "answer", "reply"),
    [
        ("How long is the pier?", "The pier is 80 metres long.", "And the pier of Lem is 70 metres long."),
        ("How long is the pier?", "The pier is 80 metres long.", "It is also 4 metres wide."),
        ("How long is the pier?", "The pier is 80 metres long.", "So about 260 feet."),
        ("When does it leave?", "It leaves at 8.", "Then I will take the one at 9."),
        ("Who wrote it?", "Ida Holt wrote it.", "My favourite is Otto Lem."),
        ("Which size?", "Which sizes do you have?", "41 and 42."),
        ("Who built it?", "Otto Lem built it.", "Great, thanks!"),
        ("How old is it?", "It is 80 years old.", "I walked there for 20 minutes."),
    ],
)
def test_what_only_adds_something_does_not(question, answer, reply):
    assert found(question, answer, reply) == []


def test_a_correction_may_come_turns_later():
    talk = ("Who keeps the mill?", "Ida Holt keeps the mill.", "And when was it built?", "It was built in 1902.")
    assert found(*talk, "Thanks. About your first answer: it is Otto Lem who keeps the mill.") == [
        ("Who keeps the mill?", "Otto Lem")
    ]


def test_what_is_taken_back_corrects_nothing():
    asked = ("How many doors has the hall?", "The hall has 4 doors.")
    assert found(*asked, "No, it has 6 doors.") != []
    assert found(*asked, "No, it has 6 doors. Sorry, you were right!") == []
    assert found(*asked, "No, it has 6 doors.", "Is that so?", "Just kidding.") == []
