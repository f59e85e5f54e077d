"""From a request to the model's prompt, and from its words to tool calls."""

import contextlib
import json
import re
import uuid
from typing import Any

from transformers import PreTrainedTokenizerBase

from awake.requests import ChatRequest
from steps.ingest.normalise import nested_within
from steps.model.chat import chat_tokens

_DEPTH = 100  # of a call's arguments: templates write deeper ones level by level, until no room is left
_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


def prompt_of(
    tokenizer: PreTrainedTokenizerBase, request: ChatRequest, chat: list[dict[str, Any]] | None = None
) -> tuple[int, ...]:
    """Tokens of the chat up to where the assistant begins; tools are shown as the model's own template shows them.

    ``chat``: what is asked in the place of the request's own messages.

    Raises:
        ValueError: a message is no text.
        SlumberError: the template cannot show it.
    """
    tools = None if request.tool_choice == "none" else request.tools
    return tuple(chat_tokens(tokenizer, chat_of(request) if chat is None else chat, tools=tools))


def chat_of(request: ChatRequest) -> list[dict[str, Any]]:
    """Return the messages as templates take them.

    Raises:
        ValueError: one of them is no text.
    """
    chat = []
    for message in request.messages:
        role = "system" if message.role == "developer" else message.role
        shown: dict[str, Any] = {"role": role, "content": message.text}
        if message.tool_calls:
            shown["tool_calls"] = [_with_arguments(call) for call in message.tool_calls]
        if message.name:
            shown["name"] = message.name
        chat.append(shown)
    return chat


def _with_arguments(call: dict[str, Any]) -> dict[str, Any]:
    """Arguments as an object, as templates want them; OpenAI sends them as text."""
    function = dict(call["function"])
    with contextlib.suppress(TypeError, ValueError, RecursionError):  # what is no JSON, or too deep, stays text
        arguments = json.loads(function.get("arguments") or "{}")
        if nested_within(arguments, _DEPTH):
            function["arguments"] = arguments
    return {**call, "function": function}


def tool_calls(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Split what the model said into words and tool calls, in OpenAI's form.

    Models write calls as JSON between <tool_call> marks (Hermes, Qwen, SmolLM and others); all else stays text.
    """
    calls = []
    for found in _CALL.finditer(text):
        try:
            call = json.loads(found[1])
            function = {"name": str(call["name"]), "arguments": json.dumps(call.get("arguments", {}))}
        except (ValueError, KeyError, TypeError, RecursionError):
            return text, []
        calls.append({"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function})
    return (_CALL.sub("", text).strip() if calls else text), calls
