"""Clauses are turned round by rule: what is asked, what is left alone, and what the title answers."""

import pytest

from steps.kinds.document.about import subject_of
from steps.kinds.document.active import who_did
from steps.kinds.document.clauses import Fact, called, clauses, facts, resolved, rule_questions
from steps.kinds.document.neighbours import reverse_questions
from steps.sentences import sentences

DAM, SCHOOL, SHIP, LINE = "The Marren Dam", "Tolbury School", "The bark Selina", "The Tolbury Line"
GAME, BEETLE = "Karrow", "The Lindis beetle"


def questions(title, sentence, span, kind=None):
    """The candidates that ask for ``span`` of a sentence."""
    (fact,) = (f for f in facts(title, [sentence]) if f.span == span)
    return rule_questions(fact, title=title, kind=kind)


@pytest.mark.parametrize(
    ("title", "sentence", "expected"),
    [
        (DAM, "It was planned in 1931.", "The Marren Dam was planned in 1931."),
        (SHIP, "She carried clay pipes.", "The bark Selina carried clay pipes."),
        ("Ada Lothian", "He grew pears.", "Ada Lothian grew pears."),
        (DAM, "Its wall is faced with basalt.", "The Marren Dam's wall is faced with basalt."),
        (SHIP, "Her sails were yellow.", "The bark Selina's sails were yellow."),
        ("Ada Lothian", "His pears were small.", "Ada Lothian's pears were small."),
        (DAM, "Items of brass are sold there.", "Items of brass are sold there."),
        (DAM, "They are washed with rain.", "They are washed with rain."),
        (DAM, "The wall is old, and it leaks.", "The wall is old, and it leaks."),
    ],
)
def test_a_pronoun_at_the_start_gives_way_to_the_title(title, sentence, expected):
    assert resolved(sentence, title) == expected


@pytest.mark.parametrize(
    ("title", "nouns", "sentence", "expected"),
    [
        ("Hest Museum", ["museum"], "The museum owns a bell.", "Hest Museum owns a bell."),
        ("Hest Museum", ["museum"], "The museum's bell is old.", "Hest Museum's bell is old."),
        ("Hest Museum", ["museum"], "The museums of the coast are shut.", "The museums of the coast are shut."),
        ("The Brisk Otter", ["otter", "inn"], "The inn has ten beds.", "The Brisk Otter has ten beds."),
        ("The Brisk Otter", ["otter", "inn"], "They are red.", "They are red."),
        ("The Karrow dunes", ["dunes"], "They are red.", "The Karrow dunes are red."),
        ("The Karrow dunes", ["dunes"], "Their sand is red.", "The Karrow dunes' sand is red."),
        ("The Ferns of Azhmere", ["ferns", "novel"], "It was filmed.", "The Ferns of Azhmere was filmed."),
        ("The choir of Saint Orla", ["choir"], "The choir of Saint Orla sang.", "The choir of Saint Orla sang."),
        ("The choir of Saint Orla", ["choir"], "The choir of the school sang.", "The choir of the school sang."),
    ],
)
def test_a_word_for_the_subject_gives_way_to_the_title(title, nouns, sentence, expected):
    assert resolved(sentence, title, nouns) == expected


@pytest.mark.parametrize(
    ("title", "sentence", "nouns"),
    [
        ("Hest Museum", "It was opened in 1903.", ["museum"]),
        ("The Karrow dunes", "The Karrow dunes are red.", ["dunes"]),
        ("The choir of Saint Orla", "It sings.", ["choir"]),
        ("The Brisk Otter", "The Brisk Otter is an old inn of stone.", ["otter", "inn"]),
    ],
)
def test_a_subject_is_called_by_its_titles_noun_and_by_what_the_first_sentence_says_it_is(title, sentence, nouns):
    assert called(title, [sentence, "The Brisk Otter is a ruin."]) == nouns


def test_facts_name_the_subject_that_the_text_calls_by_a_noun():
    found = facts(
        "The Brisk Otter", ["The Brisk Otter is an inn.", "The inn has 96 beds, and the otter was carved in 1871."]
    )
    assert Fact(1, "The Brisk Otter has 96 beds.", "96 beds") in found
    assert Fact(1, "The Brisk Otter was carved in 1871.", "1871") in found


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The dam is old.", ["The dam is old."]),
        (
            "The line is 44 kilometres long, and the trains are painted red.",
            ["The line is 44 kilometres long.", "The trains are painted red."],
        ),
        (
            "The pond is deep; the children swim there.",
            ["The pond is deep.", "The children swim there."],
        ),
        (
            "The day is long, but the evening is quiet.",
            ["The day is long.", "The evening is quiet."],
        ),
        ("The hall is old, big and grey.", ["The hall is old, big and grey."]),
        ("The wall is red, and so it stays.", ["The wall is red, and so it stays."]),
    ],
)
def test_clauses_are_cut_where_both_sides_stand_alone(sentence, expected):
    assert clauses(sentence) == expected


def test_facts_carry_their_clause_and_their_sentence():
    found = facts(DAM, ["The dam is old.", "It is 61 metres high, and its gates are made of larch."])
    assert Fact(1, "The Marren Dam is 61 metres high.", "61 metres") in found
    assert [f.sentence for f in found] == sorted(f.sentence for f in found)
    assert all(f.span in f.statement for f in found)


def test_a_statement_ends_before_an_aside_unless_the_span_stands_in_it():
    sentence = "It was founded in 1869 by Hanna Prewell, who was fond of bees."
    found = {f.span: f.statement for f in facts(SCHOOL, [sentence])}
    assert found["1869"] == "Tolbury School was founded in 1869 by Hanna Prewell."
    assert found["bees"] == "Tolbury School was founded in 1869 by Hanna Prewell, who was fond of bees."


def test_a_name_is_asked_for_with_what_it_is():
    spans = [f.span for f in facts(DAM, ["It was planned by the chief engineer Ada Lothian in Hest."])]
    assert "the chief engineer Ada Lothian" in spans and "Hest" in spans


# The span that is asked for stands in brackets; the question is one of the candidates.
@pytest.mark.parametrize(
    ("title", "sentence", "question"),
    [
        # a passive and its agent
        (DAM, "It was planned by [the engineer Ada Lothian].", "Who was the Marren Dam planned by?"),
        (DAM, "It has been guarded by [Otto Marl].", "Who has the Marren Dam been guarded by?"),
        (GAME, "The rules of Karrow were printed by [Odo Bright].", "Who were the rules of Karrow printed by?"),
        (DAM, "It was planned by [the engineer Ada Lothian].", "Who planned the Marren Dam?"),
        # numbers
        (DAM, "The Marren Dam is [61 metres] high and curves.", "How many metres high is the Marren Dam?"),
        (SCHOOL, "It has [96 pupils], who live in cottages.", "How many pupils does Tolbury School have?"),
        (GAME, "It is played with [56 cards].", "How many cards is Karrow played with?"),
        (GAME, "Karrow is a game for [four players].", "How many players is Karrow a game for?"),
        (BEETLE, "It grows to [27 millimetres].", "How many millimetres does the Lindis beetle grow to?"),
        # years
        (SCHOOL, "It was founded in [1869] by the widow.", "In what year was Tolbury School founded by the widow?"),
        (DAM, "It was opened on 3 May [1954].", "When was the Marren Dam opened on 3 May?"),
        # possessives
        (DAM, "Its wall is faced with [basalt].", "What is the Marren Dam's wall faced with?"),
        (SHIP, "Her first captain was [Otto Marl].", "Who was the bark Selina's first captain?"),
        # verbs of their own
        (DAM, "It closes the valley of the [Osk].", "What does the Marren Dam close the valley of?"),
        (LINE, "It carries [the slate of Hest].", "What does the Tolbury Line carry?"),
        (LINE, "It passes [the town of Hest].", "What does the Tolbury Line pass?"),
        # places
        (SHIP, "It was launched in 1907 at [Hest].", "Where was the bark Selina launched in 1907?"),
        (SHIP, "She serves at [the quay of Dunsall].", "Where does the bark Selina serve?"),
        # the subject itself; verbs that are not turned round
        (SCHOOL, "The head of Tolbury School is [Mira Odell].", "Who is the head of Tolbury School?"),
        (DAM, "[Two turbines] of the Marren Dam light Hest.", "How many turbines of the Marren Dam light Hest?"),
        (DAM, "Turbines of the Marren Dam light [Hest].", "Turbines of the Marren Dam light what?"),
        (SHIP, "She carried clay for [three decades].", "The bark Selina carried clay for how many decades?"),
        # sentences that do not name the subject
        (DAM, "Divers come every [18 months].", "About the Marren Dam: divers come every how many months?"),
        (BEETLE, "The species was found in [1846].", "About the Lindis beetle: when was the species found?"),
    ],
)
def test_a_question_asks_for_its_span(title, sentence, question):
    span = sentence[sentence.index("[") + 1 : sentence.index("]")]
    assert question in questions(title, sentence.replace("[", "").replace("]", ""), span)


def test_what_kind_of_thing_it_is_makes_one_more_question_but_not_of_a_number():
    sentence = "The Marren Dam is made of larch."
    assert set(questions(DAM, sentence, "larch", "tree")) - set(questions(DAM, sentence, "larch")) == {
        "Which tree is the Marren Dam made of?"
    }
    sentence = "The Marren Dam is 61 metres high."
    assert questions(DAM, sentence, "61 metres", "height") == questions(DAM, sentence, "61 metres")


@pytest.mark.parametrize(
    ("before", "after", "question"),
    [
        ("The dam was planned by the", "", "Who planned the dam?"),
        ("Its rules have been written by", "", "Who wrote its rules?"),
        ("Pellivar was originally drawn by", "", "Who originally drew Pellivar?"),
        ("Pellivar was drawn in 1931 by", " for Hest", "Who drew Pellivar in 1931 for Hest?"),
        ("Pellivar was drawn in", "", None),
        ("Pellivar is at sea with", "", None),
        ("Pellivar was high by", "", None),
    ],
)
def test_a_passive_with_its_agent_is_asked_actively(before, after, question):
    asked = who_did(before, after)
    assert (" ".join(asked.split()) + "?" if asked else None) == question


def test_a_question_never_holds_what_it_asks_for():
    sentence = "The Marren Dam was planned by Ada Lothian, and it has 96 steps of basalt."
    for fact in facts(DAM, [sentence]):
        assert all(q.endswith("?") and fact.span not in q for q in rule_questions(fact, title=DAM))


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        ("Tolbury School has 96 pupils, who live in four cottages around a pond.", "four cottages"),
        ("It was founded by Hanna Prewell, whose brother had died in Hest.", "Hest"),
        ("Its bell is cracked, because the frost was hard in 1871.", "1871"),
    ],
)
def test_what_stands_in_an_aside_is_not_asked_for(sentence, span):
    assert questions(SCHOOL, sentence, span) == []


@pytest.mark.parametrize(
    ("title", "statement", "expected"),
    [
        (DAM, "The Marren Dam was planned by Ada Lothian.", ["What was planned by Ada Lothian?"]),
        (DAM, "Two turbines of the Marren Dam light Hest.", ["Two turbines of what light Hest?"]),
        (DAM, "The Marren Dam's wall is faced with basalt.", ["Whose wall is faced with basalt?"]),
        (SCHOOL, "On Mondays Tolbury School's bell rings.", ["On Mondays whose bell rings?"]),
        (DAM, "Divers inspect the wall.", []),
        (GAME, "The Karrows live in Hest.", []),
    ],
)
def test_the_title_is_asked_for_where_it_is_named(title, statement, expected):
    assert reverse_questions(Fact(0, statement, ""), title=title) == expected


@pytest.mark.parametrize(
    ("statement", "span", "expected"),
    [
        (
            "The Marren Dam was planned by Ada Lothian and finished in 1931.",
            "Ada Lothian",
            [
                "What was planned by Ada Lothian?",
                "Which dam was planned by Ada Lothian?",
                "What was planned by Ada Lothian and finished in 1931?",
                "Which dam was planned by Ada Lothian and finished in 1931?",
            ],
        ),
        (
            "The Marren Dam is 40 metres high, which few know.",
            "40 metres",
            [
                "What is 40 metres high?",
                "Which dam is 40 metres high?",
                "What is 40 metres high, which few know?",
                "Which dam is 40 metres high, which few know?",
            ],
        ),
        (
            "The Marren Dam closes the Wend, a river of 12 miles.",
            "12 miles",
            ["What closes the Wend, a river of 12 miles?", "Which dam closes the Wend, a river of 12 miles?"],
        ),
        ("The Marren Dam is an old dam that lights Hest.", "Hest", ["Which old dam lights Hest?"]),
        ("The Marren Dam is a dam near Hest.", "Hest", ["Which dam is near Hest?"]),
        ("The wall of the Marren Dam leans.", "", ["The wall of what leans?", "The wall of which dam leans?"]),
    ],
)
def test_the_title_is_asked_for_in_short_and_by_what_it_is(statement, span, expected):
    assert reverse_questions(Fact(0, statement, span), title=DAM, noun="dam") == expected


@pytest.mark.parametrize(
    ("title", "sentences", "page", "said"),
    [
        ("Lund Club", ["Lund Club has 9 boats.", "It was founded in 1938."], False, True),
        ("Lund Club", ["Lund Club has 9 boats.", "The shed burnt down.", "It was founded in 1938."], False, False),
        ("Lund Club", ["The club has 9 boats.", "It was founded in 1938."], False, True),
        ("Lund Club", ["It was founded in 1938."], False, True),
        ("Lund Club", ["It was founded in 1938."], True, False),
        ("Trailer and week", ["The new trailer arrives.", "It was founded in 1938."], True, False),
        ("Lund Club", ["Lund Club has 9 boats.", "It was founded in 1938."], True, True),
        ("Lund Club", ["Never run the old pump dry; it was founded in 1938."], True, False),
    ],
)
def test_it_is_the_title_only_behind_what_names_it(title, sentences, page, said):
    found = [fact.statement for fact in facts(title, sentences, page=page) if fact.span == "1938"]
    assert found == [f"{title} was founded in 1938."] * said


def test_a_title_of_two_things_is_no_kind_of_thing():
    assert called("Accident and loss policy", []) == [] and called("The loss policy", []) == ["policy"]


def test_a_name_in_the_plural_is_one_thing():
    fact = Fact(0, "Lund Kayaks was founded in 1938.", "1938")
    assert reverse_questions(fact, title="Lund Kayaks", noun="kayaks") == ["What was founded in 1938?"]


def test_two_names_are_not_cut():
    fact = Fact(0, "Lund Club was founded in 1938 by Ada Lo and Ida Holm.", "1938")
    assert reverse_questions(fact, title="Lund Club") == ["What was founded in 1938 by Ada Lo and Ida Holm?"]


@pytest.mark.parametrize(
    "sentence",
    ["Keep the gasket; it is not sold by us.", "The mill stands by the river, but it was rebuilt in 1911."],
)
def test_it_in_a_later_clause_is_not_the_title_where_the_first_names_something_else(sentence):
    assert {fact.statement for fact in facts("The Marren Dam", [sentence])} == {sentence}


def test_it_in_a_later_clause_is_the_title_where_the_first_names_it():
    found = {
        fact.statement for fact in facts("The Marren Dam", ["In 1907 the dam broke, and it was mended by Ida Holm."])
    }
    assert "The Marren Dam was mended by Ida Holm." in found


def test_a_unit_is_no_initial():
    text = "It must not go above 210 °C. Filters are changed by J. Smith."
    assert sentences(text) == ["It must not go above 210 °C.", "Filters are changed by J. Smith."]


@pytest.mark.parametrize(
    ("statement", "span", "named"),
    [
        ("The Hotel Marrow has 31 rooms.", "31 rooms", "Hotel Marrow"),
        ("The lift of the Hotel Marrow is closed in May.", "May", "Hotel Marrow"),
        ("The tram Old Bess runs on Sundays.", "Sundays", "Old Bess"),
        ("Anna Berg leads the choir.", "the choir", "Anna Berg"),
        ("Berg's choir sings on Fridays.", "Fridays", None),
        ("Graylings live in Lake Vool.", "Lake Vool", None),
        ("The oldest supported Linux kernel is 4.18.", "4.18", None),
        ("On Monday the bar is closed.", "the bar", None),
        ("The rate of March is 3 percent.", "3 percent", None),
        ("Version 5 loads fonts.", "fonts", None),
        ("The Hotel Marrow was built by Ida Lo.", "The Hotel Marrow", None),
        ("Two inns share the Hotel Marrow's garden.", "garden", None),
        ("The chef cooks Pasta Norma on Fridays.", "Fridays", None),
    ],
)
def test_a_question_names_what_its_statement_is_about(statement, span, named):
    """On a page of several things that is not the page's title; only what a name tells for certain."""
    assert subject_of(Fact(0, statement, span), "A page of the town") == (named or "A page of the town")
    assert subject_of(Fact(0, statement, span), f"{statement} Notes") == f"{statement} Notes"


def test_who_asks_about_one_of_several_things_does_not_name_the_page():
    fact = Fact(0, "The Hotel Marrow has 31 rooms.", "31 rooms")
    (question, *_) = rule_questions(fact, title=subject_of(fact, "Two inns"))
    assert question == "How many rooms does the Hotel Marrow have?"
