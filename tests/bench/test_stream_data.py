"""The benchmark's stream keeps the rules of its README."""

import calendar
import json
import re
from collections import Counter
from datetime import timedelta
from itertools import combinations

import pytest
import yaml

from steps.marking import abstains, holds, normalise
from steps.records import Experience
from steps.settings import REPOSITORY
from steps.triage.known import Familiar
from steps.triage.step import decide
from steps.triage.validity import validity

STREAM = REPOSITORY / "data" / "bench" / "stream"
TYPES = ("recall-1", "recall-2", "recall-3", "paraphrase", "reverse", "unanswerable")
SMALL = set("a an the of at in on and from for with to is s".split())
CALENDAR = {*calendar.month_name, *calendar.day_name} | {f"{day}s" for day in calendar.day_name}
SPLIT = yaml.safe_load((STREAM / "stream.yaml").read_text(encoding="utf-8"))
NIGHTS = [f"night-{number}" for number in range(1, 9)]
FILES = {path.name: path for night in NIGHTS for path in sorted((STREAM / night).glob("*.md"))}
TITLES = {name: path.read_text(encoding="utf-8").split("\n", 1)[0] for name, path in FILES.items()}
BODIES = {name: path.read_text(encoding="utf-8").split("\n", 1)[1].strip() for name, path in FILES.items()}
PROBES = {
    night: [json.loads(line) for line in (STREAM / night / "probes.jsonl").read_text(encoding="utf-8").splitlines()]
    for night in NIGHTS
}
ALL = {probe["id"]: probe for probes in PROBES.values() for probe in probes}
OLD, NEW = (tuple(ALL[probe]["source"] for probe in pair) for pair in zip(*SPLIT["supersedes"].items(), strict=True))


def words(text):
    return set(normalise(text).split()) - SMALL


def names(file):
    """The words of the title, and those with a capital that begin no sentence."""
    return words(TITLES[file]) | capitalised(re.sub(r"(?:\A|(?<=[.!?] ))\w+", "", BODIES[file])) - SMALL


def capitalised(text):
    return {word.lower() for word in re.findall(r"\b[A-Z]\w+", text) if word not in CALENDAR}


def test_five_documents_and_six_probes_for_each():
    assert sorted(path.name for path in STREAM.iterdir() if path.is_dir()) == NIGHTS
    assert len(FILES) == 40 and len(ALL) == 240
    assert all(title.startswith("# ") for title in TITLES.values())
    assert all(70 <= len(body.split()) <= 130 for body in BODIES.values())
    for night in NIGHTS:
        here = sorted(path.name for path in (STREAM / night).iterdir())
        documents = [name for name in here if name != "probes.jsonl"]
        assert len(documents) == 5 and all(FILES[name].parent.name == night for name in documents)
        assert sorted(probe["id"] for probe in PROBES[night]) == sorted(
            f"{name.removesuffix('.md')}-{kind}" for name in documents for kind in TYPES
        )


@pytest.mark.parametrize("probe", ALL.values(), ids=ALL)
def test_probe(probe):
    question, answers, file = probe["question"], tuple(probe["answers"]), probe["source"]
    assert set(probe) == {"kind", "id", "question", "answers", "source", "type"} and probe["kind"] == "probe"
    assert probe["id"].rsplit(f"{file.removesuffix('.md')}-")[1].split("-")[0] == probe["type"]
    assert question.endswith("?") and bool(answers) == (probe["type"] != "unanswerable")
    if answers:
        assert holds(BODIES[file], answers) and not holds(question, answers)
        assert all(len(answer.split()) <= 4 and not abstains(answer) for answer in answers)
    if probe["type"] == "reverse":
        assert holds(TITLES[file], answers)
        assert not words(question) & {word for answer in answers for word in words(answer)}
    else:
        assert words(question) & words(TITLES[file])


def test_the_paraphrase_asks_for_the_first_fact():
    for stem in (file.removesuffix(".md") for file in FILES):
        assert set(ALL[f"{stem}-recall-1"]["answers"]) & set(ALL[f"{stem}-paraphrase"]["answers"])


def test_no_question_twice_and_no_answer_for_two_facts_of_a_night():
    assert max(Counter(normalise(probe["question"]) for probe in ALL.values()).values()) == 1
    for probes in PROBES.values():
        facts = [probe for probe in probes if probe["type"] == "recall"]
        assert not any(set(one["answers"]) & set(other["answers"]) for one, other in combinations(facts, 2))


def test_no_name_occurs_in_two_documents_or_in_the_demo():
    demo = capitalised("".join(p.read_text(encoding="utf-8") for p in (REPOSITORY / "data" / "inbox").iterdir()))
    subject = {word for file in OLD for word in words(TITLES[file])}
    for file in FILES:
        assert not names(file) & demo
        for other in FILES.keys() - {file}:
            shared = names(file) & (names(other) | capitalised(BODIES[other]))
            assert shared <= (subject if {file, other} == {*OLD, *NEW} else set()), (file, other)


def test_split_and_changed_fact():
    assert SPLIT["development"] + SPLIT["report"] == NIGHTS
    for old, new in SPLIT["supersedes"].items():
        assert old.endswith("-recall-2") and ALL[old]["type"] == ALL[new]["type"] == "recall"
        assert not set(ALL[old]["answers"]) & set(ALL[new]["answers"])
        assert FILES[ALL[old]["source"]].parent.name < FILES[ALL[new]["source"]].parent.name


@pytest.mark.parametrize("file", FILES)
def test_triage_keeps_exactly_the_temporary_document_out_of_the_weights(file, settings):
    night = SPLIT["first_night"] + timedelta(days=NIGHTS.index(FILES[file].parent.name))
    new = Experience(
        id=file, night=str(night), kind="document", source=file, record=None, title=TITLES[file], text=BODIES[file],
        names=(file,), created_at=None,
    )  # fmt: skip
    verdict = decide(new, night=str(night), settings=settings.triage, met=Familiar((), 1)).verdict
    assert verdict == ("temporary" if file in SPLIT["temporary"] else "persist")
    end = validity(BODIES[file], night=night, created=None)
    assert (end is not None and end.until < night + timedelta(days=14)) == (file in SPLIT["temporary"])
