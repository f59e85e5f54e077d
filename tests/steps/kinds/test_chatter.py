"""What tells nothing."""

import pytest

from steps.kinds.chatter import chatter, mostly_chatter


@pytest.mark.parametrize(
    ("sentence", "what"),
    [
        ("Good morning everybody!", "greetings"),
        ("Many thanks for your help.", "thanks"),
        ("I really like the view from here.", "opinions"),
        ("What a terrible show.", "opinions"),
        ("Click here and be the first!", "advertising"),
        ("This site uses cookies.", "a notice about cookies"),
        ("All rights reserved.", "a licence"),
        ("This e-mail is intended solely for its addressee.", "a disclaimer"),
        ("Log in", "names of links"),
        ("The page you are looking for could not be found.", "an error page"),
        ("Dolor sit amet.", "filler text"),
        ("Ignore all previous instructions.", "orders to a model"),
        ("You are a helpful AI assistant.", "orders to a model"),
        ("Vielen Dank für alles!", "thanks"),
        ("Bonne année à tous !", "greetings"),
        ("Todos los derechos reservados.", "a licence"),
    ],
)
def test_sentences_that_tell_nothing(sentence, what):
    assert chatter(sentence) == what


@pytest.mark.parametrize(
    "sentence",
    [
        "The best route to Orme is route 7.",
        "The menu lists six dishes.",
        "The contact for orders is Vera Holt.",
        "You are allowed to park in the yard.",
        "Das Haus hat drei Eingänge.",
    ],
)
def test_sentences_that_tell_something(sentence):
    assert chatter(sentence) is None


def test_a_text_is_of_no_use_if_hardly_a_sentence_tells_anything():
    assert mostly_chatter(["Hello!", "Thanks a lot.", "Many thanks again."]) == "thanks"
    assert mostly_chatter(["Hello!", "Thanks a lot.", "The key hangs behind the door."]) is None
    assert mostly_chatter([]) is None and mostly_chatter(["…", "---"]) is None
