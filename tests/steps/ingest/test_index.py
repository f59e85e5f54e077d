"""The index: what is known is looked up, whatever happened to it, and no earlier night is read again."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from steps.deployment_key import key_path
from steps.errors import SlumberError
from steps.ingest import index, intake
from steps.ingest import prepare as preparing
from steps.ingest.index import forget_in_index, update_index
from steps.ingest.index_file import index_path, opened_index
from steps.ingest.step import IngestStep
from steps.night import Night
from steps.records import Experience, LedgerEntry, Probe
from steps.validate.step import DATASETS
from steps.workspace import read_records, write_records

FIRST, SECOND, THIRD, LATER = "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-09"


@pytest.fixture
def key(settings, workspace):
    path = key_path(settings, workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("k" * 64)
    return path


@pytest.fixture
def run(settings, workspace, tmp_path):
    """Return a function that ingests pages (by file name; a list is lines of JSONL) and keeps what was accepted."""

    def run(night, **pages):
        inbox = tmp_path / "inbox" / night
        inbox.mkdir(parents=True, exist_ok=True)
        for old in inbox.iterdir():
            old.unlink()
        for name, content in pages.items():
            lines = isinstance(content, list)
            path = inbox / f"{name}.{'jsonl' if lines else 'md'}"
            path.write_text("\n".join(map(json.dumps, content)) if lines else content)
            os.utime(path, (1, 1))
        IngestStep().run(Night.of(settings, workspace, night, inbox=inbox))
        folder = workspace.night_dir(night) / "ingest"
        for name, file in zip(DATASETS, ("experiences", "probes", "ledger", "quarantine"), strict=True):
            path = workspace.dataset(name, night)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((folder / f"{file}.jsonl").read_bytes())
        ledger = read_records(folder / "ledger.jsonl", LedgerEntry)
        return {f"{row.file} {row.record or ''}".strip(): row for row in ledger}

    return run


@pytest.fixture
def files_read(monkeypatch):
    """The nights' files that the index reads, in order."""
    read, found = index._read, []

    def told(tables, name, night, path):
        found.append((name, night))
        read(tables, name, night, path)

    monkeypatch.setattr(index, "_read", told)
    return found


@pytest.fixture
def prepared(monkeypatch):
    """The files of the records that were read and redacted."""
    prepare, found = preparing.prepare, []

    def told(parsed, **how):
        found.append(parsed.file)
        return prepare(parsed, **how)

    monkeypatch.setattr(preparing, "prepare", told)
    return found


def outcomes(rows):
    return [row.outcome for row in rows.values()]


def speed(limit):
    return f"# Speed on the quay\n\nThe limit on the quay is {limit} kilometres an hour."


CRANE = "# Crane\n\nThe crane lifts 9 tonnes."


def test_each_earlier_night_is_read_once(run, files_read, workspace):
    run(FIRST, crane=CRANE)
    run(SECOND, crane=CRANE, speed=speed(40))
    assert set(files_read) == {("corpus", FIRST), ("probes", FIRST)}
    run(THIRD, crane=CRANE, speed=speed(40))
    assert len(files_read) == 4 and {night for _, night in files_read} == {FIRST, SECOND}
    for name in ("corpus", "probes"):  # a copy that was brought back: other times, the same words
        os.utime(workspace.dataset(name, FIRST), (5, 5))
    assert outcomes(run(LATER, crane=CRANE, speed=speed(40))) == ["duplicate", "duplicate"]
    assert files_read[4:] == [("corpus", THIRD), ("probes", THIRD)]


def test_what_goes_back_is_new_each_time_and_what_stays_is_not_read_again(run, key, prepared):
    told = [
        run(night, crane=CRANE, speed=speed(n))["speed.md"]
        for night, n in zip((FIRST, SECOND, THIRD), (40, 41, 40), strict=True)
    ]
    assert [row.outcome for row in told] == ["accepted"] * 3
    assert prepared.count("crane.md") == 1, "a record that came before as it is is known before it is read"
    rows = run(LATER, crane=CRANE, speed=speed(40))
    assert outcomes(rows) == ["duplicate", "duplicate"] and prepared.count("speed.md") == 3
    assert rows["speed.md"].reason == f"the same as speed.md of {THIRD}"


def test_lines_are_known_one_by_one_and_in_their_own_file(run, key, prepared):
    lines = [{"kind": "document", "title": f"Boat {n}", "text": f"Boat {n} has {n} oars."} for n in range(4)]
    run(FIRST, boats=lines)
    rows = run(SECOND, boats=[*lines[2:], {**lines[0], "text": "Boat 0 has 9 oars."}], other=lines[:1])
    assert outcomes(rows) == ["duplicate", "duplicate", "accepted", "duplicate"]
    assert prepared[4:] == ["boats.jsonl", "other.jsonl"]
    assert rows["boats.jsonl 1"].reason == f"the same as boats.jsonl line 3 of {FIRST}"


def test_probes_that_go_back_are_asked_again(run, key):
    def ask(answer, source="speed.md"):
        return {"kind": "probe", "question": "How fast?", "answers": [answer], "source": source}

    mill = ask("7", "mill.md")
    rows = [run(n, speed=speed(a), ask=[ask(a), mill]) for n, a in ((FIRST, "40"), (SECOND, "41"), (THIRD, "40"))]
    assert [row["ask.jsonl 1"].outcome for row in rows] == ["accepted"] * 3
    assert [row["ask.jsonl 2"].outcome for row in rows] == ["accepted", "duplicate", "duplicate"]
    assert run(LATER, ask=[ask("40"), ask("40", None)])["ask.jsonl 2"].outcome == "duplicate"


def test_a_probe_names_what_an_earlier_night_met(run, workspace):
    same = {"kind": "document", "title": "Mill", "text": "The mill is old."}
    run(FIRST, crane=CRANE, a=[same], b=[{**same, "text": "The mill is red.", "title": "Mill "}])
    asks = [("Crane", "How much?"), ("CRANE.md", "What weight?"), ("mill", "How old?")]
    run(SECOND, ask=[{"kind": "probe", "question": q, "answers": ["9"], "source": s} for s, q in asks])
    (crane,) = [e for e in read_records(workspace.dataset("corpus", FIRST), Experience) if e.source == "crane.md"]
    named = [probe.experience for probe in read_records(workspace.dataset("probes", SECOND), Probe)]
    assert named == [crane.id, crane.id, None], "two things of one name: neither is meant"


def test_it_is_made_again_if_it_is_lost_damaged_or_of_another_version(run, key, workspace):
    run(FIRST, crane=CRANE, speed=speed(40))
    run(SECOND, crane=CRANE, speed=speed(41))
    path, wanted = index_path(workspace), ["duplicate", "duplicate"]
    assert path.stat().st_mode & 0o077 == 0

    def other_version():
        with opened_index(workspace) as tables:
            tables.connection.execute("UPDATE meta SET value = '0' WHERE name = 'version'")

    def another_program():
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE notes (text)")

    harms = (
        path.unlink,
        lambda: path.write_bytes(b"no database at all, " * 500),
        lambda: path.write_bytes(path.read_bytes()[:5000]),
        lambda: path.write_bytes(b""),
        other_version,
        another_program,
    )
    for day, harm in enumerate(harms, start=10):
        harm()
        assert outcomes(run(f"2026-03-{day}", crane=CRANE, speed=speed(41))) == wanted, day


def test_damage_that_shows_in_the_middle_is_told_and_mended(run, workspace, monkeypatch):
    run(FIRST, crane=CRANE)

    def break_off(*_, **__):
        raise sqlite3.DatabaseError("database disk image is malformed")

    with monkeypatch.context() as patch:
        patch.setattr(intake.Met, "match", break_off)
        with pytest.raises(SlumberError, match="was damaged and is removed"):
            run(SECOND, crane=CRANE)
    assert not index_path(workspace).exists() and not (workspace.night_dir(SECOND) / "ingest" / "ledger.jsonl").exists()
    assert outcomes(run(SECOND, crane=CRANE)) == ["duplicate"]


KILLED = """
import os, signal, sys
from pathlib import Path
from steps.ingest import index, tables
from steps.workspace import Workspace
add, left = tables.Tables.add, int(sys.argv[2])
def last(self, *args, **how):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return add(self, *args, **how)
tables.Tables.add = last
index.update_index(Workspace(Path(sys.argv[1])), until="2026-12-31")
"""


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_kill_while_it_is_made_leaves_no_half_of_a_night(run, workspace, after):
    run(FIRST, crane=CRANE, speed=speed(40))
    run(SECOND, crane=CRANE, speed=speed(41), boat="# Boat\n\nThe boat is blue.")
    index_path(workspace).unlink()
    child = subprocess.run([sys.executable, "-c", KILLED, str(workspace.root), str(after)], cwd=os.getcwd())
    assert child.returncode == -9
    with opened_index(workspace) as tables:
        nights = {night for (night,) in tables.connection.execute("SELECT DISTINCT night FROM versions")}
        whole = {night for (night,) in tables.connection.execute("SELECT night FROM files WHERE dataset = 'corpus'")}
    assert nights == whole
    rows = run(THIRD, crane=CRANE, speed=speed(41), boat="# Boat\n\nThe boat is blue.")
    assert outcomes(rows) == ["duplicate"] * 3


def test_a_night_that_was_killed_after_its_corpus_was_written_is_read_once_more(run, workspace, files_read):
    run(FIRST, crane=CRANE)
    update_index(workspace, until=FIRST)
    corpus = workspace.dataset("corpus", FIRST)
    write_records(corpus, [])  # run again on another inbox, and killed before the index knew
    assert outcomes(run(SECOND, crane=CRANE)) == ["accepted"]
    assert files_read.count(("corpus", FIRST)) == 2


def test_a_night_of_an_earlier_date_sees_only_what_was_before_it(run, key):
    run(FIRST, speed=speed(40))
    run(THIRD, speed=speed(42), crane=CRANE)
    rows = run(SECOND, speed=speed(40), crane=CRANE)
    assert (rows["speed.md"].outcome, rows["crane.md"].outcome) == ("duplicate", "accepted")
    run(SECOND, speed=speed(42))
    assert run(THIRD, speed=speed(42), crane=CRANE)["speed.md"].reason == f"the same as speed.md of {SECOND}"


def test_a_night_that_is_gone_is_known_no_more(run, key, workspace):
    run(FIRST, crane=CRANE)
    run(SECOND, crane=CRANE)
    for name in DATASETS:
        workspace.dataset(name, FIRST).unlink()
    assert outcomes(run(THIRD, crane=CRANE)) == ["accepted"]


def test_what_was_forgotten_leaves_no_trace_in_it(run, key, workspace, files_read):
    run(FIRST, crane=CRANE, speed=speed(40))
    run(SECOND, boat="# Boat\n\nThe boat is blue.")
    update_index(workspace, until=SECOND)
    corpus = workspace.dataset("corpus", FIRST)
    crane, kept = read_records(corpus, Experience)
    assert crane.id.encode() in index_path(workspace).read_bytes()
    write_records(corpus, [kept])
    forget_in_index(workspace, {crane.id})
    assert crane.id.encode() not in index_path(workspace).read_bytes()
    assert not index_path(workspace).with_name("index.db-journal").exists()
    with opened_index(workspace) as tables:
        assert tables.connection.execute("SELECT count(*) FROM seen").fetchone() == (2,)
    assert files_read.count(("corpus", SECOND)) == 1, "only what the request changed is read again"
    assert outcomes(run(THIRD, speed=speed(40), crane=CRANE)) == ["accepted", "duplicate"]


def test_hashes_of_raw_records_are_keyed_and_go_with_key_settings_and_code(run, key, settings, workspace, monkeypatch):
    def seen():
        with opened_index(workspace) as tables:
            return {raw for (raw,) in tables.connection.execute("SELECT raw FROM seen")}

    run(FIRST, crane=CRANE)
    first = seen()
    assert len(first) == 1
    key.write_text("q" * 64)
    run(SECOND, crane=CRANE)
    assert len(seen()) == 1 and not seen() & first
    second = seen()
    monkeypatch.setattr("steps.ingest.seen.code_sha256", lambda module: "another")
    run(THIRD, speed=speed(40))
    assert len(seen()) == 1 and not seen() & second, "what other code made of a record is not known"
    key.unlink()
    run(LATER, crane=CRANE, boat="# Boat\n\nThe boat is blue.")
    assert len(seen()) == 1, "without a key nothing is kept"


def test_an_older_page_replaces_nothing_and_two_titles_are_two(run, key):
    def page(text, day, title="Lock"):
        return {"kind": "document", "title": title, "text": text, "created_at": day}

    run(FIRST, lock=[page("It is 14 feet deep.", "2026-02-20")])
    rows = run(
        SECOND,
        backup=[page("It is 11 feet deep.", "2019-06-01")],
        twin=[page("It is 14 feet deep.", "2026-02-20", "Weir")],
    )
    assert outcomes(rows) == ["ignored", "accepted"] and rows["backup.jsonl 1"].reason.startswith(
        "older than lock.jsonl line 1 of"
    )
    assert run(THIRD, lock=[page("It is 15 feet deep.", "2026-03-03")])["lock.jsonl 1"].outcome == "accepted"


def test_two_pages_of_one_title_are_two_and_an_old_state_of_a_page_that_moved_is_one(run, key):
    def minutes(said, day):
        return f"---\ndate: {day}\n---\n# Minutes\n\nPresent were Ida and Wim. {said}"

    new, old = "The mill is sold. The weir is kept. Ida signs.", "The lock is shut. The ford is deep. Wim pays."
    rows = run(FIRST, b=minutes(new, "2026-02-09"), c=minutes(old, "2026-02-02"))
    assert outcomes(rows) == ["accepted", "accepted"] and not any("updates" in row.reason for row in rows.values())
    rows = run(
        SECOND,
        b=minutes(new.replace("sold", "let"), "2026-02-01"),
        copy=minutes(new.replace("sold", "let"), "2026-02-03"),
        c=minutes(old.replace("Wim", "Ida"), "2026-02-20"),
    )
    assert {file: row.outcome for file, row in rows.items()} == {
        "b.md": "ignored",
        "copy.md": "ignored",
        "c.md": "accepted",
    }
    assert "updates" in rows["c.md"].reason and "older than b.md" in rows["copy.md"].reason


def test_a_page_that_a_second_file_says_too_stays_known(run, key):
    run(FIRST, a=CRANE, b=CRANE)
    assert outcomes(run(SECOND, a="# Crane\n\nThe crane lifts 8 tonnes.", b=CRANE)) == ["accepted", "duplicate"]
