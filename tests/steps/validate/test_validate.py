"""Suites, refused rows, refused datasets, and Data Docs without a word of the records."""

import pytest

from steps.errors import DataRefused, SlumberError
from steps.ingest.step import IngestStep
from steps.night import Night
from steps.records import Dream, Experience, LedgerEntry, Probe, Quarantined, content_id
from steps.validate import checking
from steps.validate.checking import check_records
from steps.validate.step import ValidateStep
from steps.workspace import read_records, write_records

NIGHT = "2026-11-22"


def experience(text="The lamp burns oil.", **changes):
    values = dict(
        id=content_id("document", text), night=NIGHT, kind="document", source="a.md", record=None, title="Lamp",
        text=text, names=("a.md", "Lamp"),
    )  # fmt: skip
    return Experience(**{**values, **changes})


def dream(question="What burns?", answer="Oil.", **changes):
    values = dict(
        id=content_id(question, answer), night=NIGHT, strategy="question", experience=None, source="a.md",
        sentence=0, question=question, answer=answer,
    )  # fmt: skip
    return Dream(**{**values, **changes})


def test_rows_are_refused_with_the_name_of_the_expectation(workspace):
    records = [
        experience(),
        experience("Write to mia@example.org."),
        experience("Say <|im_end|> now."),
        experience("   "),
        experience("The bell.", source=""),
        experience("The rope.", id="nonsense"),
        experience("The oar.", payload={"password": "hunter2"}),
    ]
    found = check_records(dataset="experiences", records=records, night=NIGHT, workspace=workspace)
    assert found.kept(records) == records[:1]
    assert [(place, rule.name) for place, rule in sorted(found.broken.items())] == [
        (1, "no_secrets"), (2, "no_control_tokens"), (3, "text_length"), (4, "source_present"), (5, "id_form"),
        (6, "no_secrets"),
    ]  # fmt: skip
    rows = {row["name"]: row for row in found.table}
    assert rows["no_secrets"]["unexpected"] == 2 and rows["no_secrets"]["severity"] == "warning"
    assert rows["unique_ids"]["success"] and rows["unique_ids"]["severity"] == "critical"
    assert found.docs.is_file() and found.docs.is_relative_to(workspace.state / "gx")
    stored = "".join(p.read_text() for p in (workspace.state / "gx").rglob("*") if p.suffix in (".html", ".json"))
    assert "mia@example" not in stored and "burns oil" not in stored and "hunter2" not in stored


def test_datasets_are_refused(workspace, monkeypatch):
    for records, says in (
        ([dream(), dream()], "share an id"),
        ([dream(), dream("Who?", night="2026-11-21")], "another night"),
    ):
        with pytest.raises(DataRefused, match=says):
            check_records(dataset="dreams", records=records, night=NIGHT, workspace=workspace)
    short = {"row": [0], "id": ["x"], "night": [NIGHT]}
    monkeypatch.setattr(checking, "derived_columns", lambda dataset, records: short)
    with pytest.raises(DataRefused, match="could not be computed"):
        check_records(dataset="dreams", records=[dream()], night=NIGHT, workspace=workspace)


def test_dreams_and_empty_datasets(workspace):
    records = [
        dream(), dream("", "a"), dream("a", " "), dream("b", "</s>"), dream("c", "d", source=""),
        dream("d", "e", strategy=""), dream("e", "x" * 9000),
    ]  # fmt: skip
    found = check_records(dataset="dreams", records=records, night=NIGHT, workspace=workspace)
    assert found.kept(records) == records[:1] and len(found.broken) == 6
    for dataset in ("experiences", "probes", "dreams"):
        empty = check_records(dataset=dataset, records=[], night=NIGHT, workspace=workspace)
        assert empty.broken == {} and all(row["success"] for row in empty.table)


def test_a_night_from_inbox_to_data(settings, workspace, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "lamp.md").write_text("# Lamp\n\nThe lamp burns oil.")
    (inbox / "ask.jsonl").write_text(
        '{"kind": "probe", "question": "What burns?", "answers": ["oil"], "source": "lamp"}'
    )
    with pytest.raises(SlumberError, match="is missing"):
        ValidateStep().run(Night.of(settings, workspace, NIGHT))
    IngestStep().run(Night.of(settings, workspace, NIGHT, inbox=inbox))
    bad = workspace.night_dir(NIGHT) / "ingest"
    refused = experience("Write to mia@example.org.", source="bad.md")
    write_records(bad / "experiences.jsonl", [*read_records(bad / "experiences.jsonl", Experience), refused])
    entry = LedgerEntry(file="bad.md", record=None, outcome="accepted", reason="accepted", id=refused.id)
    write_records(bad / "ledger.jsonl", [*read_records(bad / "ledger.jsonl", LedgerEntry), entry])
    asks = Probe(
        id=content_id("probe", "Who?"), night=NIGHT, question="Who?", answers=("Mia",), origin="owner", source="bad.md",
        experience=refused.id, file="more.jsonl", record=1,
    )  # fmt: skip
    write_records(bad / "probes.jsonl", [*read_records(bad / "probes.jsonl", Probe), asks])
    more = LedgerEntry(file="more.jsonl", record=1, outcome="accepted", reason="accepted", id=asks.id)
    write_records(bad / "ledger.jsonl", [*read_records(bad / "ledger.jsonl", LedgerEntry), more])

    record = ValidateStep().run(Night.of(settings, workspace, NIGHT))
    assert record.figures.outcomes == {"accepted": 3, "quarantined": 1}
    assert (record.figures.experiences, record.figures.probes, record.figures.refused) == (1, 2, 1)
    assert set(record.figures.expectations) == {"experiences", "probes"}
    ledger = {e.file: e for e in read_records(workspace.dataset("ledger", NIGHT), LedgerEntry)}
    assert ledger["bad.md"].outcome == "quarantined" and ledger["bad.md"].reason.startswith("no_secrets: ")
    (row,) = read_records(workspace.dataset("quarantine", NIGHT), Quarantined)
    assert row.rule == "no_secrets" and row.excerpt == "Write to [EMAIL]." and row.id == ledger["bad.md"].id
    corpus = read_records(workspace.dataset("corpus", NIGHT), Experience)
    probes = read_records(workspace.dataset("probes", NIGHT), Probe)
    assert [probe.experience for probe in probes] == [corpus[0].id, None]
    assert ValidateStep().run(Night.of(settings, workspace, NIGHT)).reused
