"""The fifty corrections keep the rules of their README."""

import json
import re
from collections import Counter
from itertools import combinations

import pytest
from rapidfuzz.fuzz import token_sort_ratio

from bench.corrections.data import FOLDER, inboxes, read_corrections, session
from bench.corrections.marking import is_right, says, says_old
from steps.errors import SlumberError
from steps.ingest.redact import redact
from steps.kinds.table import KINDS
from steps.marking import holds, normalise
from steps.sentences import sentences

FOUND = read_corrections()
TOPICS = {topic.id: topic for topic in FOUND.topics}
ALL = [(topic, number) for topic in FOUND.topics for number in range(len(topic.corrections))]
NAMES = [session(*one) for one in ALL]
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "night-0").glob("*.md"))}
STATED = [sentence for text in PAGES.values() for sentence in sentences(text.split("\n", 1)[1])]
ALIKE = 85


def test_there_are_fifty_of_the_promised_kinds_and_nights():
    kinds = Counter(topic.first_kind(number) for topic, number in ALL)
    assert kinds == {"fact": 25, "overwrites": 10, "returns": 5, "plain": 5, "behaviour": 5}
    nights = Counter(topic.corrections[number].night for topic, number in ALL)
    assert nights == {1: 6, 2: 6, 3: 6, 4: 6, 5: 6, 6: 6, 7: 7, 8: 7}
    assert len(set(NAMES)) == 50 and {one.night for one in FOUND.noise} == set(range(1, 9))


def test_they_are_said_in_several_ways():
    ways = Counter(w for topic, n in ALL for w in ("turn", "feedback", "later") if getattr(topic.corrections[n], w))
    assert ways["turn"] >= 35 and ways["feedback"] >= 6 and ways["later"] >= 2
    said = [topic.corrections[number].said for topic, number in ALL]
    assert len({normalise(one) for one in said}) == 50
    openings = Counter(normalise(one).split()[0] for one in said)
    assert openings.most_common(1)[0][1] <= 6 and min(len(one.split()) for one in said) == 1


@pytest.mark.parametrize(("topic", "number"), ALL, ids=NAMES)
def test_a_correction_says_its_value_and_the_answer_before_it_the_old_one(topic, number):
    one, old = topic.corrections[number], topic.old_values(number)
    assert holds(one.said, one.answers)
    assert says(one.wrong, old) and not is_right(one.wrong, one.answers, old)
    before = topic.corrections[number - 1].answers if number else topic.old
    assert says(one.wrong, before), "the model says what it was taught last"
    assert not number or topic.corrections[number - 1].night < one.night
    assert not set(map(normalise, one.answers)) & set(map(normalise, old))
    assert not any(says_old(value, old) for value in one.answers)
    assert not any(says(value, one.answers) for value in old if not value.startswith("not "))


def test_chains_that_return_end_where_they_began():
    chains = [topic for topic in FOUND.topics if len(topic.corrections) == 3]
    assert len(chains) == 5
    for topic in chains:
        first, second, third = (one.answers for one in topic.corrections)
        assert first == third != second


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_paraphrases_are_other_words(topic):
    asked = [topic.question, *topic.paraphrases, topic.near]
    for one, other in combinations(asked, 2):
        assert normalise(one) != normalise(other)
    for one, other in combinations(asked[:4], 2):
        assert token_sort_ratio(normalise(one), normalise(other)) < ALIKE
    for one in topic.corrections:
        assert one.portability.question not in asked


def test_no_question_is_asked_for_two_topics():
    asked = Counter(normalise(q) for topic in FOUND.topics for q in (topic.question, *topic.paraphrases, topic.near))
    assert max(asked.values()) == 1
    assert not {normalise(one.question) for one in FOUND.neighbours()} & set(asked)


@pytest.mark.parametrize("neighbour", FOUND.neighbours(), ids=lambda one: one.question)
def test_neighbours_are_taught_by_one_sentence_of_night_zero(neighbour):
    assert any(holds(sentence, neighbour.answers) for sentence in STATED)


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_night_zero_does_not_tell_what_is_corrected(topic):
    values = (*topic.old, *(value for one in topic.corrections for value in one.answers))
    telling = [
        v for v in values if normalise(v) not in ("on", "off", "yes", "no", "forbidden", "not allowed", "allowed")
    ]
    about = [sentence for sentence in STATED if topic.subject in sentence and topic.id != "skarn-light"]
    assert not [(v, s) for v in telling for s in about if holds(s, (v,))]
    one, other = topic.neighbours
    assert (one.relation, other.relation) == ("subject", "attribute")


@pytest.mark.parametrize("text", [t for topic, n in ALL for t in (topic.question, topic.corrections[n].said)])
def test_nothing_in_them_is_taken_for_a_secret(text):
    assert redact(text)[0] == text


def test_the_inboxes_hold_them_and_are_the_same_every_time(tmp_path):
    stream = inboxes(FOUND, tmp_path / "a")
    again = inboxes(FOUND, tmp_path / "b")
    assert [n.number for n in stream.nights] == list(range(9)) and stream.nights[0].date == "2026-03-01"
    lines = []
    for night, other in zip(stream.nights, again.nights, strict=True):
        for path in sorted(night.inbox.iterdir()):
            assert path.read_bytes() == (other.inbox / path.name).read_bytes()
        if night.number:
            rows = [json.loads(row) for row in (night.inbox / "conversations.jsonl").read_text().splitlines()]
            assert all(KINDS["conversation"].entry.model_validate(row) for row in rows)
            assert all(row["created_at"].startswith(night.date) for row in rows)
            lines += rows
    assert len(lines) == 50 + len(FOUND.noise) and len({line["session"] for line in lines}) == len(lines)
    assert sum("correction" in (line.get("feedback") or {}) for line in lines) >= 6
    probes = (stream.nights[0].inbox / "probes.jsonl").read_text().splitlines()
    assert len(probes) == len(FOUND.neighbours()) and len(list(stream.nights[0].inbox.glob("*.md"))) == len(PAGES)


def test_an_unreadable_file_is_one_sentence(tmp_path):
    (tmp_path / "corrections.yaml").write_text("topics: 3")
    with pytest.raises(SlumberError, match=r"corrections.yaml cannot be read .*restore data/bench/corrections"):
        read_corrections(tmp_path)


def test_every_page_has_a_title_and_ends_its_sentences():
    for text in PAGES.values():
        assert re.match(r"# .+\n\n", text) and text.rstrip().endswith(".")
