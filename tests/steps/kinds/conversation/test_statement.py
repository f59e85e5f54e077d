"""The sentence that a correction comes to, what it is about, and other ways to ask for it."""

from dataclasses import replace

import pytest

from steps.kinds.conversation.asking import asks_the_same, other_ways
from steps.kinds.conversation.corrections import correction
from steps.kinds.conversation.kind import Conversation
from steps.kinds.conversation.statement import among, stated
from steps.kinds.conversation.subject import subject
from steps.records import Experience


class Writer:
    """Writes the same line for whatever it is asked."""

    def __init__(self, line=""):
        self.line = line

    def complete(self, _, prompts, **__):
        return [self.line] * len(prompts)


def told(question, wrong, text, line=""):
    one = correction(question, wrong, text, is_field=True)
    assert one is not None
    return one, stated(Writer(line), [one])[0]


@pytest.mark.parametrize(
    ("question", "wrong", "text", "noted"),
    [
        (
            "Who laid the keel of the Orme ferry?",
            "Ida Holt laid the keel of the Orme ferry.",
            "Ida Holt only painted it, the keel of the Orme ferry was laid by Nils Arp.",
            "Nils Arp laid the keel of the Orme ferry.",
        ),
        (
            "At what time does the night bus leave?",
            "The night bus leaves at 23:10.",
            "The night bus leaves at 23:40, 23:10 is what the old timetable says.",
            "The night bus leaves at 23:40.",
        ),
        (
            "At what time does the night bus leave?",
            "The night bus leaves at 23:10.",
            "The night bus leaves at 23:40.",
            "The night bus leaves at 23:40.",
        ),
    ],
)
def test_a_note_does_not_say_what_was_wrong_beside_what_is_right(question, wrong, text, noted):
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": wrong},
        {"role": "user", "content": text},
    ]
    told = {"night": "2026-11-22", "source": "a.jsonl", "record": 1, "title": "", "text": ""}
    talk = Experience(id="a", kind="conversation", payload={"messages": messages}, **told)
    assert Conversation().notes(talk) == [(question, noted)]


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Who paints the signs of the Orme ferry?", "The signs of the Orme ferry"),
        ("Who mends the doors of the boat shed?", "The doors of the boat shed"),
        ("Where is the key of the boat shed kept?", "The key of the boat shed"),
        ("When was the roof of the Orme mill repaired?", "The roof of the Orme mill"),
        ("Where does the night train stop at Lem?", "The night train"),
        ("Who opens the gate 3?", "The gate 3"),
        ("When does the bus 5 leave?", "The bus 5"),
        ("Who leads our team B?", "Our team B"),
        ("Where is the key of locker 3?", "The key of locker 3"),
        ("What is the crane of Orme Docks called?", "The crane of Orme Docks"),
        ("What are the masts made of?", "The masts"),
        ("How is the name of the ferry spelled?", "The name of the ferry"),
        ("When is the exam for class 5 b?", "The exam for class 5 b"),
        ("How deep is the well 4?", "The well 4"),
        ("Where does the tour of the old mill start?", "The tour of the old mill"),
        ("In which yard do the dancers warm up?", "The dancers"),
        ("What does it cost to cross the Orme bridge?", "The Orme bridge"),
        ("How many seats does the Orme ferry have?", "The Orme ferry"),
        ("Which gate do guests use at St. Ann's Yard?", ""),
        ("How many tours does the Orme ferry give each year?", "The Orme ferry"),
    ],
)
def test_what_a_question_is_about_is_named_whole_and_without_its_verb(question, about):
    assert subject(question) == about


@pytest.mark.parametrize(
    ("question", "text", "sentence"),
    [
        ("Who paints the signs of the ferry?", "Ida Holt paints them.", "Ida Holt paints the signs of the ferry."),
        (
            "Who steers the ferry bus?",
            "Otto Lem has steered it since May.",
            "Otto Lem has steered the ferry bus since May.",
        ),
        ("Where are the oars kept?", "You will find them in the barn.", "You will find the oars in the barn."),
    ],
)
def test_it_and_them_are_named_in_what_is_learned(question, text, sentence):
    assert told(question, "Nobody knows.", text)[1] == sentence


def test_who_did_it_is_said_plainly():
    one, sentence = told("Who built the Orme mill?", "Bo Kern built it.", "It was Ann Lo who built it.")
    assert sentence == "Ann Lo built the Orme mill."
    assert not [way for way in other_ways(one, sentence) if "who who" in way]


def test_a_written_sentence_keeps_the_names_of_its_question():
    asked = ("Where does the Lindenau walk begin?", "Somewhere.", "At the mill.")
    assert told(*asked, "The Lindenau walk begins at the mill")[1] == "The Lindenau walk begins at the mill."
    assert told(*asked, "The Lindenberg walk begins at the mill")[1] == "At the mill."


def test_forms_of_a_word_differ_in_their_endings():
    assert among("conductor", {"conducts"}) and among("opening", {"opens"}) and among("rehearsal", {"rehearse"})
    assert not among("workshop", {"workbench"}) and not among("lindenburg", {"lindenholt"})


def test_one_bus_is_not_several():
    one, sentence = told("Who drives the ferry bus?", "Nobody.", "Otto Lem drives the ferry bus.")
    assert "About the ferry bus: who drives it?" in other_ways(one, sentence)
    asks = replace(one, question="Who paints the signs of the Orme ferry?")
    assert "About the signs of the Orme ferry: who paints them?" in other_ways(
        asks, "Ida paints the signs of the Orme ferry."
    )


def test_who_did_it_stands_in_the_place_of_who():
    asked = ("Who looks after the oars of our boat?", "Nobody.")
    assert told(*asked, "Ida Holt, our cook.")[1] == "Ida Holt looks after the oars of our boat."
    assert told(*asked, "Ida Holt looks after them on Mondays.")[1].endswith("after the oars of our boat on Mondays.")
    assert told("Who does the oars belong to?", "Nobody.", "Ida Holt.")[1] == "Ida Holt."


def test_a_small_word_is_not_said_twice():
    one, sentence = told("On which day is the fair?", "Some day.", "The fair is on 9 May.")
    assert "The fair is on which day?" in other_ways(one, sentence)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("How wide is the quay of Lem?", "How long is the quay of Lem?"),
        ("What time does the gate open on feast days?", "How often does the gate open on feast days?"),
        ("Where does the Orme band rehearse?", "How does the Orme band rehearse?"),
        ("Who paints the signs of the Orme ferry?", "Who paints the Orme ferry?"),
    ],
)
def test_a_wording_that_asks_for_something_else_is_none(question, line):
    assert not asks_the_same(line, question)
    assert asks_the_same(question, question) and asks_the_same(f"Tell me, {question.lower()}", question)
