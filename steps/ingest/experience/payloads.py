"""What a model was asked and what it replied, in whichever form the request and the response of a span have."""

from collections.abc import Mapping
from typing import Any

from steps.ingest.experience.fields import Found, a_list, a_text, a_word, an_object, inside, loaded
from steps.ingest.experience.items import ITEMS, messages_of_items
from steps.ingest.experience.langchain import message_of
from steps.kinds.entry import RecordRejected


def asked(inputs: Any) -> list[Found]:
    """Return the messages of a request: a list of them, or what an object has as messages, input or prompt."""
    inputs = loaded(inputs)
    if isinstance(inputs, list):
        return _messages(inputs)
    if isinstance(inputs, str):
        return [{"role": "user", "content": inputs}] if inputs.strip() else []
    found = an_object(inputs)
    said = next((found[key] for key in ("messages", "input", "prompt", "question", "query") if found.get(key)), None)
    messages = asked(said) if said is not None and not isinstance(loaded(said), Mapping) else []
    system = found.get("system", found.get("instructions"))
    if system and messages and messages[0].get("role") != "system":
        messages = [*message_of({"role": "system", "content": system}), *messages]
    return messages


def replied(outputs: Any) -> list[Found]:
    """Return the messages of a reply: a chat completion's, Anthropic's, LangChain's, a state's, or a text."""
    outputs = loaded(outputs)
    if isinstance(outputs, list):
        return _messages(outputs)
    if text := a_text(outputs):
        return [{"role": "assistant", "content": text}]
    found = an_object(outputs)
    if "role" in found:
        return message_of(found)
    if choices := a_list(found.get("choices")):
        return message_of(an_object(choices[0]).get("message"))
    if generations := a_list(found.get("generations")):
        first = generations[0] if not isinstance(generations[0], list) else next(iter(generations[0]), None)
        return message_of(inside(first, "message")) or replied(inside(first, "text"))
    for key in ("messages", "output", "answer", "response", "content"):
        if found.get(key):
            return replied(found[key])
    return []


def further(*outputs: Any) -> RecordRejected | None:
    """Return what tells that replies have more answers than the first, which is read; None if they have not."""
    count = sum(max(len(a_list(_answers(found))) - 1, 0) for found in map(an_object, outputs))
    many = f"{count} more answers" if count > 1 else "another answer"
    why = "nobody says which one was taken, and only the first is read"
    return RecordRejected("ignored", f"the model was asked for {many}: {why}") if count else None


def _answers(found: Found) -> Any:
    generations = a_list(found.get("generations"))
    return generations[0] if generations and isinstance(generations[0], list) else found.get("choices")


def tools_in(inputs: Any) -> Any:
    """Return the definitions of tools that a request brings."""
    found = an_object(inputs)
    return found.get("tools") or inside(found, "invocation_params", "tools")


def _messages(said: list[Any]) -> list[Found]:
    if len(said) == 1 and isinstance(said[0], list):  # LangChain asks in batches
        said = said[0]
    if any(isinstance(one, Mapping) and a_word(one.get("type")) in ITEMS for one in said):
        return messages_of_items(said)
    return [one for message in said for one in message_of(message)]
