"""How a model is asked: the chat template, without or with a document in context, and without thinking aloud."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from steps.errors import SlumberError
from steps.model.chat_model import Messages
from steps.model.tools import call_text, for_template, known_to, plainly, uses_tools

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_CONTENT = "Which river is it?"  # by which it is found out what a template wants
_SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
# What a prompt ends with that a model goes on from by thinking, and what has it answer at once.
_UNTHOUGHT = (
    ("<think>", "\n\n</think>\n\n"),
    ("<thinking>", "\n\n</thinking>\n\n"),
    ("[THINK]", "[/THINK]"),
    ("<|start|>assistant", "<|channel|>final<|message|>"),
)
_forms: "WeakKeyDictionary[PreTrainedTokenizerBase, tuple[Any, tuple[bool, bool]]]" = WeakKeyDictionary()
_tools_known: "WeakKeyDictionary[PreTrainedTokenizerBase, tuple[Any, bool]]" = WeakKeyDictionary()


def question_message(question: str, document: str | None = None) -> str:
    """Return the user's message: the question alone (closed book) or with the document (open book).

    Of six wordings this one let the embedded model find the most facts, in the shortest answers (docs/log.md).
    """
    if document is None:
        return question
    return f"Read this text and answer the question.\n\nText: {document}\n\nQuestion: {question}"


def question_chat(question: str, document: str | None = None) -> Messages:
    """Return the chat that asks a question, closed or open book."""
    return [{"role": "user", "content": question_message(question, document)}]


def chat_tokens(
    tokenizer: "PreTrainedTokenizerBase", chat: Messages, *, tools: list[dict[str, Any]] | None = None
) -> list[int]:
    """Tokens of a chat up to where the assistant starts to answer, with the template's own system prompt.

    What is said stays text: a special token of this very tokenizer that stands in it is broken up. A model that would
    think aloud first is asked not to, or finds its thought ended. Tools that the template does not know are shown
    plainly (``steps.model.tools``), and a system message that it refuses stands before what the user says first.

    Raises:
        SlumberError: the template shows no question, whatever it is given.
    """
    shown, more = _as_shown(tokenizer, chat, tools)
    text = _rendered(tokenizer, shown, add_generation_prompt=True, **more)
    opened = text.rstrip()
    for opening, closing in _UNTHOUGHT:
        if opened.endswith(opening):
            return _encoded(tokenizer, opened + closing)
    return _encoded(tokenizer, text)


def turn_tokens(
    tokenizer: "PreTrainedTokenizerBase",
    chat: Messages,
    said: str,
    *,
    calls: Sequence[dict[str, Any]] = (),
    tools: Sequence[dict[str, Any]] = (),
) -> tuple[list[int], list[int]]:
    """Tokens of a chat, and of what the assistant says and which tools it calls as its whole turn after it.

    Calls are written as the model's own template writes them, or plainly.
    """
    prompt = chat_tokens(tokenizer, chat, tools=list(tools) or None)
    if not calls:
        return prompt, answer_tokens(tokenizer, said)
    text = _calls_shown(tokenizer, chat, said, calls, tools)
    return prompt, [*_encoded(tokenizer, text), turn_end(tokenizer)]


def _calls_shown(
    tokenizer: "PreTrainedTokenizerBase",
    chat: Messages,
    said: str,
    calls: Sequence[dict[str, Any]],
    tools: Sequence[dict[str, Any]],
) -> str:
    turn = {"role": "assistant", "content": said, "tool_calls": list(calls)}
    shown, more = _as_shown(tokenizer, [*chat, turn], list(tools) or None)
    if "tool_calls" in shown[-1]:
        before = _rendered(tokenizer, shown[:-1], add_generation_prompt=True, **more)
        whole = _rendered(tokenizer, shown, **more)
        if whole.startswith(before):  # else the template shows a turn otherwise when it is over
            end = str(tokenizer.convert_ids_to_tokens(turn_end(tokenizer)))
            return whole[len(before) :].partition(end)[0].rstrip()
    plain = _harmless_within(tokenizer, turn)
    return call_text(plain["content"], plain["tool_calls"])


def _as_shown(
    tokenizer: "PreTrainedTokenizerBase", chat: Messages, tools: list[dict[str, Any]] | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return messages that the template takes, and what else it is given."""
    plain = [_harmless_within(tokenizer, message) for message in chat]
    ways = list(_ways(tokenizer, plain, _harmless_within(tokenizer, tools)))
    for shown, more in ways[:-1]:
        try:
            _rendered(tokenizer, shown, **more)
        except Exception:  # a template may raise whatever its language can: of a talk that it does not take
            continue
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
        known = known_to(lambda chat, **more: _rendered(tokenizer, chat, **more))
        _tools_known[tokenizer] = tokenizer.chat_template, known
    return known


def harmless(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    """Return ``text`` in which nothing is a special token of the tokenizer: a blank follows its first character."""
    added = (token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
    special = {token for token in (*tokenizer.all_special_tokens, *added) if len(token) > 1 and token in text}
    for token in sorted(special, key=len, reverse=True):
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def _harmless_within(tokenizer: "PreTrainedTokenizerBase", value: Any) -> Any:
    """The same for all texts of a message or a tool."""
    if isinstance(value, str):
        return harmless(tokenizer, value)
    if isinstance(value, dict):
        return {key: _harmless_within(tokenizer, part) for key, part in value.items()}
    return [_harmless_within(tokenizer, part) for part in value] if isinstance(value, list | tuple) else value


def prompt_tokens(tokenizer: "PreTrainedTokenizerBase", question: str, document: str | None = None) -> list[int]:
    """Tokens of the chat that asks a question."""
    return chat_tokens(tokenizer, question_chat(question, document))


def answer_tokens(tokenizer: "PreTrainedTokenizerBase", answer: str) -> list[int]:
    """Tokens of the assistant's whole turn: the answer and the token that ends the turn."""
    return [*tokenizer.encode(harmless(tokenizer, answer), add_special_tokens=False), turn_end(tokenizer)]


def turn_end(tokenizer: "PreTrainedTokenizerBase") -> int:
    """The token that ends a turn in this tokenizer's template (``<|im_end|>``, ``<|end|>``, ...), else EOS.

    It is the first one after what the assistant says that is no text; a template may write EOS after it.
    """
    answer = "It is the river Elbe"
    said = _rendered(tokenizer, [{"role": "user", "content": _CONTENT}, {"role": "assistant", "content": answer}])
    after = _encoded(tokenizer, said.rpartition(answer)[2])
    marks = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder} - {tokenizer.bos_token_id}
    return next((token for token in after if token in marks), tokenizer.eos_token_id)


def all_ends(tokenizer: "PreTrainedTokenizerBase", generation_config: Any) -> set[int]:
    """The tokens at which an answer is over: the template's, the tokenizer's, and those that come with the model."""
    own = getattr(generation_config, "eos_token_id", None)
    listed = own if isinstance(own, list | tuple) else [own]
    return {end for end in (turn_end(tokenizer), tokenizer.eos_token_id, *listed) if end is not None}


def token_ends(reply: str, tokenizer: "PreTrainedTokenizerBase") -> dict[str, object]:
    """Return where each token of a reply ends, in characters, and the text that the tokens make if it is another one.

    A token that ends within a character ends before it.
    """
    tokens = answer_tokens(tokenizer, reply)
    counts = [*range(1, len(tokens)), len(tokens) - 1]  # the end of the turn says nothing
    texts = [str(tokenizer.decode(tokens[:count], skip_special_tokens=True)) for count in counts]
    return {"ends": [len(text.rstrip("\ufffd")) for text in texts], "text": None if texts[-1] == reply else texts[-1]}


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
            shown = _applied(tokenizer, [{"role": "user", "content": _CONTENT}], in_parts, with_system)
        except Exception as error:  # a template may raise whatever its language can
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
            continue
        if _CONTENT in shown and "'text'" not in shown:
            return in_parts, with_system
    raise SlumberError(
        f"The chat template of this tokenizer shows no question ({reason}): mend it or take another model."
    )


def _rendered(tokenizer: "PreTrainedTokenizerBase", chat: list[dict[str, Any]], **more: Any) -> str:
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


def _encoded(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))
