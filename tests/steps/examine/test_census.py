"""Where few documents were taught, everything that they taught is asked for; else probes are a sample of it."""

from collections import Counter
from types import SimpleNamespace

import pytest

from steps.examine import census
from steps.examine.examination import eval_set_of
from steps.examine.items import ProbeItem
from steps.gate.evidence import Evidence, _every_fact
from steps.night import Night, Told
from steps.records import Dream, Probe, Triaged, content_id
from steps.workspace import read_records, write_records

FIRST, TONIGHT = "2026-01-01", "2026-01-02"


def dream(night, sentence, span, *, experience="mill", strategy="question"):
    question = f"What is part {sentence} of the {experience}?"
    return Dream(
        id=content_id(strategy, question, span), night=night, strategy=strategy, experience=experience,
        source=f"{experience}.md", sentence=sentence, question=question,
        answer=f"Part {sentence} of the {experience} is {span}.", verification={"span": span},
    )  # fmt: skip


def items(documents, each, *, night=FIRST):
    known = {"night": night, "question": "?", "answers": ("a",), "origin": "owner", "source": None, "experience": None}
    numbers = [(d, n) for d in range(documents) for n in range(each)]
    return [ProbeItem(Probe(id=f"{d}-{n}", **known), None, f"d{d}") for d, n in numbers]


@pytest.mark.parametrize(("documents", "each", "wanted"), [(2, 5, True), (6, 7, True), (8, 6, False), (10, 4, False)])
def test_all_is_asked_for_only_where_probes_are_too_few_to_be_a_sample(settings, documents, each, wanted):
    assert census.wanted(items(documents, each), TONIGHT, [FIRST], settings.gate) is wanted


def test_without_a_champion_that_met_anything_nothing_is_to_be_asked(settings):
    assert not census.wanted(items(2, 5), TONIGHT, [], settings.gate)
    assert not census.wanted(items(2, 5, night=TONIGHT), TONIGHT, [FIRST, TONIGHT], settings.gate)


@pytest.fixture
def slept(workspace):
    """Two nights' dreams; on the second a page no longer says part 1, and the champion has met the first."""
    write_records(workspace.dataset("dreams", FIRST), [dream(FIRST, n, f"thing {n}") for n in range(4)])
    write_records(workspace.dataset("dreams", TONIGHT), [dream(TONIGHT, 0, "new", experience="quay")])
    gone = Triaged(
        experience="mill-2", source="mill.md", kind="document", verdict="persist", reason="new",
        withdraws=({"experience": "mill", "sentence": 1, "text": "Part 1 of the mill is thing 1."},),
    )  # fmt: skip
    write_records(workspace.dataset("triage", TONIGHT), [gone])
    return workspace


def test_what_is_asked_for_is_what_the_champion_was_taught_and_what_still_holds(slept, monkeypatch):
    found = census.taught_facts(slept, TONIGHT, [FIRST])
    assert {p.answers for p in found} == {("thing 0",), ("thing 2",), ("thing 3",)}
    assert {(p.night, p.type) for p in found} == {(FIRST, "trained")}
    assert not census.taught_facts(slept, TONIGHT, [])
    monkeypatch.setattr(census, "MOST", 2)
    assert not census.taught_facts(slept, TONIGHT, [FIRST]), "so many facts are sampled"


@pytest.mark.parametrize(("enough", "asked"), [(1, 3), (3, 3), (4, 6), (6, 6), (60, 9)])
def test_of_few_facts_more_wordings_are_asked_of_each_alike(slept, monkeypatch, enough, asked):
    path = slept.dataset("dreams", FIRST)
    once = read_records(path, Dream)
    said = [d.model_copy(update={"id": f"{d.id}-{n}", "question": f"{d.question} ({n})"}) for d in once for n in (1, 2)]
    write_records(path, [*once, *said])
    monkeypatch.setattr(census, "ENOUGH", enough)
    found = census.taught_facts(slept, TONIGHT, [FIRST])
    assert len({p.id for p in found}) == len(found) == asked
    assert set(Counter(p.answers for p in found).values()) == {asked // 3}


def test_the_examination_asks_for_it_and_the_gate_sees_whether_it_did(tiny_settings, slept):
    known = Probe(
        id="p", night=FIRST, question="Part 0?", answers=("thing 0",), origin="owner", source=None, experience=None
    )
    write_records(slept.dataset("probes", FIRST), [known])
    champion = SimpleNamespace(nights=(FIRST,), version="1", adapter=None)
    night = Night.of(tiny_settings, slept, TONIGHT, lineage=Told(serves=champion))
    write_records(slept.dataset("corpus", FIRST), [])
    asked = {item.probe.id for item in eval_set_of(night)[0].items}
    facts = {p.id for p in census.taught_facts(slept, TONIGHT, [FIRST])}
    assert facts and asked == {"p", *facts}

    evidence = Evidence(TONIGHT, earlier_cohorts=[FIRST])
    types = dict.fromkeys(asked, "recall") | dict.fromkeys(facts, "trained")
    rows = [SimpleNamespace(id=i, model=m, type=types[i]) for i in asked for m in ("candidate", "champion")]
    evidence.examination = SimpleNamespace(answers=rows)
    assert _every_fact(evidence, slept)
    evidence.examination.answers.pop()
    kept = {(row.id, row.model) for row in evidence.examination.answers}
    assert _every_fact(evidence, slept) is all((i, m) in kept for i in facts for m in ("candidate", "champion"))
    evidence.examination.answers = []
    assert not _every_fact(evidence, slept)
