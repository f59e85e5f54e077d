"""An inbox that is read on the cluster becomes the very same files; a process that is killed costs its batch."""

import json

import pytest

pytest.importorskip("ray", reason="the extra `ray` is not installed: make ray")

from steps.compute import reading
from steps.compute.reading import made_on_cluster
from steps.ingest.parsed import ParsedRecord
from steps.ingest.step import FILES, IngestStep
from steps.night import Night
from steps.workspace import Workspace, write_records
from tests.orchestration.test_night import FERRY, FIRST, PROBES
from tests.ray.deadly import DeadlyOnce

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def inbox(tmp_path):
    """Documents, lines of several kinds, a table, secrets, repetitions, and what cannot be read."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "ferry.md").write_text(FERRY + "\nThe password of the ferry is xK9#mQ2$vL5n, ask a.krann@example.org.\n")
    (folder / "copy.md").write_text(FERRY)
    (folder / "empty.md").write_text(" \n")
    (folder / "table.csv").write_text("ship,built\nAldis,1938\nBrenna,1941\n")
    lines = [json.dumps(probe) for probe in PROBES]
    lines += [json.dumps({"kind": "document", "title": f"Ship {n}", "text": f"It has {n} masts."}) for n in range(40)]
    lines += [lines[0], "not json", json.dumps({"kind": "nothing"})]
    talk = [{"role": "user", "content": "Who built her?"}, {"role": "assistant", "content": "Edda Krann."}]
    lines += [json.dumps({"kind": "conversation", "messages": talk}), json.dumps({"messages": talk})]
    (folder / "records.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def read(settings, workspace, inbox, date):
    """Ingest one night; return what it wrote, by name."""
    night = Night.of(settings, workspace, date, inbox=inbox)
    figures = IngestStep().run(night).figures
    found = {name: path.read_text() for name, path in zip(FILES, IngestStep().outputs(night), strict=True)}
    write_records(workspace.dataset("corpus", date), [])
    return found, figures


def test_the_very_same_files_on_the_cluster(tiny_settings, on_ray, tmp_path, inbox, monkeypatch):
    monkeypatch.setattr(reading, "_WORTH", 1)
    monkeypatch.setattr(reading, "_CHUNK", 30)
    here = read(tiny_settings, Workspace(tmp_path / "here"), inbox, FIRST)
    there = read(on_ray, Workspace(tmp_path / "there"), inbox, FIRST)
    assert there == here
    assert here[1].outcomes["accepted"] > 40 and here[1].outcomes["duplicate"] and here[1].outcomes["quarantined"] == 3
    assert here[1].redactions["secret"] and here[1].redactions["email"]


def test_a_process_that_is_killed_costs_its_batch(on_ray, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_WORTH", 1)
    marker = tmp_path / "killed"
    records = [ParsedRecord("a.md", n, later=DeadlyOnce(n, n == 7, str(marker))) for n in range(20)]
    made = list(made_on_cluster(records, on_ray.compute, night=FIRST, max_chars=1000))
    assert marker.exists() and [parsed.record for parsed, _ in made] == list(range(20))
    assert all(parsed.rule == "ignored" for parsed, _ in made)
