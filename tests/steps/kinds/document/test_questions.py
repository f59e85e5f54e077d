"""Questions, once written: their form, what they ask for, the answers given to them, and which is the most natural."""

import numpy as np
import pytest

from steps.kinds.document.clauses import Fact, rule_questions
from steps.kinds.document.questions import form_fault, kinds, other_words, ranked_questions, wording_prompt
from steps.kinds.document.sources import passages
from steps.kinds.document.verification import asked_for
from steps.records import Experience
from steps.sentences import words

TITLE = "The Ollin Ferry"
TEXT = "The Ollin ferry was built in 1938 by Edda Krann. The hull of the Ollin ferry is painted dark green."
BUILT, HULL = TEXT[: TEXT.index(" The hull")], TEXT[TEXT.index("The hull") :]
KNOWN = frozenset(words(f"{TITLE} {TEXT}"))
YEAR, GREEN = Fact(0, BUILT, "1938"), Fact(1, HULL, "dark green")


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        ("In what year was the Ollin ferry built?", None),
        ("In what year was the Ollin ferry built", "not a finished question"),
        ("Which ferry?", "not a finished question"),
        ("In what year was this thing built?", "does not name its subject"),
        ("Was the Ollin ferry built by Napoleon?", "names something that is not in the source"),
        ("Was the Ollin ferry built in 1939?", "names something that is not in the source"),
        ("What is the length of the Ollin ferry?", "shares nothing with its fact"),
        ("What colour is the hull of the Ollin ferry?", "shares nothing with its fact"),
    ],
)
def test_form_faults(question, fault):
    assert form_fault(question, title=TITLE, known=KNOWN, statement=BUILT) == fault


def test_a_question_for_a_size_may_say_it_otherwise_than_its_fact():
    def fault(statement):
        return form_fault("What is the length of the Ollin ferry?", title=TITLE, known=KNOWN, statement=statement)

    assert fault("The Ollin ferry is 40 metres long.") is None
    assert fault("The Ollin ferry is dark green.") == "shares nothing with its fact"


@pytest.mark.parametrize(
    ("reading", "question", "fact", "expected"),
    [
        ("1938", "In what year was the Ollin ferry built?", YEAR, "1938"),
        ("in 1938", "When was the Ollin ferry built?", YEAR, "1938"),
        ("dark green", "What colour is the hull of the Ollin ferry?", GREEN, "dark green"),
        ("green", "What colour is the hull of the Ollin ferry?", GREEN, "dark green"),
        # whatever else of its fact it turns out to ask for
        ("Edda Krann", "Who was the builder of the Ollin ferry?", YEAR, "Edda Krann"),
        # no answer at all, one from elsewhere, one that only repeats the question or the title
        ("", "When was the Ollin ferry built?", YEAR, None),
        ("1939", "When was the Ollin ferry built?", YEAR, None),
        ("dark blue", "What colour is the hull of the Ollin ferry?", GREEN, None),
        ("the Ollin ferry", "What was built by the shipwright?", YEAR, None),
        ("the hull", "What is the hull of the Ollin ferry?", GREEN, None),
        # a number where none is asked for, and the other way round
        ("1938", "Who built the Ollin ferry?", YEAR, None),
        ("Edda Krann", "When was the Ollin ferry built?", YEAR, None),
    ],
)
def test_a_question_asks_for_what_is_read_in_its_fact(reading, question, fact, expected):
    assert asked_for(reading, question=question, fact=fact, title=TITLE) == expected


@pytest.mark.parametrize(
    ("statement", "question", "read"),
    [
        ("The paint booth has phone extension 427.", "How many phone extensions does the paint booth have?", None),
        ("The archive is in room 12.", "How many rooms has the archive?", None),
        ("The marina has 40 berths.", "How many berths does the marina have?", "40"),
        ("Berths: 40", "How many berths are there?", "40"),
    ],
)
def test_what_only_bears_a_number_is_not_counted(statement, question, read):
    number = next(word for word in statement.rstrip(".").split() if word.isdigit())
    assert asked_for(number, question=question, fact=Fact(0, statement, number), title="") == read


class Ranking:
    """Finds every text as likely as ``likelihood`` says."""

    def __init__(self, likelihood):
        self.likelihood, self.prompts = likelihood, []

    def score_text(self, what, prompts, texts):
        self.prompts = list(prompts)
        return [np.full(3, self.likelihood(text)) for text in texts]


def source():
    fields = {"id": "e", "night": "2026-11-22", "kind": "document", "source": "ferry.md", "record": None}
    (one,) = passages(Experience(**fields, title=TITLE, text=TEXT))
    return one


def test_the_questions_about_each_fact_are_ranked_by_likelihood():
    base, one = Ranking(lambda text: -0.5 if text.startswith(" When") else -2.0), source()
    untouchable = Fact(0, "The Ollin ferry sails, because the owner is Hale.", "Hale")
    year, green, none = ranked_questions(base, [(one, YEAR), (one, GREEN), (one, untouchable)], [None] * 3)
    assert year[0] == (-0.5, "When was the Ollin ferry built by Edda Krann?")
    assert {score for score, _ in year[1:]} == {-2.0}
    assert {q for _, q in year} == set(rule_questions(YEAR, title=TITLE))
    assert {q for _, q in green} == set(rule_questions(GREEN, title=TITLE)) and none == []
    assert all(f"Subject: {TITLE}\nFact: " in prompt and prompt.endswith("Question:") for prompt in base.prompts)


def test_the_kind_of_a_span_is_among_what_is_ranked():
    base, one = Ranking(lambda text: -0.5 if "Which colour" in text else -2.0), source()
    (ranked,) = ranked_questions(base, [(one, GREEN)], ["colour"])
    assert ranked[0] == (-0.5, "Which colour is the hull of the Ollin ferry painted?")


class Scripted:
    """Writes ``line(prompt)``, and remembers what it was asked."""

    def __init__(self, line):
        self.line, self.prompts = line, []

    def complete(self, what, prompts, **_):
        self.prompts += prompts
        return [self.line(prompt) for prompt in prompts]


@pytest.mark.parametrize(
    ("line", "kind"),
    [("colour", "colour"), ("green", None), ("thing", None), ("A colour", None), ("of", None), ("", None)],
)
def test_a_kind_is_one_word_that_says_something(line, kind):
    assert kinds(Scripted(lambda _: line), [(source(), GREEN)]) == [kind]


def test_kinds_are_asked_once_for_each_thing_and_never_for_a_number():
    writer, one = Scripted(lambda _: "colour"), source()
    assert kinds(writer, [(one, GREEN), (one, YEAR), (one, GREEN)]) == ["colour", None, "colour"]
    (prompt,) = writer.prompts
    assert prompt.endswith(f"Fact: {HULL}\nThing: dark green\nKind:")


def test_a_question_given_twice_is_said_in_two_ways():
    one, ways = source(), iter(["First?", "Second?"])
    asked = [(one, YEAR, "When was the Ollin ferry built?")] * 2
    worded = other_words(Scripted(lambda _: next(ways)), asked, temperature=0.7, top_k=10, seed=1)
    assert worded == [(one, YEAR, "First?"), (one, YEAR, "Second?")]


def test_the_wording_prompt_ends_with_the_fact_and_the_question():
    prompt = wording_prompt(source(), YEAR, "When was the Ollin ferry built?")
    ending = (
        f"Subject: {TITLE}\nFact: {BUILT}\nAnswer: 1938\nQuestion: When was the Ollin ferry built?\nIn other words:"
    )
    assert prompt.endswith(ending)
