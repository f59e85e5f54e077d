"""What other programs write: read as what it is, or refused by name with what to do."""

import json
import os
from datetime import date, datetime
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest

from steps.ingest.readers import known_suffixes, read_found
from steps.ingest.refusals import way_out
from steps.ingest.walking import look_at_inbox


@pytest.fixture
def read(tmp_path):
    def read(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (1, 1))
        found = [record for item in look_at_inbox(tmp_path, max_bytes=10**7) for record in read_found(item)]
        path.unlink()
        return found

    return read


@pytest.fixture
def one(read):
    def one(value, name="day.jsonl"):
        (record,) = read(name, json.dumps(value) + "\n" if not isinstance(value, str | bytes) else value)
        return record

    return one


def talk(entry, key="messages"):
    return [(message.role, message.content) for message in getattr(entry, key)]


def told(record):
    assert record.entry is not None, record.reason
    return record.entry.text


ASK, SAY = {"from": "human", "value": "How deep?"}, {"from": "gpt", "value": "Seven metres."}
USER, BOT = {"role": "user", "content": "How deep?"}, {"role": "assistant", "content": "Seven metres."}
BAD = {"role": "assistant", "content": "Nine."}
PAIR = [("user", "How deep?"), ("assistant", "Seven metres.")]


@pytest.mark.parametrize(
    "value, kind",
    [
        ({"conversations": [ASK, SAY]}, "conversation"),
        ({"conversation": [ASK, SAY], "id": 3}, "conversation"),
        ({"instruction": "How deep?", "input": "", "output": "Seven metres."}, "demonstration"),
        ({"instruction": "How deep?", "response": "Seven metres.", "category": "open_qa"}, "demonstration"),
        ({"messages": [USER, BOT]}, "demonstration"),
        ({"messages": [USER, {**BOT, "content": [{"type": "text", "text": "Seven metres."}]}]}, "demonstration"),
        ({"prompt": "How deep?", "completion": "Seven metres."}, "demonstration"),
        ({"prompt": [USER], "completion": [BOT]}, "demonstration"),
        ({"prompt": [USER], "completion": BOT | {"name": "x"}}, None),
        ({"request": {"messages": [USER]}, "response": {"choices": [{"message": BOT}]}}, "conversation"),
        ({"prompt": "How deep?"}, None),
        ({"question": "How deep?", "answers": ["seven metres"]}, None),
        ({"messages": [USER, {**BOT, "content": ""}]}, None),
    ],
)
def test_talks_of_other_programs(one, value, kind):
    record = one(value)
    if kind is None:
        assert record.entry is None and record.rule == "not_a_record"
        return
    assert (record.entry.kind, talk(record.entry)) == (kind, PAIR)


@pytest.mark.parametrize(
    "value",
    [
        {"prompt": [USER], "chosen": [BOT], "rejected": [BAD]},
        {"chosen": [USER, BOT], "rejected": [USER, BAD]},
        {"prompt": "How deep?", "chosen": [USER, BOT], "rejected": [USER, BAD]},
        {"conversations": [ASK], "chosen": SAY, "rejected": {"from": "gpt", "value": "Nine."}},
        {"input": {"messages": [USER]}, "preferred_output": [BOT], "non_preferred_output": [BAD]},
    ],
)
def test_preferences_as_messages(one, value):
    entry = one(value).entry
    assert [talk(entry, key) for key in ("prompt", "chosen", "rejected")] == [
        PAIR[:1],
        PAIR[1:],
        [("assistant", "Nine.")],
    ]


OWNER, NEAR = {"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Near the pier?"}
YES = {"role": "user", "content": "Yes."}


@pytest.mark.parametrize(
    ("prompt", "begins", "whole"),
    [
        ([OWNER, USER], [NEAR, YES], [OWNER, USER, NEAR, YES]),
        ("How deep?", [NEAR, YES], [USER, NEAR, YES]),
        ([OWNER], [USER], [OWNER, USER]),
        ([OWNER, USER], [OWNER, USER], [OWNER, USER]),
        ("How deep is it?", [USER], [USER]),
        (None, [USER, NEAR, YES], [USER, NEAR, YES]),
    ],
)
def test_what_two_talks_go_on_from_is_their_prompt(one, prompt, begins, whole):
    entry = one({"prompt": prompt, "chosen": [*begins, BOT], "rejected": [*begins, BAD]}).entry
    assert talk(entry, "prompt") == [(m["role"], m["content"]) for m in whole]
    assert talk(entry, "chosen") == PAIR[1:] and talk(entry, "rejected") == [("assistant", "Nine.")]


def test_preferences_as_texts(one):
    plain = one({"prompt": "How deep?", "chosen": "Seven.", "rejected": "Nine."}).entry
    whole = {
        "chosen": "\n\nHuman: How deep?\n\nAssistant: Seven.",
        "rejected": "\n\nHuman: How deep?\n\nAssistant: Nine.",
    }
    for entry in (plain, one(whole).entry):
        assert entry.prompt.endswith("How deep?") and (entry.chosen, entry.rejected) == ("Seven.", "Nine.")


def test_what_is_rated_or_not_to_be_learned_demonstrates_nothing(one):
    for judged in (
        {"prompt": [USER], "completion": [BAD], "label": False},
        {"conversations": [ASK, {"from": "gpt", "value": "Nine."}], "kto_tag": False},
    ):
        entry = one(judged).entry
        assert (entry.kind, entry.label, entry.completion[0].content) == ("preference", False, "Nine.")
    some = one({"messages": [USER, {**BAD, "weight": 0}, USER, {**BOT, "weight": 1}]}).entry
    assert some.kind == "demonstration" and [m.weight for m in some.messages] == [None, 0, None, 1]
    assert one({"messages": [USER, {**BAD, "weight": 0}]}).entry.kind == "conversation"


def test_calls_of_tools_in_four_forms(one):
    call = {"name": "measure", "arguments": '{"at": "lock"}'}
    use = {"type": "tool_use", "id": "1", "name": "measure", "input": {"at": "lock"}}
    openai = [USER, {"role": "assistant", "content": None, "tool_calls": [{"function": call}]}]
    legacy = [USER, {"role": "assistant", "content": None, "function_call": call}]
    anthropic = [USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}, use]}]
    sharegpt = [ASK, {"from": "function_call", "value": json.dumps({"name": "measure", "arguments": {"at": "lock"}})}]
    for messages, result in (
        (openai, {"role": "tool", "content": "7 m"}),
        (legacy, {"role": "function", "name": "measure", "content": "7 m"}),
        (anthropic, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "7 m"}]}),
        (sharegpt, {"from": "observation", "value": "7 m"}),
    ):
        last = SAY if messages is sharegpt else BOT
        key = "conversations" if messages is sharegpt else "messages"
        entry = one({key: [*messages, result, last], "system": "You measure."}).entry
        assert [m.role for m in entry.messages] in (
            ["system", "user", "assistant", "tool", "assistant"],
            ["system", "user", "assistant", "function", "assistant"],
        )
        function = entry.messages[2].tool_calls[0].function
        arguments = function.arguments if isinstance(function.arguments, dict) else json.loads(function.arguments)
        assert (function.name, arguments, entry.messages[3].content) == ("measure", {"at": "lock"}, "7 m")
        assert entry.messages[0].content == "You measure."


def test_blocks_that_are_no_text_are_named_and_what_failed_is_told(one):
    image = {"type": "image_url", "image_url": {"url": "https://example.test/x.png"}}
    text = {"type": "text", "text": "How deep?"}
    assert (
        talk(one({"messages": [{"role": "user", "content": [text, image]}, BOT]}).entry)[0][1] == "How deep?\n(image)"
    )
    page = {"type": "document", "source": {"type": "text", "data": "The lock is deep."}}
    assert talk(one({"messages": [{"role": "user", "content": [page, text]}, BOT]}).entry)[0][1].startswith(
        "The lock is"
    )
    failed = {"type": "tool_result", "tool_use_id": "1", "is_error": True, "content": "no such lock"}
    use = {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "find", "input": {}}]}
    entry = one({"messages": [USER, use, {"role": "user", "content": [failed]}, BOT]}).entry
    assert entry.messages[2].content == "error: no such lock"
    assert one({"messages": [{"role": "user", "content": [{"type": "hologram"}]}, BOT]}).entry is None


def test_keys_that_say_nothing_here_are_told(one):
    assert "'category'" in one({"instruction": "a", "output": "b", "category": "x"}).note
    assert "'model'" in one({"conversations": [ASK, SAY], "model": "x"}).note


def test_a_text_alone_is_a_document_under_its_heading_or_its_first_words(one):
    assert one({"text": "# Tides\n\nIt turns at nine."}).entry.title == "Tides"
    assert one({"text": "The lamp burns oil."}).entry.title == "The lamp burns oil."
    for chat in ({"text": "Thanks!", "user": "U1", "ts": "1.2"}, {"text": "A fine lamp.", "label": 1}):
        assert one(chat).rule == "not_a_record"


@pytest.mark.parametrize(
    "name, content",
    [
        ("docks.csv", '\ufeffDock,Depth,Keeper\nNorth,4 m,Ina\nSouth,,"Per, the elder"\n'),
        ("docks.csv", "Dock;Depth;Keeper\r\nNorth;4 m;Ina\r\nSouth;;Per, the elder\r\n"),
        ("docks.csv", "sep=;\nDock;Depth;Keeper\nNorth;4 m;Ina\nSouth;;Per, the elder\n"),
        ("docks.tsv", "Dock\tDepth\tKeeper\nNorth\t4 m\tIna\nSouth\t\tPer, the elder\n"),
        ("docks.csv", 'Dock,Depth,Keeper\nNorth,4 m,Ina\nSouth,,"Per, the elder"\n'.encode("utf-16")),
        (
            "docks.json",
            '[{"Dock": "North", "Depth": "4 m", "Keeper": "Ina"}, {"Dock": "South", "Keeper": "Per, the elder"}]',
        ),
    ],
)
def test_a_table_of_facts_is_a_document_whose_rows_know_their_heads(one, name, content):
    assert told(one(content, name)) == "Dock: North; Depth: 4 m; Keeper: Ina.\n\nDock: South; Keeper: Per, the elder."


def test_rows_that_are_records_are_records(read):
    first, second = read("faq.csv", "Frage;Antwort\nWie tief?;Sieben Meter\nWer hütet sie?;Ina\n")
    assert (first.entry.title, told(second), second.record) == ("Wie tief?", "Wer hütet sie? Ina", 2)
    (chat,) = read("chat.csv", f'id,messages\n1,"{json.dumps([USER, BOT]).replace(chr(34), chr(34) * 2)}"\n')
    assert talk(chat.entry) == PAIR
    (document,) = read("pages.tsv", "title\ttext\tcreated_at\nTides\tIt turns at nine.\t2026-03-01\n")
    assert (document.entry.title, document.entry.created_at) == ("Tides", "2026-03-01")


def test_a_probe_in_a_row_has_one_answer_in_its_cell_or_a_list(read):
    rows = 'probe,How deep?,29\nprobe,Who?,"Ina, or Per"\nprobe,Which?,"[""A"",""B""]"\n'
    one, two, three = read("probes.csv", f"kind,question,answers\n{rows}")
    assert (one.entry.answers, two.entry.answers, three.entry.answers) == (["29"], ["Ina, or Per"], ["A", "B"])
    (blank,) = read("probes.csv", "kind,question,answers\nprobe,How deep?,\n")
    assert blank.rule == "not_a_record" and "answers" in blank.reason


def test_tables_that_cannot_be_read_say_what_to_do(read):
    (twice,) = read("a.csv", "Dock,Dock\nNorth,4\n")
    (nameless,) = read("a.csv", "North,4\nSouth,6\n")
    (single,) = read("a.csv", "Dock\nNorth\n")
    assert "names there" in twice.reason and "names there" in nameless.reason and "save it as text" in single.reason
    good, bad = read("faq.csv", "question,answer\nHow deep?,Seven\nWho?,Ina, the keeper\n")
    assert good.entry and (bad.record, bad.rule) == (2, "not_a_row") and "quote" in bad.reason
    assert [row.rule for row in read("probes.csv", "question,answers\nHow deep?,seven\n")] == ["not_a_record"]
    assert [row.rule for row in read("settings.json", '{"port": 80, "host": "lamp"}')] == ["not_a_record"]


def test_parquet_with_dates_lists_and_messages(read, tmp_path):
    def parquet(**columns):
        path = tmp_path / "made"
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        content = path.read_bytes()
        path.unlink()
        return content

    columns = {
        "Dock": ["North"],
        "Since": [date(1911, 5, 6)],
        "Fee": [Decimal("1.50")],
        "Blob": [b"x"],
        "Tags": [["a", "b"]],
    }
    (table,) = read("a.parquet", parquet(**columns))
    assert told(table) == "Dock: North; Since: 1911-05-06; Fee: 1.5; Tags: a, b."
    (chat,) = read("a.parquet", parquet(messages=[[USER, BOT]]))
    assert talk(chat.entry) == PAIR
    (page,) = read("a.parquet", parquet(title=["T"], text=["It is blue."], created_at=[datetime(2026, 3, 1, 4)]))
    assert page.entry.created_at == "2026-03-01T04:00:00"
    (broken,) = read("a.parquet", parquet(kind=["document"], title=[None], at=[datetime(2026, 3, 1)]))
    assert broken.rule == "not_a_record", "a value that JSON does not know stops nothing"


HEAD = "From: ida@example.test\nSubject: Closing\nDate: Tue, 3 Nov 2026 09:12:44 +0100\n"


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "koi8-r", ""])
def test_mails_in_eight_bits(one, charset):
    words = "Ворота закрыты." if charset == "koi8-r" else "Das Café schließt um acht."
    kind = f"Content-Type: text/plain; charset={charset}\n" if charset else ""
    content = f"{HEAD}{kind}Content-Transfer-Encoding: 8bit\n\n{words}\n".encode(charset or "utf-8")
    record = one(content, "a.eml")
    assert (record.entry.title, told(record), record.entry.created_at[:10]) == ("Closing", words, "2026-11-03")


def test_a_mailbox_is_its_mails_and_attachments_are_told(read):
    box = (
        f"From ida@example.test Tue Nov  3 09:12:44 2026\n{HEAD}\nIt closes at seven.\n>From now on.\n\n> At five.\n\n"
        "From wim@example.test Wed Nov  4 09:12:44 2026\nSubject: Key\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: text/html\n\n"
        "<p>The <b>key</b> hangs inside.</p>\n"
        "--X\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=x.pdf\n\nx\n--X--\n"
    )
    first, second = read("a.mbox", box)
    assert (first.record, told(first)) == (1, "It closes at seven. From now on.")
    assert (second.entry.title, told(second), second.note) == ("Key", "The key hangs inside.", "left out 1 attachment")
    broken = f"{box}From a@b Wed Nov  4 09:12:44 2026\nSubject: X\n\n".encode() + b"\xe2\x82 \xc3\xa9 \xe9\n"
    assert [record.rule for record in read("a.mbox", broken)] == ["", "", "not_utf8"], "it costs the others nothing"
    assert "no mailbox" in read("a.mbox", "Hello.\n")[0].reason


def test_a_notebook_is_its_text_and_its_code_without_what_it_printed(one):
    cells = [
        {"cell_type": "markdown", "source": ["# Tides\n", "\n", "It turns at nine."]},
        {"cell_type": "code", "source": "print(9)", "outputs": [{"text": "nine and more"}]},
    ]
    record = one({"nbformat": 4, "metadata": {}, "cells": cells}, "a.ipynb")
    assert (record.entry.title, told(record)) == ("Tides", "It turns at nine.\n\nprint(9)")
    assert "nbconvert" in one({"worksheets": []}, "a.ipynb").reason


def test_subtitles_are_what_is_said_without_times(one):
    vtt = (
        "WEBVTT\n\nNOTE made by hand\n\n1\n00:01.000 --> 00:02.000\n<v Ina>The crane lifts\n\n"
        "00:02.000 --> 00:03.000\n<v Ina>nine tonnes.\n\n00:03.000 --> 00:04.000\n<v Per>Since when?\n"
        "\n00:04.000 --> 00:05.000\n<v Per>Since when?\n"
    )
    assert told(one(vtt, "a.vtt")) == "Ina: The crane lifts nine tonnes.\n\nPer: Since when?"
    srt = (
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>The crane lifts</i>\r\n\r\n"
        "2\r\n00:00:02,000 --> 00:00:03,000\r\nnine tonnes.\r\n"
    )
    assert told(one(srt, "a.srt")) == "The crane lifts nine tonnes."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_encodings_of_text_and_of_lines(one, encoding):
    assert told(one("Das Café öffnet um acht Uhr.".encode(encoding), "a.txt")) == "Das Café öffnet um acht Uhr."
    if encoding in ("utf-8-sig", "utf-16"):
        line = '{"kind": "document", "title": "Café", "text": "Es ist blau."}\n'
        assert one(line.encode(encoding), "a.jsonl").entry.title == "Café"


@pytest.mark.parametrize("name", ["a.mdown", "a.qmd", "a.Rmd", "a.text", "a.xhtml"])
def test_other_endings_of_what_is_read(one, name):
    assert told(one("<p>It is blue.</p>" if name == "a.xhtml" else "It is blue.", name)) == "It is blue."


@pytest.mark.parametrize(
    "name, way",
    [
        ("a.rst", "pandoc"),
        ("a.doc", ".docx"),
        ("a.xls", ".xlsx"),
        ("a.key", ".pptx"),
        ("a.tar.gz", "unpack"),
        ("a.eval", "inspect log dump"),
        ("a.pst", ".eml"),
        ("a.py", "program"),
        ("a.yaml", "settings"),
        ("a.png", "ocrmypdf"),
        ("a.mp3", "subtitles"),
        ("a.sqlite", "CSV"),
        ("a.zzz", "save it as"),
        ("Makefile", "no ending"),
    ],
)
def test_what_is_not_read_is_refused_by_name(one, name, way):
    record = one("PK and more", name)
    assert record.rule == "unsupported_type" and way in record.reason


def test_nothing_that_is_read_has_a_way_out():
    assert all("save it as Markdown, text, PDF or CSV" in way_out(suffix) for suffix in known_suffixes())


def test_a_ragged_row_is_refused_alone_and_a_short_one_is_a_row(read):
    rows = "".join(f"bell {number},{number} kg,north,new\n" for number in range(20))
    table, wrong = read("bells.csv", f"bell,weight,tower,state\n{rows}bell 20,1 kg,2,3,4\nTotal\n\n")
    assert "bell: bell 19; weight: 19 kg" in told(table) and "bell: Total" in told(table)
    assert (wrong.rule, wrong.record) == ("not_a_row", 21)
    (padded,) = read("bells.csv", f"bell,weight,tower,state\n{rows}bell 20,1 kg,east,old,,\n")
    assert "bell: bell 20" in told(padded)


def test_most_objects_of_a_list_say_whether_it_is_a_table(read):
    good = [{"bell": f"bell {number}", "weight": number, "tower": "north", "state": "new"} for number in range(9)]
    (table,) = read("bells.json", json.dumps([*good, {"total": 9}]))
    assert "bell: bell 8" in told(table)
    assert {
        record.rule for record in read("mixed.json", json.dumps([{"a": 1, "b": 2}, {"c": 1, "d": 2}, {"e": 3}]))
    } == {"not_a_record"}


@pytest.mark.parametrize(("name", "content"), [("head.csv", "name,limit\n"), ("none.json", "[]")])
def test_a_table_without_rows_is_told(one, name, content):
    record = one(content, name)
    assert (record.rule, record.reason) == ("empty", "the file holds no records")


@pytest.mark.parametrize(
    ("content", "what"), [(b"%PDF-1.7\n1 0 obj", "a PDF"), (b"PK\x03\x04\x14\x00", "an Office, EPUB or ZIP file")]
)
def test_what_bears_a_wrong_ending_is_refused_by_what_it_is(one, content, what):
    record = one(content, "page.md")
    assert (record.rule, record.reason) == ("unsupported_type", f"it is {what}, not a .md file: give it its own ending")


def test_a_day_in_parquet_is_a_day(one, tmp_path):
    table = pyarrow.table({"name": ["Ulm", "Ivry"], "opened": [datetime(1899, 5, 2), datetime(1911, 9, 30, 7, 30)]})
    pyarrow.parquet.write_table(table, path := tmp_path / "made")
    content = path.read_bytes()
    path.unlink()
    text = one(content, "stations.parquet").entry._blocks
    assert [block.said for block in text] == [
        "name: Ulm; opened: 1899-05-02.",
        "name: Ivry; opened: 1911-09-30T07:30:00.",
    ]


@pytest.mark.parametrize("label", [False, 0, "0", "False", "false", 0.0])
def test_a_bad_answer_is_never_demonstrated_however_its_label_is_written(one, label):
    record = one({"prompt": "How deep?", "completion": "Nine.", "label": label})
    assert record.entry.kind == "preference" and record.entry.label is False


@pytest.mark.parametrize("label", [None, "", "maybe", 3])
def test_a_label_that_says_neither_is_refused(one, label):
    record = one({"prompt": "How deep?", "completion": "Nine.", "label": label})
    assert record.entry is None and "label" in record.reason


@pytest.mark.parametrize(
    "judged", [{"feedback": "thumbs_down"}, {"rating": -1}, {"score": 0}, {"label": False}, {"outcome": "failure"}]
)
def test_a_talk_that_somebody_judged_is_not_imitated(one, judged):
    entry = one({"messages": [USER, BAD], **judged}).entry
    assert entry.kind == ("trace" if "outcome" in judged else "conversation")
    assert entry.outcome.status == "failure" if "outcome" in judged else entry.feedback is not None


def test_two_texts_that_begin_alike_are_a_preference_as_trl_has_it(one):
    entry = one({"chosen": "The sky is blue.", "rejected": "The sky is green."}).entry
    assert (entry.prompt, entry.chosen, entry.rejected) == ("The sky is", "blue.", "green.")
    assert one({"chosen": "Blue.", "rejected": "Green."}).entry is None


def test_thoughts_before_an_answer_are_left_out_of_a_text_too(one):
    said = {"role": "assistant", "content": "<think>\nDeep, deep.\n</think>\n\nSeven metres."}
    assert talk(one({"messages": [USER, said]}).entry) == PAIR
    asked = {"role": "user", "content": "<think>about it</think> How deep?"}
    assert "think" in talk(one({"messages": [asked, BOT]}).entry)[0][1], "a user's word stays"


def answered(number, text, *, before=None, asked=None):
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    request = {"input": asked, **({"previous_response_id": before} if before else {})}
    return {"request": request, "response": {"object": "response", "id": number, "output": [said]}}


def test_responses_that_go_on_with_one_another_are_one_talk(read):
    lines = [
        answered("r1", "Seven metres.", asked="How deep?"),
        answered("r2", "In spring, nine.", before="r1", asked="Always?"),
    ]
    records = [record.read() for record in read("day.jsonl", "\n".join(map(json.dumps, lines)))]
    (entry,) = [record.entry for record in records if record.entry]
    assert [text for _, text in talk(entry)] == ["How deep?", "Seven metres.", "Always?", "In spring, nine."]


def test_a_response_to_what_a_tool_said_elsewhere_is_refused(one):
    result = [{"type": "function_call_output", "call_id": "c", "output": "7"}]
    record = one(answered("r2", "Seven.", before="r1", asked=result))
    assert record.entry is None and "not in this file" in record.reason


@pytest.mark.parametrize("response", [None, {"error": {"message": "overloaded"}}])
def test_a_call_that_failed_is_no_loss(one, response):
    record = one({"request": {"messages": [USER]}, "response": response})
    assert record.entry is None and "the call failed" in record.reason


def test_a_line_of_an_unknown_form_is_told_so(one):
    assert "its form is not known here" in one({"foo": 1}).reason
