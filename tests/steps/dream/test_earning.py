"""Two nights with a capable writer behind a server: dreamt, examined, and what was earned shifts the second night."""

from contextlib import nullcontext

import pytest

from steps.dream.passages import calibration_passages
from steps.dream.step import DreamStep
from steps.examine.learned import learned_by_writer
from steps.examine.step import ExamineFigures, ExamineStep
from steps.kinds.document.writers import writer_of
from steps.kinds.writing import RULES, Shares
from steps.night import Night, Told
from steps.records import Answer, Dream, Probe, Triaged, content_id
from steps.report.contents import _writers
from steps.workspace import read_records, write_records
from tests.readers import ReadingBase
from tests.replay import capable, replaying

FIRST, SECOND = "2026-11-22", "2026-11-23"
NAME = "instructed"


@pytest.fixture
def night(tiny_settings, workspace, monkeypatch):
    """A night of the calibration's own pages, as if they had come in; the base can read (a fake)."""

    class Reader(ReadingBase):
        sha256 = "reader"

    monkeypatch.setattr("steps.dream.dreaming.opened", lambda *_, **__: nullcontext(Reader()))
    with replaying(capable) as server:
        knobs = {"engine": "openai", "endpoint": server.url, "endpoint_model": "big"}
        dream = tiny_settings.dream.model_copy(update=knobs)

        def of(date):
            found = Night.of(tiny_settings.model_copy(update={"dream": dream}), workspace, date, lineage=Told())
            pages = [known.experience(date) for known in calibration_passages()]
            write_records(found.dataset("corpus"), pages)
            known = {"source": "x", "kind": "document", "verdict": "persist", "reason": "new"}
            write_records(found.dataset("triage"), [Triaged(experience=page.id, **known) for page in pages])
            write_records(found.dataset("probes"), [])
            return found

        of.server = server
        yield of


def answers(night, *, knows):
    """Tonight's held-out probes and what base and candidate said; ``knows``: the writers whose dreams were learned."""
    dreams = read_records(night.dataset("dreams"), Dream)
    by_fact = {
        (d.experience, str(d.verification.get("span"))): writer_of(d) for d in dreams if d.strategy == "question"
    }
    for probe in read_records(night.dataset("holdouts"), Probe):
        right = by_fact.get((probe.experience, probe.answers[0])) in knows
        same = {"probe": probe.id, "id": content_id(probe.id), "question": probe.question, "type": probe.type}
        same |= {"cohort": night.date, "source": probe.source, "condition": "closed", "answer": ""}
        yield Answer(**same, model="base", correct=False)
        yield Answer(**same, model="candidate", correct=right)


def share(figures, writer):
    return {row["shape"]: row["share"] for row in figures.writers if row["writer"] == writer}


def test_what_was_learned_decides_who_writes_the_next_night(night):
    first = night(FIRST)
    figures = DreamStep().run(first).figures
    dreams = read_records(first.dataset("dreams"), Dream)
    assert {writer_of(d) for d in dreams if d.strategy == "question"} == {RULES, NAME}
    assert "'instructed' writes prose" in figures.calibration
    assert 0.0 < share(figures, NAME)["prose"] < 1.0
    asked = len(night.server.seen)
    assert DreamStep().run(first).reused and len(night.server.seen) == asked, "a night that is done asks nobody"

    rows = learned_by_writer(first, answers(first, knows={NAME}))
    assert {row["writer"] for row in rows} == {RULES, NAME}
    assert all(row["learned"] == (row["probes"] if row["writer"] == NAME else 0) for row in rows)
    ExamineStep().vouch(first, ExamineFigures(learned_by_writer=rows))

    after = DreamStep().run(night(SECOND)).figures
    assert share(after, NAME)["prose"] > share(figures, NAME)["prose"] + 0.2
    assert after.calibration == figures.calibration, "measured once"
    shown = _writers({"dream": figures.model_dump(), "examine": {"learned_by_writer": rows}})
    assert any(row["learned"] and row["learned"].asked for row in shown)


def test_nothing_is_compared_where_only_the_rules_wrote(night, monkeypatch):
    found = night(FIRST)
    monkeypatch.setattr("steps.dream.dreaming.shared", lambda known, floor: Shares())
    DreamStep().run(found)
    assert learned_by_writer(found, answers(found, knows={RULES})) == []


def test_a_probe_of_the_owner_counts_for_whoever_wrote_about_its_fact_and_what_was_known_before_for_nobody(night):
    found = night(FIRST)
    DreamStep().run(found)
    dream = next(
        d for d in read_records(found.dataset("dreams"), Dream) if writer_of(d) == NAME and d.strategy == "question"
    )
    span = str(dream.verification["span"])
    known = {"id": "p", "night": FIRST, "question": dream.question.replace("?", ", please?"), "answers": (span,)}
    write_records(found.dataset("probes"), [Probe(**known, origin="owner", source=None, experience=None)])
    same = {"probe": "p", "id": "i", "question": known["question"], "type": "recall", "cohort": FIRST, "source": None}
    same |= {"condition": "closed", "answer": span}
    said = [Answer(**same, model="base", correct=False), Answer(**same, model="candidate", correct=True)]
    (row,) = learned_by_writer(found, said)
    assert (row["writer"], row["probes"], row["learned"]) == (NAME, 1, 1)
    before = [said[0].model_copy(update={"correct": True}), said[1]]
    assert learned_by_writer(found, before) == []
