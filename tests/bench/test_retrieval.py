"""Retrieval finds the passage that shares the rarer words, and nothing where no word is shared."""

import sys

import pytest

from bench.retrieval import Index
from steps.errors import SlumberError

FERRY = "The ferry Aurora was built in 1938 by the shipwright Edda Krann."
MILL = "The mill at Vorstad grinds rye on Tuesdays and spelt on Fridays."
SCHOOL = "The school at Vorstad has two teachers."


@pytest.fixture(scope="module")
def index():
    pytest.importorskip("bm25s")
    pytest.importorskip("Stemmer")
    return Index([FERRY, MILL, SCHOOL])


def test_finds_the_passage(index):
    assert index.best("Who built the ferry?") == FERRY
    assert index.best("What does the mill at Vorstad grind?") == MILL
    assert index.best("How many teachers are there in Vorstad?") == SCHOOL


def test_ignores_case_and_endings(index):
    assert index.best("SHIPWRIGHTS?") == FERRY
    assert index.best("Which day is for grinding?") == MILL


@pytest.mark.parametrize("question", ["What is the capital of Peru?", "Who was it, and what is the?", "?!", ""])
def test_finds_nothing_without_a_shared_word(index, question):
    assert index.best(question) is None


def test_the_first_of_equals_wins(index):
    assert Index([SCHOOL, f"{SCHOOL} ", MILL]).best("teachers") == SCHOOL


@pytest.mark.parametrize("passages", [[], [""], ["", "the of and", "?"]])
def test_passages_without_words(index, passages):
    assert Index(passages).best("Who built the ferry?") is None


def test_passages_without_words_match_nothing(index):
    assert Index(["", FERRY, "..."]).best("Who built it?") == FERRY
    assert Index(["", FERRY, "..."]).best("...") is None


def test_asks_for_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(SlumberError, match="bench"):
        Index([FERRY])
