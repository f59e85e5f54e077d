"""What is too little for the gate to judge waits, and is learned with the next night's, with its owner's probes."""

import json

import pytest

from steps.consolidate.step import ConsolidateStep
from steps.dream.step import DreamStep
from steps.ingest.step import IngestStep
from steps.night import Night, Told
from steps.records import Carried, Dream, Experience, Probe, Triaged
from steps.triage.step import TriageStep
from steps.validate.step import ValidateStep
from steps.workspace import read_records

FIRST, SECOND, THIRD, FOURTH, FIFTH = (f"2026-01-0{day}" for day in range(1, 6))
TEXT = "The {0} was built in {1} by {2} Krann. Its roof is painted {3}. The {0} stands in Ostrel near the fish market."


@pytest.fixture
def sleep(tiny_settings, workspace, tmp_path):
    """Sleep on documents up to training; returns the night."""

    def slept(date, names, *, needed, probes=()):
        inbox = tmp_path / date
        inbox.mkdir(exist_ok=True)
        for name, *words in names:
            (inbox / f"{name}.md").write_text(f"# {name.title()}\n\n{TEXT.format(name, *words)}\n")
        lines = [{"kind": "probe", "question": q, "answers": [a], "source": s} for q, a, s in probes]
        (inbox / "probes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        settings = tiny_settings.model_copy(
            update={
                "night": tiny_settings.night.model_copy(update={"wait": True}),
                "gate": tiny_settings.gate.model_copy(update={"min_probes": needed}),
            }
        )
        night = Night.of(settings, workspace, date, inbox=inbox, lineage=Told())
        for step in (IngestStep(), ValidateStep(), TriageStep(), DreamStep()):
            step.run(night)
        return night

    return slept


def rows(night, dataset, kind):
    return read_records(night.dataset(dataset), kind)


def test_a_night_with_too_few_probes_waits_and_comes_with_the_next(sleep):
    asked = ("Who built the mill?", "Edda Krann", "mill.md")
    first = sleep(FIRST, [("mill", "1938", "Edda", "dark green")], needed=3, probes=[asked])
    figures = DreamStep.read(first.workspace, FIRST).figures
    assert "gate needs 3" in figures.waits and figures.carried and not rows(first, "dreams", Dream)
    assert not rows(first, "holdouts", Probe)
    (remark,) = DreamStep().remarks(first, DreamStep.read(first.workspace, FIRST))
    assert "waits for the next nights" in remark and "night.wait" in remark
    assert "waits for the next nights" in ConsolidateStep().run(first).figures.skipped

    more = [("Who built the quay?", "Olin Krann", "quay.md"), ("When was the quay built?", "1790", "quay.md")]
    second = sleep(SECOND, [("quay", "1790", "Olin", "pale blue")], needed=3, probes=more)
    assert DreamStep.read(second.workspace, SECOND).figures.waits is None
    assert {d.source for d in rows(second, "dreams", Dream) if not d.rehearsal} == {"mill.md", "quay.md"}
    (mill,) = rows(first, "corpus", Experience)
    along = [p for p in rows(second, "holdouts", Probe) if p.origin == "owner"]
    assert [(p.question, p.night, p.experience) for p in along] == [(asked[0], SECOND, mill.id)]
    assert not rows(second, "carried", Carried)


def test_what_waits_goes_on_waiting_since_its_first_night(sleep):
    sleep(FIRST, [("mill", "1938", "Edda", "dark green")], needed=50)
    second = sleep(SECOND, [("quay", "1790", "Olin", "pale blue")], needed=50)
    assert {(row.source, row.since) for row in rows(second, "carried", Carried)} == {
        ("mill.md", FIRST),
        ("quay.md", SECOND),
    }


def test_what_waits_is_no_knowledge_of_the_next_version_of_its_page(sleep):
    """Whichever version of a page nothing was taught of: all that it says is still to learn."""
    told = [("mill", "1938", "Edda", "dark green")]
    first = sleep(FIRST, told, needed=50)
    (row,) = rows(first, "carried", Carried)
    assert row.waiting == (0, 1, 2)
    second = sleep(SECOND, [("mill", "1938", "Edda", "dark green. Its wheel turns in spring")], needed=50)
    third = sleep(THIRD, [("mill", "1938", "Edda", "dark green. Its wheel turns in autumn")], needed=50)
    for night in (second, third):
        (triaged,) = rows(night, "triage", Triaged)
        assert triaged.known == () and triaged.verdict == "persist"
        (row,) = rows(night, "carried", Carried)
        assert row.waiting == (0, 1, 2, 3)

    fourth = sleep(FOURTH, [("mill", "1938", "Edda", "dark green. Its wheel turns in winter")], needed=0)
    assert not rows(fourth, "carried", Carried)
    fifth = sleep(FIFTH, [("mill", "1938", "Edda", "dark green. Its wheel turns in summer")], needed=50)
    (triaged,) = rows(fifth, "triage", Triaged)
    assert triaged.known == (0, 1, 3), "what the fourth night taught"


def test_what_waited_and_was_taught_is_known(sleep):
    sleep(FIRST, [("mill", "1938", "Edda", "dark green")], needed=50)
    sleep(SECOND, [("quay", "1790", "Olin", "pale blue")], needed=0)
    third = sleep(THIRD, [("mill", "1938", "Edda", "dark green. Its wheel turns in autumn")], needed=0)
    (triaged,) = rows(third, "triage", Triaged)
    assert triaged.known == (0, 1, 3)
    assert DreamStep.read(third.workspace, THIRD).figures.sentences == 1, "what is known is not counted, nor costs"


def test_what_earlier_nights_left_that_a_night_reads_makes_it_dream_anew(sleep):
    sleep(FIRST, [("mill", "1938", "Edda", "dark green")], needed=50)
    second = sleep(SECOND, [("quay", "1790", "Olin", "pale blue")], needed=0)
    for dataset in ("corpus", "triage", "probes", "carried", "dreams", "unseen"):
        before = DreamStep().digest(second)
        with second.workspace.dataset(dataset, FIRST).open("a") as file:
            file.write("\n")
        assert DreamStep().digest(second) != before, dataset
    before = DreamStep().digest(second)
    for dataset in ("dreams", "unseen", "carried"):
        second.dataset(dataset).write_text("\n")
    assert DreamStep().digest(second) == before, "what it writes itself"
