"""From a request to the model's prompt, and from its words to tool calls."""

import json
import uuid
from typing import Any

from transformers import PreTrainedTokenizerBase

from awake.requests import ChatRequest
from steps.model.chat import chat_tokens
from steps.model.tools import CALLED, calls_in


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
            shown["tool_calls"] = message.tool_calls
        if message.name:
            shown["name"] = message.name
        chat.append(shown)
    return chat


def tool_calls(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Split what the model said into words and tool calls, in OpenAI's form.

    Models write calls as JSON between <tool_call> marks (Hermes, Qwen, SmolLM and others); all else stays text.
    """
    made = [{"name": call["name"], "arguments": json.dumps(call["arguments"])} for call in calls_in(text)]
    calls = [{"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": one} for one in made]
    return (CALLED.sub("", text).strip() if calls else text), calls
