"""What other programs wrote, put into an inbox of one file and read."""

import json
import os

import pytest

from steps.ingest.readers import read_found
from steps.ingest.walking import look_at_inbox


@pytest.fixture
def read(tmp_path):
    """Return what reads a value: a list is a line each unless the file's name says otherwise."""

    def read(content, name="day.jsonl"):
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        path = folder / name
        lines = isinstance(content, list) and name.endswith(".jsonl")
        path.write_text("".join(json.dumps(one) + "\n" for one in content) if lines else json.dumps(content))
        os.utime(path, (1, 1))
        found = [record for item in look_at_inbox(folder, max_bytes=10**8) for record in read_found(item)]
        path.unlink()
        return found

    return read


@pytest.fixture
def said():
    """Return what says who says what in a record, calls as name and arguments."""

    def said(record):
        assert record.entry is not None, record.reason
        found = []
        for message in record.entry.messages:
            calls = [f"{call.function.name}({call.function.arguments})" for call in message.tool_calls or ()]
            found.append((message.role, " ".join(filter(None, [message.content, *calls]))))
        return found

    return said


@pytest.fixture
def steps_of():
    """Return what a trace shows: each step with what was refused and why, what was right, and who says so."""
    from steps.kinds.cleaning import Cleaning
    from steps.kinds.trace.kind import Trace
    from steps.kinds.trace.situations import situations
    from steps.records import Experience

    def steps_of(record):
        shown = Trace().shown(record.entry, Cleaning(1_000_000))
        about = {"night": "2026-11-28", "kind": "trace", "source": "a", "record": 1, "title": "t", "text": shown.text}
        trace = Experience(id=shown.text[:40], payload=shown.payload, **about)
        return [
            (
                [refusal.act.said for refusal in one.refused],
                list(one.reasons),
                one.right and one.right.said,
                set(one.evidence),
            )
            for one in situations(trace)
        ]

    return steps_of
