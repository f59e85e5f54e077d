"""A tokenizer's chat template: what it wants, how talks and tools are shown by it, and what in them stays text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from steps.errors import SlumberError
from steps.model.chat_model import Messages
from steps.model.tools import for_template, known_to, plainly, uses_tools

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CONTENT = "Which river is it?"  # by which it is found out what a template wants
_SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
_forms: "WeakKeyDictionary[PreTrainedTokenizerBase, tuple[Any, tuple[bool, bool]]]" = WeakKeyDictionary()
_tools_known: "WeakKeyDictionary[PreTrainedTokenizerBase, tuple[Any, bool]]" = WeakKeyDictionary()


def template_form(tokenizer: "PreTrainedTokenizerBase") -> tuple[bool, bool]:
    """Return whether the template wants contents as lists of parts, and whether it wants a system message.

    Raises:
        SlumberError: it shows no question in any form.
    """
    template, form = _forms.get(tokenizer, (None, None))
    if form is None or template != tokenizer.chat_template:
        form = _found_form(tokenizer)
        _forms[tokenizer] = tokenizer.chat_template, form
    return form


def _found_form(tokenizer: "PreTrainedTokenizerBase") -> tuple[bool, bool]:
    reason = "it leaves it out"
    for in_parts, with_system in ((False, False), (True, False), (False, True), (True, True)):
        try:
            shown = _applied(tokenizer, [{"role": "user", "content": CONTENT}], in_parts, with_system)
        except Exception as error:  # a template may raise whatever its language can
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
            continue
        if CONTENT in shown and "'text'" not in shown:
            return in_parts, with_system
    raise SlumberError(
        f"The chat template of this tokenizer shows no question ({reason}): mend it or take another model."
    )


def rendered(tokenizer: "PreTrainedTokenizerBase", chat: list[dict[str, Any]], **more: Any) -> str:
    return _applied(tokenizer, chat, *template_form(tokenizer), **more)


def _applied(
    tokenizer: "PreTrainedTokenizerBase", chat: list[dict[str, Any]], in_parts: bool, with_system: bool, **more: Any
) -> str:
    if with_system and chat[0]["role"] != "system":
        chat = [_SYSTEM, *chat]
    shown: Any = chat
    if in_parts:
        shown = [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in chat]
    return str(tokenizer.apply_chat_template(shown, tokenize=False, enable_thinking=False, **more))


def encoded(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


def as_shown(
    tokenizer: "PreTrainedTokenizerBase", chat: Messages, tools: list[dict[str, Any]] | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return messages that the template takes, and what else it is given."""
    plain = [harmless_within(tokenizer, message) for message in chat]
    plain = [{**one, "role": "system"} if one["role"] == "developer" else one for one in plain]
    ways = list(_ways(tokenizer, plain, harmless_within(tokenizer, tools)))
    for shown, more in ways[:-1]:
        try:
            text = rendered(tokenizer, shown, **more)
        except Exception:  # a template may raise whatever its language can: of a talk that it does not take
            continue
        # Templates that know no system message may leave it out and say nothing (Phi-3's of 2024).
        if shown[0]["role"] != "system" or (shown[0].get("content") or "").strip() in text:
            return shown, more
    return ways[-1]


def _ways(
    tokenizer: "PreTrainedTokenizerBase", chat: list[dict[str, Any]], tools: list[dict[str, Any]] | None
) -> "Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]":
    """Ways in which a talk can be shown, the best first."""
    if uses_tools(chat, tools):
        if _knows_tools(tokenizer):
            yield for_template(chat), {"tools": tools} if tools else {}
        chat = plainly(chat, tools)
    yield chat, {}
    if len(chat) > 1 and chat[0]["role"] == "system" and chat[1]["role"] == "user":
        first = {"role": "user", "content": f"{chat[0]['content']}\n\n{chat[1]['content']}"}
        yield [first, *chat[2:]], {}


def _knows_tools(tokenizer: "PreTrainedTokenizerBase") -> bool:
    template, known = _tools_known.get(tokenizer, (None, None))
    if known is None or template != tokenizer.chat_template:
        known = known_to(lambda chat, **more: rendered(tokenizer, chat, **more))
        _tools_known[tokenizer] = tokenizer.chat_template, known
    return known


def harmless(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    """Return ``text`` in which nothing is a special token of the tokenizer: a blank follows its first character."""
    added = (token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
    special = {token for token in (*tokenizer.all_special_tokens, *added) if len(token) > 1 and token in text}
    for token in sorted(special, key=len, reverse=True):
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def harmless_within(tokenizer: "PreTrainedTokenizerBase", value: Any) -> Any:
    """The same for all texts of a message or a tool."""
    if isinstance(value, str):
        return harmless(tokenizer, value)
    if isinstance(value, dict):
        return {key: harmless_within(tokenizer, part) for key, part in value.items()}
    return [harmless_within(tokenizer, part) for part in value] if isinstance(value, list | tuple) else value
