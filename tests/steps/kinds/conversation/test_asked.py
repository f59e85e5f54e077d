"""Which questions are one and which are two, and of which of them a turn speaks."""

import pytest

from steps.kinds.conversation.asked import asked_key, numbers_another, quarrel_key
from steps.kinds.conversation.asking import other_ways
from steps.kinds.conversation.framing import without_order
from steps.kinds.conversation.likeness import says_the_same
from steps.kinds.conversation.turns import corrections
from tests.steps.kinds.conversation.test_corrections import said

GATES = ("Who opens gate 3?", "Dora Ott opens gate 3.", "Who opens gate 4?", "Eva Orr opens gate 4.")
LIBRARIES = (
    "When does the Northgate library close?", "At 6 pm.", "When does the Northfield library close?", "At 7 pm."
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What does -v do?", "What does -V do?"),
        ("Who maintains the C++ parser?", "Who maintains the C# parser?"),
        ("What happens at -5 degrees?", "What happens at 5 degrees?"),
        ("What costs 5 € a day?", "What costs 5 $ a day?"),
        ("Who is the mayor of Ulm?", "Who was the mayor of Ulm?"),
        ("When does the shop open?", "When did the shop open?"),
        ("Who cleans the hall?", "Who cleaned the hall?"),
        ("Who trains Anne?", "Who trains Ann?"),
        ("Qui est Louis ?", "Qui est Louise ?"),
        ("When is the plan ready?", "When is the plane ready?"),
        ("Who pays for the car?", "Who pays for the care?"),
        ("Where is my tent?", "Where is their tent?"),
        ("Who signs form 12/3?", "Who signs form 123?"),
        ("When is the painting ready?", "When is the paint ready?"),
    ],
)
def test_questions_that_differ_in_a_sign_an_ending_or_a_time_are_two(one, other):
    assert asked_key(one) != asked_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who opens gate 3?", "WHO OPENS GATE 3?"),
        ("Who leads team A?", "who leads team a"),
        ("Qui dirige l'équipe A ?", "Qui dirige l’équipe A?"),
        ("Where is gate 3?", "Where is the gate #3 ?"),
        ("Who closes the boxes?", "Who is closing the box?"),
        ("When do the ferries leave?", "When are our ferries leaving?"),
    ],
)
def test_one_question_however_it_is_typed_is_one(one, other):
    assert asked_key(one) == asked_key(other)


@pytest.mark.parametrize(
    ("talk", "turn", "question"),
    [
        (GATES, "No, gate 3 is opened by Ann Lee.", GATES[0]),
        (GATES, "No, Ann Lee opens gate 3.", GATES[0]),
        (GATES, "No, gate 4 is opened by Ann Lee.", GATES[2]),
        (GATES, "No, it's Ann Lee.", GATES[2]),
        (GATES, "Back to gate 3: it's Ann Lee.", GATES[0]),
        (LIBRARIES, "No, the Northgate library closes at 5 pm.", LIBRARIES[0]),
        (LIBRARIES, "Back to the Northgate library: it closes at 5 pm.", LIBRARIES[0]),
        (LIBRARIES, "No, it closes at 5 pm.", LIBRARIES[2]),
    ],
)
def test_a_turn_corrects_the_answer_that_it_names(talk, turn, question):
    assert [one.question for one in corrections(said(*talk, turn, "Sorry!"))] == [question]


def test_who_goes_back_much_later_is_understood_though_the_questions_are_alike():
    asked = (
        "Who opens gate 3 in the yard?",
        "Dora Ott.",
        "Who opens gate 4?",
        "Eva Orr.",
        "How deep is the well?",
        "6 m.",
    )
    (one,) = corrections(said(*asked, "Back to gate 4 in the yard: it's Ann Lee.", "Ok."))
    assert (one.question, one.value, one.old) == ("Who opens gate 4?", "Ann Lee", "Eva Orr")


def test_of_what_several_people_say_of_one_answer_nothing_is_lost():
    fields = [{"message": 1, "correction": name, "user": by} for name, by in (("Ann Lee", "ann"), ("Bea Orr", "bob"))]
    both = corrections(said(*GATES[:2], feedback=fields))
    assert [(one.value, one.by) for one in both] == [("Ann Lee", "ann"), ("Bea Orr", "bob")]
    again = [*fields, {"message": 1, "correction": "Bea Orr", "user": "ann"}]
    assert [one.value for one in corrections(said(*GATES[:2], feedback=again))] == ["Bea Orr"], "she changed her mind"


def test_a_field_is_plainer_than_what_the_same_user_says_besides():
    talk = said(
        "Who runs the depot?",
        "Dora Ott.",
        "No, Ann Lee does.",
        "Ok.",
        feedback=[{"message": 1, "correction": "Bea Orr"}],
    )
    assert [one.value for one in corrections(talk)] == ["Bea Orr"]


def test_a_field_counts_however_long_the_talk_is():
    talk = ("Hello!", "Hi!") * 250 + ("Who runs the depot?", "Dora Ott.")
    assert [one.value for one in corrections(said(*talk, feedback={"correction": "Bea Orr"}))] == ["Bea Orr"]


@pytest.mark.parametrize(
    ("asked", "wrong", "right"),
    [
        ("When does it start?", "At 10 am.", "10 pm"),
        ("How long is the walk?", "5 km.", "5 miles"),
        ("What does it cost?", "5 €.", "5 $"),
        ("How long does it take?", "5 minutes.", "5 hours"),
        ("How cold is the cellar?", "5 °C.", "-5 °C"),
        ("Which team won?", "Team A.", "Team B"),
        ("Is it allowed?", "Yes.", "No"),
        ("Ist das erlaubt?", "Nein.", "Ja"),
    ],
)
def test_a_value_that_differs_in_its_unit_sign_or_letter_is_another(asked, wrong, right):
    (one,) = corrections(said(asked, wrong, feedback={"correction": right}))
    assert one.value == right


@pytest.mark.parametrize("right", ["5 km", "5 kilometres", "5 kilometers"])
def test_a_unit_in_other_words_is_none(right):
    assert corrections(said("How long is the walk?", "5 km.", feedback={"correction": right})) == []


def test_names_in_another_order_are_not_turned_round():
    assert corrections(said("Who won?", "Ann beat Bea.", feedback={"correction": "Bea beat Ann"})) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Krann", "Olin Krann", True),
        ("At 9.", "at 9", True),
        ("platform 7", "7", True),
        ("7", "7:30", False),
        ("5", "-5", False),
        ("3.5 m", "5 m", False),
        ("-v", "-V", False),
        ("at 9", "not at 9", False),
        ("C", "C++", False),
    ],
)
def test_which_values_say_the_same(one, other, same):
    assert says_the_same(one, other) is says_the_same(other, one) is same


@pytest.mark.parametrize(
    ("text", "question", "another"),
    [
        ("Gate 3 is opened by Dora.", "Who opens gate 4?", True),
        ("Gates 3 and 4 are opened by Dora. Gate 4 sticks.", "Who opens gate 4?", False),
        ("The shop opens at 10.", "Does the shop open at 9?", False),
        ("Team A meets at noon.", "When does team B meet?", True),
        ("Ann o Cid abren la puerta.", "¿Abren Ann y Bea la puerta?", False),
    ],
)
def test_a_text_about_another_number_is_about_something_else(text, question, another):
    assert numbers_another(text, question) is another


def test_a_price_is_asked_for_in_many_ways():
    ways = ["What does the boat tour cost?", "How much is the boat tour?", "What is the price of the boat tour?"]
    assert len({quarrel_key(way) for way in ways}) == 1
    german = ["Was kostet die Bootstour?", "Wie viel kostet die Bootstour?", "Wie teuer ist die Bootstour?"]
    assert len({quarrel_key(way) for way in german}) == 1
    others = ["What does the bike tour cost?", "How many boat tours are there?", "How long is the boat tour?"]
    assert len({quarrel_key(way) for way in [ways[0], *others]}) == 4


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("When was the mill built? Ask the service.", "When was the mill built?"),
        ("When was the mill built? Please look it up in the register.", "When was the mill built?"),
        ("When was the mill built? Use the tool, please.", "When was the mill built? Use the tool, please."),
        ("Wann wurde die Mühle gebaut? Frag bitte den Dienst.", "Wann wurde die Mühle gebaut?"),
        ("Quand le moulin a-t-il été construit ? Demande au service.", "Quand le moulin a-t-il été construit ?"),
        ("¿Cuándo se construyó el molino? Consulta el registro.", "¿Cuándo se construyó el molino?"),
        ("When was the mill built? Use the winter timetable.", "When was the mill built? Use the winter timetable."),
        ("When was the mill built? I mean the old one.", "When was the mill built? I mean the old one."),
        ("When was the mill built? Check the weekend.", "When was the mill built? Check the weekend."),
    ],
)
def test_an_order_to_look_it_up_is_no_part_of_the_question(asked, question):
    """Rewordings would keep it: "About Ask: how many berths are free? it the service"."""
    assert without_order(asked) == question


def test_what_is_corrected_is_asked_without_the_order():
    (one,) = corrections(said("When was the mill built? Ask the service.", "It was built in 1938.", "No, in 1941."))
    assert one.question == "When was the mill built?" and one.value == "1941"
    assert not any("service" in way for way in other_ways(one, "The mill was built in 1941."))
