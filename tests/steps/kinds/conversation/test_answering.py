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
        (
            "Where does the pottery dry plates?",
            "On the roof.",
            "You'll find them on racks by the kiln",
            "racks by the kiln",
        ),
        ("Where do we park?", "In front of the church.", "We park in the yard of the brewery.", "yard of the brewery"),
        ("What does a class cost?", "That depends on the season.", "It's 30 euros.", "30 euros"),
        ("Who teaches the class?", "A skilled teacher.", "That would be Marit Sohl, she's new.", "Marit Sohl"),
        ("Who is the warden of Orme?", "Ida Holt is.", "The warden is Otto Lem.", "Otto Lem"),
        ("How many shelves are there?", "There are 4 shelves.", "I just counted and it's eleven.", "eleven"),
        ("When is the market?", "The market is on 3 May.", "According to the council it's on 10 May.", "10 May"),
        ("What time is the tour?", "At 10:00.", "Make it half past two.", "half past two"),
        ("Who mends the wheels?", "Ada Lo mends them.", "You mean Jens Olk.", "Jens Olk"),
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
        ("Who fires the kiln?", "Ada Lo fires the kiln.", "Close the window, please."),
        ("Who fires the kiln?", "Ada Lo fires the kiln.", "Do you mean Ada Low?"),
        ("Who fires the kiln?", "Ada Lo.", "I asked Jens and he agrees."),
        ("How long is the class?", "It is long.", "It was founded in 1902."),
        ("What does a class cost?", "That depends.", "I paid 20 euros for lunch."),
        ("What does a class cost?", "It is 30 euros.", "Make it three sentences."),
        ("Where is the glaze?", "In the cellar.", "Great, I'll look in the cellar."),
        ("Where is the glaze?", "In the cellar.", "I live in Leeds."),
        ("Where is the market?", "On the square.", "We went in May."),
        ("Where is the market?", "It is on the square.", "Is it on Sundays?"),
    ],
)
def test_what_only_adds_something_does_not(question, answer, reply):
    assert found(question, answer, reply) == []


def test_a_correction_may_come_turns_later():
    talk = ("Who keeps the mill?", "Ida Holt keeps the mill.", "And when was it built?", "It was built in 1902.")
    assert found(*talk, "Thanks. About your first answer: it is Otto Lem who keeps the mill.") == [
        ("Who keeps the mill?", "Otto Lem")
    ]


@pytest.mark.parametrize(
    ("talk", "value"),
    [
        (
            (
                "How long is the tour?",
                "2 hours.",
                "Who guides it?",
                "Ida Holt.",
                "Back to the tour: it takes 40 minutes.",
            ),
            "40 minutes",
        ),
        (
            (
                "Wie lange dauert die Führung?",
                "2 Stunden.",
                "Wer führt?",
                "Ida Holt.",
                "Um auf die Führung zurückzukommen, sie dauert 40 Minuten.",
            ),
            "40",
        ),
        (
            (
                "Combien dure la visite ?",
                "2 heures.",
                "Qui guide ?",
                "Ida Holt.",
                "Pour revenir à la visite : elle dure 40 minutes.",
            ),
            "40",
        ),
        (
            ("¿Cuánto dura la visita?", "2 horas.", "¿Quién guía?", "Ida.", "Volviendo a la visita: dura 40 minutos."),
            "40",
        ),
    ],
)
def test_a_later_turn_may_name_what_it_goes_back_to(talk, value):
    [(asked, new)] = found(*talk)
    assert asked == talk[0] and value in new


def test_a_question_that_goes_on_with_another_is_asked_without_what_leads_to_it():
    assert found("How old is it?", "9.", "And who built the mill?", "Ida Holt.", "No, Otto Lem.") == [
        ("Who built the mill?", "Otto Lem")
    ]
    assert found("When is it open?", "At 9.", "And on Sundays?", "At 10.", "No, at noon.") == []


def test_a_comment_on_a_bad_answer_is_read_as_a_next_turn():
    def commented(text, rating=-1, name="comment"):
        talk = [("user", "Who fires the kiln?"), ("assistant", "Ada Lo fires the kiln.")]
        messages = [{"role": role, "content": content} for role, content in talk]
        return [one.value for one in corrections({"messages": messages, "feedback": [{"rating": rating, name: text}]})]

    assert commented("It should be Otto Lem.") == ["Otto Lem"]
    assert commented("Otto Lem fires the kiln.", False, "rationale") == ["Otto Lem"]
    assert commented("Rude and useless") == commented("Way too long.") == commented("No, Otto Lem.", 1) == []


def test_what_is_taken_back_corrects_nothing():
    asked = ("How many doors has the hall?", "The hall has 4 doors.")
    assert found(*asked, "No, it has 6 doors.") != []
    assert found(*asked, "No, it has 6 doors. Sorry, you were right!") == []
    assert found(*asked, "No, it has 6 doors.", "Is that so?", "Just kidding.") == []
