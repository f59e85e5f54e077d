"""What other programs wrote, as a talk and as what a trace shows."""

import pytest


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
