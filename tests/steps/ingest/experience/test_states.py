"""States as LangGraph Server answers with them."""


def state(number, *messages, **more):
    return {
        "values": {"messages": list(messages)},
        "next": [],
        "tasks": [],
        "metadata": {"source": "loop", "step": number, "thread_id": "th-1", "user_id": "u-9", **more},
        "created_at": f"2026-11-26T08:00:0{number}+00:00",
        "checkpoint": {"checkpoint_id": f"c{number}", "thread_id": "th-1", "checkpoint_ns": ""},
        "parent_checkpoint": None,
    }


ASK = {"type": "human", "content": "Wo liegt 71?", "id": "1", "additional_kwargs": {}}
CALLS = {
    "type": "ai",
    "id": "2",
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "x"},
        {"type": "text", "text": "Ich sehe nach."},
        {"type": "tool_use", "id": "t1", "name": "find", "input": {}, "partial_json": '{"id": "71"}'},
        {"type": "function_call", "name": "find", "arguments": "{}", "call_id": "t2", "id": "fc"},
    ],
    "tool_calls": [
        {"name": "find", "args": {"id": "71"}, "id": "t1", "type": "tool_call"},
        {"name": "find", "args": {"id": "72 é"}, "id": "t2", "type": "tool_call"},
    ],
    "invalid_tool_calls": [],
}
ANSWERS = [
    {"type": "tool", "content": "unknown order", "status": "error", "tool_call_id": "t1", "name": "find"},
    {"type": "tool", "content": "left Riga", "status": "success", "tool_call_id": "t2", "name": "find"},
]
WHOLE = [
    ("user", "Wo liegt 71?"),
    ("assistant", 'Ich sehe nach. find({"id": "71"}) find({"id": "72 é"})'),
    ("tool", "error: unknown order"),
    ("tool", "left Riga"),
]


def test_of_a_threads_history_the_newest_state_is_read(read, said):
    history = [state(3, ASK, CALLS, *ANSWERS), state(2, ASK, CALLS), state(1, ASK), state(0)]
    for name in ("history.json", "history.jsonl"):
        (record,) = read(history, name)
        assert said(record) == WHOLE
    assert (record.entry.session, record.entry.user, record.note) == ("th-1", "u-9", "read as LangGraph")
    assert record.entry.created_at == "2026-11-26T08:00:03Z" and record.entry.feedback is None


def test_a_state_that_was_edited_says_so_and_two_threads_are_two(read, said):
    other = state(1, {**ASK, "content": "Hallo"}, source="update")
    other["checkpoint"]["thread_id"] = other["metadata"]["thread_id"] = "th-2"
    first, second = read([state(1, ASK), other], "history.json")
    assert [first.entry.session, second.entry.session] == ["th-1", "th-2"]
    assert second.entry.feedback == [{"event": "the state was edited by hand"}]


def test_a_thread_as_it_is_listed(read, said):
    thread = {"thread_id": "th-1", "status": "idle", "created_at": "2026-11-26T08:00:00Z", "metadata": {}, "config": {}}
    (record,) = read([{**thread, "values": {"messages": [ASK, CALLS, *ANSWERS]}}], "threads.json")
    assert said(record) == WHOLE and record.entry.session == "th-1"
