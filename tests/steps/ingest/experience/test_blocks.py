"""Blocks and items of content as they are written now: none costs the talk, and none is lost without a word."""

import json

import pytest


def anthropic(*content, role="assistant", **more):
    said = [{"role": "user", "content": "Go"}, {"role": role, "content": list(content)}]
    return [{"model": "m", "max_tokens": 9, "messages": said, **more}]


def used(kind, name, **given):
    return {"type": kind, "id": "s1", "name": name, "input": given}


@pytest.mark.parametrize(
    ("call", "answer", "told"),
    [
        (
            {**used("mcp_tool_use", "find", id="71"), "server_name": "depot"},
            {"type": "mcp_tool_result", "is_error": True, "content": [{"type": "text", "text": "unknown order"}]},
            "error: unknown order",
        ),
        (
            used("server_tool_use", "code_execution", code="1/0"),
            {
                "type": "code_execution_tool_result",
                "content": {"type": "code_execution_result", "stdout": "", "stderr": "Zero", "return_code": 1},
            },
            "error (exit code 1): Zero",
        ),
        (
            used("server_tool_use", "bash_code_execution", command="ls"),
            {
                "type": "bash_code_execution_tool_result",
                "content": {"type": "bash_code_execution_result", "stdout": "a", "stderr": "", "return_code": 0},
            },
            "a",
        ),
        (
            used("server_tool_use", "web_fetch", url="http://x"),
            {
                "type": "web_fetch_tool_result",
                "content": {"type": "web_fetch_tool_error", "error_code": "url_not_accessible"},
            },
            "error: url_not_accessible",
        ),
        (
            used("server_tool_use", "web_fetch", url="http://x"),
            {
                "type": "web_fetch_tool_result",
                "content": {
                    "type": "web_fetch_result",
                    "content": {"type": "document", "source": {"type": "text", "data": "Open at 9."}},
                },
            },
            "Open at 9.",
        ),
    ],
)
def test_tools_of_anthropics_server_say_what_came_of_them(read, said, call, answer, told):
    (record,) = read(anthropic(call, {**answer, "tool_use_id": "s1"}, {"type": "text", "text": "So."}))
    assert said(record)[1:] == [
        ("assistant", f"{call['name']}({json.dumps(call['input'])})"),
        ("tool", told),
        ("assistant", "So."),
    ]


def test_results_of_a_search_that_a_user_brings_are_text(read, said):
    found = {"type": "search_result", "source": "x", "title": "Hours", "content": [{"type": "text", "text": "At 9."}]}
    (record,) = read(anthropic(found, {"type": "text", "text": "And?"}, role="user"))
    assert said(record)[1] == ("user", "Hours\nAt 9.\nAnd?")


def test_a_spoken_answer_and_a_call_with_a_text_cost_openais_talk_nothing(read, said, steps_of):
    patch = "*** Begin Patch\u00a0\n"
    made = [
        {"id": "c1", "type": "custom", "custom": {"name": "apply_patch", "input": patch}},
        {"id": "c2", "type": "function", "function": {"name": "ls", "arguments": ""}},
    ]
    messages = [
        {"role": "user", "content": "What is it?"},
        {"role": "assistant", "content": None, "audio": {"id": "a", "transcript": "A cat."}},
        {"role": "user", "content": "Patch it"},
        {"role": "assistant", "content": None, "tool_calls": made},
        {"role": "tool", "tool_call_id": "c1", "content": "Error: no such file"},
        {"role": "tool", "tool_call_id": "c2", "content": "a"},
    ]
    reply = {"role": "assistant", "content": "", "refusal": "I can't."}
    (record,) = read([{"request": {"messages": messages}, "response": {"choices": [{"message": reply}]}}])
    assert said(record)[1] == ("assistant", "A cat.")
    assert said(record)[3] == ("assistant", f"apply_patch({patch}) ls()")
    assert said(record)[-1] == ("assistant", "I can't.")
    assert not any(evidence for *_, evidence in steps_of(record))


def test_items_of_the_responses_api_say_what_was_called_and_what_came_of_it(read, said, steps_of):
    error = {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": "unknown order"}]}
    ran = {"stdout": "x" * 300, "stderr": "boom", "outcome": {"type": "exit", "exit_code": 1}}
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "Fix"}, {"type": "input_image", "image_url": "x"}]},
        {"type": "reasoning", "summary": []},
        {"type": "web_search_call", "id": "1", "action": {"type": "search", "query": "é"}},
        {"type": "file_search_call", "id": "2", "queries": ["é"], "results": [{"text": "found"}]},
        {"type": "code_interpreter_call", "id": "3", "code": "1/0", "outputs": [{"type": "logs", "logs": "Zero"}]},
        {"type": "mcp_call", "id": "4", "name": "find", "arguments": '{"id": 1}', "output": None, "error": error},
        {"type": "shell_call", "call_id": "5", "action": {"commands": ["pytest"]}},
        {"type": "shell_call_output", "call_id": "5", "output": [ran]},
        {"type": "apply_patch_call", "call_id": "6", "operation": {"path": "a"}},
        {"type": "apply_patch_call_output", "call_id": "6", "status": "failed", "output": "context not found"},
        {"type": "computer_call", "call_id": "7", "action": {"type": "click"}},
        {"type": "computer_call_output", "call_id": "7", "output": {"type": "computer_screenshot", "image_url": "x"}},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    ]
    (record,) = read(items)
    assert said(record) == [
        ("user", "Fix\n(image)"),
        ("assistant", 'web_search({"type": "search", "query": "é"}) file_search({"queries": ["é"]})'),
        ("tool", "found"),
        ("assistant", 'code_interpreter({"code": "1/0"})'),
        ("tool", "Zero"),
        ("assistant", 'find({"id": 1})'),
        ("tool", "error: unknown order"),
        ("assistant", 'shell({"commands": ["pytest"]})'),
        ("tool", f"error (exit code 1): {'x' * 300}\nboom"),
        ("assistant", 'apply_patch({"path": "a"})'),
        ("tool", "error: context not found"),
        ("assistant", 'computer({"type": "click"})'),
        ("tool", "(image)"),
        ("assistant", "No."),
    ]
    refused = [text for tried, *_ in steps_of(record) for text in tried]
    assert [text.partition("(")[0] for text in refused] == ["find", "shell", "apply_patch"]


def test_inspects_blocks_of_a_providers_tools_cost_the_sample_nothing(read, said):
    served = {"type": "tool_use", "tool_type": "web_search", "id": "w", "name": "web_search", "arguments": '{"q": "é"}'}
    message = {
        "role": "assistant",
        "content": [
            {"type": "reasoning", "reasoning": "Hm."},
            {"type": "text", "text": "I search."},
            {**served, "result": "", "error": "no net"},
            {"type": "data", "data": {"x": 1}},
        ],
        "tool_calls": [{"id": "a", "function": "bash", "arguments": {"cmd": "ls"}, "type": "function"}],
    }
    answer = {"role": "tool", "tool_call_id": "a", "function": "bash", "content": "a"}
    sample = {"id": 1, "messages": [{"role": "user", "content": "Look"}, message, answer]}
    (record,) = read({"eval": {}, "plan": {}, "status": "success", "samples": [sample]}, "a.json")
    assert said(record)[1:] == [
        ("assistant", 'web_search({"q": "é"})'),
        ("tool", "error: no net"),
        ("assistant", 'I search. bash({"cmd": "ls"})'),
        ("tool", "a"),
    ]
