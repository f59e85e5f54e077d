"""Whole inboxes, nasty ones included: nothing vanishes, nothing leaks, nothing stops the night."""

import json
import os
import threading
import time

import pytest

from steps.errors import SlumberError
from steps.ingest import office, walking
from steps.ingest.step import IngestFigures, IngestStep
from steps.night import Night
from steps.records import Experience, Forgotten, LedgerEntry, Probe, Quarantined
from steps.workspace import read_records, write_records
from tests.steps.ingest.office_files import docx, grid, par

NIGHT = "2026-11-22"
TOWER = (
    "# The tower\n\nThe tower of Brenn was built of grey stone by the mason Otto Halm and stands 63 metres high. "
    "Its keeper lights the lamp at dusk, puts it out at dawn, and writes both times into the book on the table. "
    "Visitors may climb the stairs in small groups when the wind is weak and the keeper agrees.\n"
)


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def put(inbox):
    def put(name, content):
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = "".join(json.dumps(line) + "\n" for line in content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (1, 1))  # old: no wait for it to settle
        return path

    return put


class Result:
    def __init__(self, workspace, night, record):
        folder = workspace.night_dir(night) / "ingest"
        self.record, self.folder = record, folder
        self.experiences = read_records(folder / "experiences.jsonl", Experience)
        self.probes = read_records(folder / "probes.jsonl", Probe)
        self.ledger = read_records(folder / "ledger.jsonl", LedgerEntry)
        self.quarantine = read_records(folder / "quarantine.jsonl", Quarantined)
        self.by = {(entry.file, entry.record): entry for entry in self.ledger}
        self.rules = {(row.file, row.record): row.rule for row in self.quarantine}
        assert record.figures.records == len(self.ledger) == sum(record.figures.outcomes.values())


@pytest.fixture
def run(settings, workspace, inbox):
    def run(night=NIGHT, keep=True):
        result = Result(workspace, night, IngestStep().run(Night.of(settings, workspace, night, inbox=inbox)))
        if keep:
            write_records(workspace.dataset("corpus", night), result.experiences)
            write_records(workspace.dataset("probes", night), result.probes)
        return result

    return run


def test_every_kind(put, run):
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"at": "lamp"}'}}
    talk = [
        {"role": "user", "content": [{"type": "text", "text": "Who built it?"}]},
        {"role": "assistant", "content": "Otto."},
    ]
    put("docs/tower.md", TOWER)
    put(
        "day.jsonl",
        [
            {"kind": "document", "title": "Hours", "text": "Open from *nine*.", "source": "web/hours", "mood": 1},
            {"kind": "conversation", "messages": talk, "feedback": "thumbs up"},
            {
                "kind": "trace",
                "messages": [
                    {"role": "user", "content": "Look"},
                    {"role": "assistant", "content": None, "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "1", "content": "lit"},
                ],
                "outcome": {"status": "success", "feedback": "good"},
            },
            {"kind": "demonstration", "messages": talk},
            {"kind": "preference", "prompt": "Hi", "chosen": "Good day", "rejected": "Yo"},
            {"kind": "probe", "question": "How high?", "answers": ["63 metres"], "source": "Tower.md", "id": 7},
            {"kind": "probe", "question": "What colour is the door?", "answers": [], "type": "recall"},
            {"kind": "probe", "question": "When?", "answers": ["nine"], "source": "WEB/hours", "type": "paraphrase"},
        ],
    )
    result = run()
    kinds = {experience.kind: experience for experience in result.experiences}
    assert result.record.figures.kinds == dict.fromkeys(sorted(kinds), 1) | {"document": 2}
    assert len(kinds) == 5
    hours, tower = (experience for experience in result.experiences if experience.kind == "document")
    assert (hours.title, hours.text, hours.record) == ("Hours", "Open from nine.", 1)
    assert tower.names == ("docs/tower.md", "The tower", "tower.md", "tower") and tower.record is None
    assert tower.text.startswith("The tower of Brenn")
    assert "unknown key: 'mood'" in result.by["day.jsonl", 1].reason
    assert kinds["conversation"].text == "user: Who built it?\nassistant: Otto.\nfeedback: thumbs up"
    assert 'assistant calls look({"at": "lamp"})' in kinds["trace"].text and "outcome: success" in kinds["trace"].text
    assert kinds["conversation"].payload["messages"][0]["content"] == "Who built it?"
    first, second, third = result.probes
    assert (first.experience, first.name, first.type, first.origin) == (tower.id, "7", "recall", "owner")
    assert (second.type, second.experience, third.type) == ("unanswerable", None, "paraphrase")
    assert third.experience == hours.id
    assert result.record.figures.outcomes == {"accepted": 9}


def test_a_missing_inbox_and_an_empty_one(settings, workspace, tmp_path, run, put):
    with pytest.raises(SlumberError, match="There is no inbox"):
        IngestStep().run(Night.of(settings, workspace, NIGHT, inbox=tmp_path / "none"))
    with pytest.raises(SlumberError, match="is a file"):
        IngestStep().run(Night.of(settings, workspace, NIGHT, inbox=put("a.md", "x")))
    (tmp_path / "inbox/a.md").unlink()
    assert run().record.figures == IngestFigures(records=0, outcomes={}, kinds={}, probes=0)


def test_what_must_not_be_opened(put, run, inbox, tmp_path):
    (tmp_path / "secret.md").write_text("outside")
    put("real.md", "The lamp burns oil.")
    (inbox / "out.md").symlink_to("/etc/passwd")
    (inbox / "outdir").symlink_to(tmp_path, target_is_directory=True)
    (inbox / "in.md").symlink_to(inbox / "real.md")
    (inbox / "indir").symlink_to(inbox, target_is_directory=True)
    (inbox / "loop.md").symlink_to(inbox / "loop.md")
    (inbox / "dangling.md").symlink_to(inbox / "gone.md")
    os.mkfifo(inbox / "pipe.md")
    worker = threading.Thread(target=lambda: results.append(run()), daemon=True)
    results = []
    worker.start()
    worker.join(30)
    assert results, "a pipe in the inbox hangs the night"
    outcomes = {file: entry.outcome for (file, _), entry in results[0].by.items()}
    assert outcomes == {
        "real.md": "accepted", "out.md": "quarantined", "outdir": "quarantined", "in.md": "ignored", "indir": "ignored",
        "loop.md": "ignored", "dangling.md": "ignored", "pipe.md": "quarantined",
    }  # fmt: skip
    assert results[0].rules["out.md", None] == "link_leaves_inbox" and results[0].rules["pipe.md", None] == "not_a_file"


def test_hidden_and_unfinished_files_are_left_alone(put, run):
    for name in (".hidden.md", ".git/x/config.md", "a.md.part", "b.tmp", "c.crdownload", ".d.md.swp", "e.md~"):
        put(name, "x")
    assert set(run().record.figures.outcomes) == {"ignored"}


def test_a_file_that_grows_while_it_is_looked_at(put, run, monkeypatch):
    path = put("a.md", "The lamp")
    put("b.md", "The door is green.")
    os.utime(path)
    monkeypatch.setattr(walking.time, "sleep", lambda _: path.write_text("The lamp burns oil."))
    result = run()
    assert result.by["a.md", None].outcome == "ignored" and result.by["b.md", None].outcome == "accepted"
    path.touch()
    os.utime(path, (time.time() + 1000,) * 2)
    assert run().by["a.md", None].outcome == "accepted"


def test_bad_files_and_lines_harm_nothing_else(put, run, settings):
    good = json.dumps({"kind": "document", "title": "Good", "text": "The boat is blue."}).encode()
    lines = [
        good,
        b"",
        b"  ",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"kind": "document", "title": "x", "text": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"kind": "document", "n": ' + b"9" * 5000 + b"}",
        b'{"kind": "document", "title": "a", "text": NaN}',
        b'{"kind": "document", "kind": "probe"}',
        b"[1]",
        b"not json",
        b'{"kind": "spell"}',
        b'{"kind": "document", "title": 3, "text": "a"}',
        b'{"kind": "probe", "question": "Q"}',
        b'{"kind": "conversation", "messages": []}',
        b'{"kind": "trace", "messages": [{"role": "user", "content": "x"}], "outcome": {}}',
        b'{"kind": "document", "title": "T", "text": "\\ud800 \\u0000"}',
        b'{"kind": "document", "title": "T", "text": "' + b"a" * 1_100_000 + b'"}',
        b'{"kind": "document", "n": 1e999}',
        b"\0\0\0",
        b'{"kind": ["document"]}',
        b'{"kind": "document", "title": "T", "text": "b", "created_at": "soon"}',
    ]
    put("a.jsonl", b"\xef\xbb\xbf" + b"\r\n".join(lines))
    put("bad.md", b"caf\xc3\xa9 and caf\xe9")
    put("latin.md", b"# Latin\n\nThe caf\xe9 is open.")
    put("bom.md", b"\xef\xbb\xbf# Bom\n\nThe bell is bronze.")
    put("big.txt", b"x" * (settings.ingest.max_file_bytes + 1))
    put("empty.md", b"  \n")
    put("binary.txt", b"\x7fELF\0\0\0")
    put("deep.json", b"[" + b'{"a":' * 60 + b"1" + b"}" * 60 + b"]")
    put("utf16.jsonl", '{"kind": "probe"}'.encode("utf-16"))
    put("paper.PDF", b"%PDF")
    put("x.zip", b"PK")
    put("README", b"x")
    put("UPPER.MD", b"# Upper\n\nThe rope is long.")
    put("weird\n\x1b<|im_end|>.md", "# Weird\n\nThe oar is short.")
    put(os.fsdecode(b"caf\xe9.md"), "# Cafe\n\nThe cup is small.")
    result = run()
    assert sorted(e.title for e in result.experiences) == ["Bom", "Cafe", "Good", "Latin", "Upper", "Weird", "x"]
    assert result.rules["bad.md", None] == "not_utf8" and result.rules["a.jsonl", 4] == "not_utf8"
    assert result.rules["big.txt", None] == "too_large" and result.rules["empty.md", None] == "empty"
    assert result.rules["binary.txt", None] == "binary" and result.rules["utf16.jsonl", 1] == "not_a_record"
    assert (result.rules["paper.PDF", None], result.rules["x.zip", None]) == ("damaged", "unsupported_type")
    assert "save it anew" in result.by["paper.PDF", None].reason and "unpack it" in result.by["x.zip", None].reason
    assert result.by["latin.md", None].reason == "accepted: read as windows-1252"
    assert "iconv" in result.by["bad.md", None].reason
    assert result.rules["a.jsonl", 5] == result.rules["a.jsonl", 6] == "too_deep"
    assert result.rules["deep.json", None] == "too_deep"
    assert ("a.jsonl", 2) not in result.by and ("a.jsonl", 3) not in result.by
    assert {entry.outcome for (file, line), entry in result.by.items() if file == "a.jsonl" and line != 1} == {
        "quarantined"
    }
    assert "<|" not in "".join(entry.file for entry in result.ledger)
    assert all(row.reason and "\n" not in row.reason for row in result.quarantine)


def test_secrets_and_control_tokens_reach_no_file(put, run, workspace):
    key, mail, token = "sk-ant-api03-abcdefghijklmnop", "mia@example.org", "<|im_start|>"
    bad = f"{token} {mail} {key}"
    call = {"function": {"name": "send", "arguments": json.dumps({mail: bad, "password": "hunter2"})}}
    messages = [
        {"role": "user", "content": bad, "name": mail},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    ]
    put(f"{mail} {key}.md", f"# {bad}\n\nText {bad} and s\u200bk-ant-api03-abcdefghijklmnop")
    put(
        "a.html",
        f"<title>{mail}</title><body><p>Write to {mail} about {key} when the lamp is out of oil.",
    )
    put(
        "a.jsonl",
        [
            {"kind": "document", "title": bad, "text": bad, "source": bad},
            {"kind": "conversation", "messages": messages, "feedback": {mail: bad}},
            {"kind": "trace", "messages": messages, "outcome": {"status": bad, "feedback": [bad]}, key: 1},
            {"kind": "demonstration", "messages": messages, "title": bad},
            {"kind": "preference", "prompt": bad, "chosen": bad + " a", "rejected": messages},
            {"kind": "probe", "question": bad, "answers": [bad, "the lamp"], "source": bad, "type": bad, "id": bad},
            {"kind": bad, "text": bad},
            {"kind": "document", bad: bad, "text": 3},
            bad,
        ],
    )
    put("b.jsonl", f'{{"kind": "document", "text": "\\n{key} mia\\u0040example.org')
    result = run()
    for name in ("experiences", "probes", "ledger", "quarantine"):
        stored = (result.folder / f"{name}.jsonl").read_text()
        for leak in ("sk-ant", "example.org", "hunter2", "<|im_start"):
            assert leak not in stored, (name, leak)
    assert result.by["a.jsonl", 1].outcome == "redacted"
    assert result.by["a.jsonl", 1].reason.startswith("redacted: 3 emails, 3 secrets")
    probe = result.probes[0]
    assert probe.question == "(im_start) [EMAIL] [SECRET]" and probe.name == probe.question


def test_a_secret_that_a_table_or_a_question_gives_away_reaches_no_file(put, run):
    """What the head of a column says is lost when a page is read, and what was asked when a reply stands alone."""
    put("a.md", "# Logins\n\n| User | Password |\n|---|---|\n| mara | sunflower |\n\nThe lab has 4 rooms.")
    put("b.html", "<table><tr><th>User</th><th>Password</th></tr><tr><td>mara</td><td>sunflower</td></tr></table>")
    put("c.txt", "Logins\n\nuser,password\nmara,sunflower\n")
    put("e.csv", "user;password\nmara;sunflower\njon;hollyhock3\n")
    put("f.docx", docx(grid(("User", "Room", "Password"), ("mara", "4 rooms", "sunflower"), bold_head=True)))
    put("g.eml", "Subject: Logins\nDate: Tue, 3 Nov 2026 09:12:44 +0100\n\nuser,password\nmara,sunflower\n")
    ask = {"role": "user", "content": "What is the Wi-Fi password?"}
    say = {"role": "assistant", "content": "sunflower"}
    put(
        "d.jsonl",
        [
            {"kind": "document", "title": "Logins", "text": "user,password\nmara,sunflower\nThat is all of them."},
            {"kind": "conversation", "messages": [ask, say]},
            {"kind": "preference", "prompt": ask["content"], "chosen": "sunflower", "rejected": [say]},
            {"kind": "probe", "question": ask["content"], "answers": ["sunflower"]},
        ],
    )
    result = run()
    stored = "".join(path.read_text() for path in result.folder.glob("*.jsonl"))
    assert "sunflower" not in stored and "4 rooms" in stored
    assert {entry.outcome for (_, line), entry in result.by.items() if line != 4} == {"redacted"}
    assert result.rules["d.jsonl", 4] == "answer_redacted" and not result.probes


def test_duplicates_and_updates_across_nights(put, run, inbox):
    put("tower.md", TOWER)
    put("ask.jsonl", [{"kind": "probe", "question": "How high is it?", "answers": ["63 metres"], "source": "tower.md"}])
    run("2026-11-21")
    (inbox / "tower.md").unlink()
    (inbox / "ask.jsonl").unlink()
    put("copies/exact.md", TOWER)
    put("copies/near.md", TOWER.replace("lights the lamp", "lights the big lamp"))
    put("copies/taller.md", TOWER.replace("63", "64"))
    put("copies/other.md", TOWER.replace("Otto Halm", "Mara Halm"))
    put("new.md", "# Boats\n\nThe boats of the harbour are painted blue in spring.")
    put(
        "ask.jsonl",
        [
            {"kind": "probe", "question": "how high is it", "answers": ["63 Metres."], "source": "tower.md"},
            {"kind": "probe", "question": "Who built it?", "answers": ["Otto Halm"], "source": "copies/near.md"},
            {"kind": "probe", "question": "Who built it?", "answers": ["Otto Halm"]},
            {"kind": "probe", "question": "Which colour?", "answers": ["blue"], "source": "no such page"},
        ],
    )
    second = run()
    outcomes = {
        file: second.by[file, None].outcome
        for file in ("copies/exact.md", "copies/near.md", "copies/taller.md", "new.md")
    }
    assert list(outcomes.values()) == ["duplicate", "accepted", "accepted", "accepted"], "one word is a change"
    others = ("copies/near.md", "copies/taller.md", "copies/other.md")
    assert {second.by[file, None].reason for file in others} == {"accepted"}, "another page replaces nothing"
    assert second.by["copies/exact.md", None].reason == "the same as tower.md of 2026-11-21"
    assert [second.by["ask.jsonl", n].outcome for n in (1, 2, 3, 4)] == [
        "duplicate",
        "accepted",
        "duplicate",
        "accepted",
    ]
    (near,) = [e for e in second.experiences if e.source == "copies/near.md"]
    assert [probe.experience for probe in second.probes] == [near.id, None]


def test_the_same_night_again_does_not_see_itself(put, run, settings):
    put("tower.md", TOWER)
    put("copy.md", TOWER)
    first = run()
    assert [entry.reason for entry in first.ledger] == ["accepted", "accepted: the same as copy.md of tonight"]
    assert [bool(experience.same_as) for experience in first.experiences] == [False, True], "one of them teaches"
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    assert run().record.reused
    put("more.md", "# More\n\nThe rope is long.")
    third = run()
    assert not third.record.reused and third.record.figures.outcomes == {"accepted": 3}
    (third.folder / "ledger.jsonl").unlink()
    assert not run().record.reused
    assert before.keys() == {path.name for path in third.folder.iterdir()}


def test_feedback_that_differs_is_another_lesson(put, run):
    talk = [{"role": "user", "content": "Please tell me " + "again " * 40}, {"role": "assistant", "content": "no"}]
    put("a.jsonl", [{"kind": "conversation", "messages": talk, "feedback": mood} for mood in ("good", "bad", "good")])
    assert [entry.outcome for entry in run().ledger] == ["accepted", "accepted", "duplicate"]


@pytest.mark.parametrize("like", [{"content": [1]}, {"content": [{"type": "image"}]}, {"tool_calls": [{}]}])
def test_feedback_that_looks_like_messages_is_kept_as_it_is(put, run, like):
    talk = [{"role": "user", "content": "Who built it?"}, {"role": "assistant", "content": "Otto."}]
    feedback = [{"role": "judge", **like}]
    put("a.jsonl", [{"kind": "conversation", "messages": talk, "feedback": feedback}])
    (experience,) = run().experiences
    assert experience.payload["feedback"] == feedback


def test_a_file_is_read_once_the_extra_for_it_is_there(put, run, monkeypatch):
    put("a.docx", docx(par("The lamp burns oil.")))
    put("b.md", "The door is green.")
    monkeypatch.setattr(office, "find_spec", lambda name: None)
    first = run()
    assert "pip install" in first.by["a.docx", None].reason and first.by["b.md", None].outcome == "accepted"
    assert run().record.reused
    monkeypatch.undo()
    second = run()
    assert not second.record.reused
    assert [e.text for e in second.experiences] == ["The lamp burns oil.", "The door is green."]


def test_a_title_from_a_line_and_a_stem(put, run):
    put("hours.txt", "Opening hours\n\nThe gate opens at nine.")
    put("the-gate.txt", "The gate is made of iron and opens to the sea.")
    assert [experience.title for experience in run().experiences] == ["Opening hours", "the-gate"]


def test_a_file_that_may_not_be_read(put, run, monkeypatch):
    put("a.md", "The lamp burns oil.")
    put("b.md", "The door is green.")
    real = walking.read_bytes

    def read(found):
        if found.file == "a.md":
            raise PermissionError(13, "Permission denied")
        return real(found)

    monkeypatch.setattr(walking, "read_bytes", read)
    result = run()
    assert result.rules == {("a.md", None): "unreadable"} and result.by["b.md", None].outcome == "accepted"


def test_the_same_words_twice_in_a_night_are_one_experience(put, run):
    talk = [{"role": "user", "content": "Hi"}]
    put("a.jsonl", [{"kind": "conversation", "messages": talk, "feedback": mood} for mood in (1, "1")])
    assert [entry.outcome for entry in run().ledger] == ["accepted", "duplicate"]


def test_what_was_forgotten_on_request_is_not_learned_again(put, run, workspace):
    put("tower.md", TOWER)
    put("ask.jsonl", [{"kind": "probe", "question": "How high is it?", "answers": ["63 metres"]}])
    met = run()
    gone = [*met.experiences, *met.probes]
    write_records(workspace.dataset("corpus", NIGHT), [])
    write_records(workspace.dataset("probes", NIGHT), [])
    left = [Forgotten(id=record.id, night=NIGHT, on="2026-11-23") for record in gone]
    write_records(workspace.dataset("forgotten", NIGHT), left)

    again = run("2026-11-23")
    assert not again.experiences and not again.probes
    assert {entry.outcome for entry in again.ledger} == {"ignored"}
    assert all("forgotten on request" in entry.reason and entry.id is None for entry in again.ledger)


def test_two_mails_of_one_subject_are_two_whichever_is_read_first(put, run):
    for name, day, said in (("a", 9, "The pump runs again."), ("b", 2, "The pump stands still.")):
        head = f"From: ida@mill.example\nSubject: Weekly status\nDate: Mon, {day} Nov 2026 09:00:00 +0100\n\n"
        put(f"{name}.eml", head + said)
    assert [(row.outcome, "updates" in row.reason) for row in run().ledger] == [("accepted", False)] * 2
