"""Prompts with tools, and calls in what the model says."""

import json

import pytest

from awake.chatting import prompt_of, tool_calls
from awake.requests import ChatRequest
from steps.model.loading import load_base

TOOL = {"type": "function", "function": {"name": "find_order", "parameters": {"type": "object"}}}
TEMPLATE = (
    "{% if tools %}<tools>{% for tool in tools %}{{ tool.function.name }}{% endfor %}</tools>{% endif %}"
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function.name }} "
    "{{ c.function.arguments.values() | join }}</call>{% endfor %}"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)


def request(**given):
    return ChatRequest(model="m", **given)


def test_tools_calls_and_their_results_reach_the_template(tiny_settings):
    tokenizer = load_base(tiny_settings.model).tokenizer
    tokenizer.chat_template = TEMPLATE
    call = {"id": "c", "type": "function", "function": {"name": "find_order", "arguments": '{"number": "R-7"}'}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Where is "}, {"type": "text", "text": "7?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "on its way"},
    ]
    shown = tokenizer.decode(prompt_of(tokenizer, request(messages=messages, tools=[TOOL])))
    for part in ("<tools>find_order</tools>", "Where is 7?", "<call>find_order R-7</call>", "[tool]on its way"):
        assert part.replace(" ", "") in shown.replace(" ", "")
    without = tokenizer.decode(prompt_of(tokenizer, request(messages=messages, tools=[TOOL], tool_choice="none")))
    assert "<tools>" not in without.replace(" ", "")


@pytest.mark.parametrize(
    ("said", "text", "names"),
    [
        ("It is on its way.", "It is on its way.", []),
        ('Let me look. <tool_call>{"name": "a", "arguments": {"x": 1}}</tool_call>', "Let me look.", ["a"]),
        ('<tool_call>\n{"name": "a"}\n</tool_call><tool_call>{"name": "b"}</tool_call>', "", ["a", "b"]),
        ("<tool_call>{broken}</tool_call>", "<tool_call>{broken}</tool_call>", []),
        ('<tool_call>{"arguments": {}}</tool_call>', '<tool_call>{"arguments": {}}</tool_call>', []),
    ],
)
def test_calls_are_found_in_what_is_said(said, text, names):
    words, calls = tool_calls(said)
    assert words == text and [call["function"]["name"] for call in calls] == names
    assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in calls)
