"""A kind of experience is one module: entered in the table it is read, checked, learned, examined and shown."""

import json
from typing import Literal

import pytest

from steps.errors import SlumberError
from steps.kinds.entry import Entry, Text
from steps.kinds.kind import Kind, Shown
from steps.kinds.table import KINDS
from steps.lifecycle import step_of
from steps.night import Night, Told
from steps.records import DREAM_SCHEMA, Dream, content_id
from steps.report.page import report
from steps.workspace import read_records

NIGHT = "2026-11-22"
TOYS = [("ball", "red"), ("kite", "blue"), ("top", "green")]


class ToyEntry(Entry):
    kind: Literal["toy"]
    toy: Text
    colour: Text


class Toy(Kind):
    name = "toy"
    entry = ToyEntry

    def shown(self, entry, cleaning):
        text = cleaning.redacted(cleaning.bounded(f"The {entry.toy} is {entry.colour}."))
        return Shown(f"The {entry.toy}", text, {"colour": entry.colour})

    def lessons(self, experiences, dreaming):
        found = []
        for toy in experiences:
            for question in (f"What colour is {toy.title}?", f"Say which colour {toy.title} has, please."):
                known = {"experience": toy.id, "source": toy.source, "sentence": 0, "night": dreaming.night}
                known |= {"strategy": "question", "verification": {"span": toy.payload["colour"]}}
                found.append(Dream(id=content_id(question), question=question, answer=toy.text, **known))
            chat = ({"role": "system", "content": "Be kind."}, {"role": "user", "content": f"May I have {toy.title}?"})
            known |= {"strategy": "toy", "verification": {}, "messages": chat, "objective": "prefer"}
            asked = {"question": chat[1]["content"], "answer": "Yes, of course.", "rejected": "No."}
            found.append(Dream(id=content_id("kind", toy.title), **known, **asked))
        return found


@pytest.fixture
def night(tiny_settings, workspace, tmp_path, monkeypatch):
    monkeypatch.setitem(KINDS, "toy", Toy())
    (tmp_path / "inbox").mkdir()
    lines = [json.dumps({"kind": "toy", "toy": toy, "colour": colour}) for toy, colour in TOYS]
    (tmp_path / "inbox" / "toys.jsonl").write_text("\n".join([*lines, json.dumps({"kind": "toy", "toy": "doll"})]))
    return Night.of(tiny_settings, workspace, NIGHT, inbox=tmp_path / "inbox", lineage=Told())


def test_a_kind_is_read_learned_examined_and_shown_without_another_line(night, workspace, settings):
    figures = {name: step_of(name).run(night).figures for name in ("ingest", "validate", "triage", "dream")}
    assert figures["ingest"].kinds == {"toy": 3} and figures["ingest"].outcomes["quarantined"] == 1
    assert figures["triage"].verdicts == {"persist": 3} and figures["triage"].waits == 0
    assert figures["dream"].documents == 3 and figures["dream"].held_out > 0
    assert figures["dream"].strategies["toy"] == 3

    trained = step_of("consolidate").run(night).figures
    assert trained.examples - trained.rehearsal_examples >= 9, "each preference is a pair"
    examined = step_of("examine").run(night).figures
    assert examined.probes["candidate/closed"][1] == examined.probes["candidate/open"][1] > 0
    page = report(settings=settings, workspace=workspace, night=NIGHT, steps=["ingest"]).read_text()
    assert "The ball" in page and "toys.jsonl" in page


def test_dreams_say_which_schema_they_have(night, workspace, tmp_path):
    for name in ("ingest", "validate", "triage", "dream"):
        step_of(name).run(night)
    path = workspace.dataset("dreams", NIGHT)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["schema_version"] for line in lines} == {DREAM_SCHEMA}

    first = {key: value for key, value in lines[-1].items() if key not in ("messages", "objective", "rejected")}
    first.pop("schema_version")
    path.write_text(json.dumps(first) + "\n")
    assert read_records(path, Dream)[0].question == lines[-1]["question"], "an earlier version wrote it"
    path.write_text(json.dumps(first | {"schema_version": DREAM_SCHEMA + 1}) + "\n")
    with pytest.raises(SlumberError, match="newer than this Slumber"):
        read_records(path, Dream)
