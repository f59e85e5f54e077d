"""Demonstrations are learned turn by turn, held out whole, and judged by their suite."""

import pytest

from steps.examine.reading import read_examination
from steps.lifecycle import step_of
from steps.night import Night, Told
from steps.records import Dream
from steps.workspace import read_records
from tests.steps.kinds.shown import called, demonstration, inbox

NIGHT = "2026-11-22"
TO_GATE = ("ingest", "validate", "triage", "dream", "consolidate", "examine", "gate", "rescue")


@pytest.fixture
def settings_of_kinds(tiny_settings):
    knobs = {"epochs": 12, "learning_rate": 0.02, "rank": 8}
    consolidate = tiny_settings.consolidate.model_copy(update=knobs)
    night = tiny_settings.night.model_copy(update={"wait": True})
    return tiny_settings.model_copy(update={"consolidate": consolidate, "night": night})


def slept(night, *names):
    return {name: step_of(name).run(night).figures for name in names}


def test_a_night_of_demonstrations_is_learned_and_its_suite_says_so(settings_of_kinds, workspace, tmp_path):
    lines = [*(demonstration(n) for n in range(16)), *(called(n) for n in range(8))]
    night = Night.of(settings_of_kinds, workspace, NIGHT, inbox=inbox(tmp_path / "in", shown=lines), lineage=Told())
    figures = slept(night, *TO_GATE)
    assert figures["triage"].verdicts == {"persist": 24} and figures["triage"].waits == 0
    assert figures["dream"].unseen["demonstrations"] >= 5 and figures["dream"].lessons["demonstration"] > 16
    assert figures["consolidate"].tokens_by_kind["demonstration"] > figures["consolidate"].examples

    unseen = {d.experience for d in read_records(night.dataset("unseen"), Dream)}
    taught = {d.experience for d in read_records(night.dataset("dreams"), Dream) if not d.rehearsal}
    assert unseen and not unseen & taught, "held out whole"
    rows = read_examination(night.folder / "examination").kinds
    assert {row.model for row in rows} == {"base", "champion", "candidate", "shuffled"}

    verdict = {line.split(":")[0]: line for line in figures["gate"].reasons}
    assert "learned tonight" not in verdict, "no fact was taught"
    assert "nats per token (at least +" in verdict["demonstrations"], figures["gate"].reasons
    assert "refused all that was planted" in verdict["the gate itself"]
