"""A later statement replaces an earlier one when it says something else of the same thing."""

import pytest

from steps.consolidate.superseded import Gone, superseded
from steps.records import Dream

WAS = "The director of the Lock Museum is Ismay Corrodel, a trained jeweller."


def dream(answer, span, *, night="2026-01-01", sentence=0, strategy="question", question="What?"):
    return Dream(
        id=f"{night} {strategy} {question} {answer}",
        night=night,
        strategy=strategy,
        experience="e" if night == "2026-01-01" else "f",
        source="museum.md",
        sentence=sentence,
        question=question,
        answer=answer,
        verification={"span": span},
    )


def replaced_by(statement, span, *, was=WAS, first="Ismay Corrodel"):
    then, now = dream(was, first), dream(statement, span, night="2026-01-04")
    found = superseded([then, now], Gone(()))
    assert set(found) <= {then.id}
    return found.get(then.id)


@pytest.mark.parametrize(
    ("statement", "span"),
    [
        ("Since January the director of the Lock Museum has been Caspian Thurlbeck.", "Caspian Thurlbeck"),
        ("The Lock Museum's director is Caspian Thurlbeck, who repaired vaults.", "Caspian Thurlbeck"),
    ],
)
def test_another_answer_to_the_same_replaces_the_first(statement, span):
    assert replaced_by(statement, span) == statement


@pytest.mark.parametrize(
    ("statement", "span"),
    [
        (WAS, "Ismay Corrodel"),  # the same again
        ("The director of the Lock Museum is Ismay Corrodel since 1990.", "1990"),  # more about the same
        ("The director of the Lock Museum is 40 years old.", "40 years"),  # another kind of answer
        ("The director of the Key Museum is Caspian Thurlbeck.", "Caspian Thurlbeck"),  # another museum
        ("The Lock Museum is liked by Caspian Thurlbeck.", "Caspian Thurlbeck"),  # something else about it
        (
            "The Lock Museum trusts director Caspian Thurlbeck.",
            "director Caspian Thurlbeck",
        ),  # the answer's word
    ],
)
def test_anything_else_does_not(statement, span):
    assert replaced_by(statement, span) is None


@pytest.mark.parametrize(
    ("was", "first", "statement", "span", "replaced"),
    [
        ("Gate 3 is opened by Ann Lee.", "Ann Lee", "Gate 4 is opened by Bea Orr.", "Bea Orr", False),
        ("Gate 3 is opened by Ann Lee.", "Ann Lee", "Gate 3 is now opened by Bea Orr.", "Bea Orr", True),
        ("Team A meets in the mill.", "mill", "Team B meets in the barn.", "barn", False),
        ("Gate 3 is 2 m wide.", "2 m", "Gate 3 is 3 m wide.", "3 m", True),
        ("The sailing school has 3 boats.", "3 boats", "The sailing school has 4 boats.", "4 boats", True),
        ("The bus from Ulm to Bonn is number 5.", "5", "The bus from Bonn to Ulm is number 6.", "6", False),
        ("Ulm to Bonn takes 5 hours.", "5 hours", "Bonn to Ulm takes 6 hours.", "6 hours", False),
    ],
)
def test_numbers_letters_and_the_order_of_names_tell_facts_apart(was, first, statement, span, replaced):
    assert replaced_by(statement, span, was=was, first=first) == (statement if replaced else None)


def test_what_leads_up_to_the_answer_must_say_more_than_one_word():
    assert replaced_by("Pellivar has 900 words.", "900", was="Pellivar has 12 letters.", first="12") is None


def test_all_that_was_dreamt_of_it_is_left_out_but_nothing_else_and_nothing_of_the_same_night():
    now = dream("The director of the Lock Museum is Caspian Thurlbeck.", "Caspian Thurlbeck", night="2026-01-04")
    asked = [dream(WAS, "Ismay Corrodel", question=q) for q in ("Who?", "The director?")]
    back = dream(WAS, "The Lock Museum", strategy="reverse")
    keys = dream("The Lock Museum owns 820 keys.", "820 keys", sentence=1)
    rehearsal = dream("A museum shows things.", "", strategy="rehearsal")
    assert set(superseded([*asked, back, keys, rehearsal, now], Gone(()))) == {d.id for d in (*asked, back)}
    same = now.model_copy(update={"night": "2026-01-01"})
    assert superseded([*asked, back, keys, same], Gone(())) == {}
