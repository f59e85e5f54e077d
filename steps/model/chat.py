"""How a model is asked: the chat template, without or with a document in context, and without thinking aloud."""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from steps.errors import SlumberError
from steps.model.chat_model import Messages

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
    think aloud first is asked not to, or finds its thought ended.

    Raises:
        SlumberError: the template shows no question, whatever it is given.
    """
    plain = [_harmless_within(tokenizer, message) for message in chat]
    more = {"tools": _harmless_within(tokenizer, tools)} if tools else {}
    text = _rendered(tokenizer, plain, add_generation_prompt=True, **more)
    opened = text.rstrip()
    for opening, closing in _UNTHOUGHT:
        if opened.endswith(opening):
            return _encoded(tokenizer, opened + closing)
    return _encoded(tokenizer, text)


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


def _rendered(tokenizer: "PreTrainedTokenizerBase", chat: list[dict[str, str]], **more: Any) -> str:
    return _applied(tokenizer, chat, *template_form(tokenizer), **more)


def _applied(
    tokenizer: "PreTrainedTokenizerBase", chat: list[dict[str, str]], in_parts: bool, with_system: bool, **more: Any
) -> str:
    if with_system and chat[0]["role"] != "system":
        chat = [_SYSTEM, *chat]
    shown: Any = chat
    if in_parts:
        shown = [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in chat]
    return str(tokenizer.apply_chat_template(shown, tokenize=False, enable_thinking=False, **more))


def _encoded(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))
