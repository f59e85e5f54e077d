"""How a model is asked: the chat template, without or with a document in context, and without thinking aloud."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps.model.chat_model import Messages
from steps.model.template import CONTENT, as_shown, encoded, harmless, harmless_within, rendered
from steps.model.tools import call_text

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# What a prompt ends with that a model goes on from by thinking, and what has it answer at once.
_UNTHOUGHT = (
    ("<think>", "\n\n</think>\n\n"),
    ("<thinking>", "\n\n</thinking>\n\n"),
    ("[THINK]", "[/THINK]"),
    ("<|start|>assistant", "<|channel|>final<|message|>"),
)


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
    shown, more = as_shown(tokenizer, chat, tools)
    return encoded(tokenizer, _asked(tokenizer, shown, more))


def _asked(tokenizer: "PreTrainedTokenizerBase", shown: list[dict[str, Any]], more: dict[str, Any]) -> str:
    """Messages as the template shows them, up to where the assistant answers at once."""
    text = rendered(tokenizer, shown, add_generation_prompt=True, **more)
    opened = text.rstrip()
    return next((opened + closing for opening, closing in _UNTHOUGHT if opened.endswith(opening)), text)


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
    return prompt, [*encoded(tokenizer, text), turn_end(tokenizer)]


def _calls_shown(
    tokenizer: "PreTrainedTokenizerBase",
    chat: Messages,
    said: str,
    calls: Sequence[dict[str, Any]],
    tools: Sequence[dict[str, Any]],
) -> str:
    turn = {"role": "assistant", "content": said, "tool_calls": list(calls)}
    shown, more = as_shown(tokenizer, [*chat, turn], list(tools) or None)
    if "tool_calls" in shown[-1]:
        before = _asked(tokenizer, shown[:-1], more)
        whole = rendered(tokenizer, shown, **more)
        if whole.startswith(before):  # else a call does not go on from there: the turn is shown otherwise when over
            end = str(tokenizer.convert_ids_to_tokens(turn_end(tokenizer)))
            return whole[len(before) :].partition(end)[0].rstrip()
    plain = harmless_within(tokenizer, turn)
    return call_text(plain["content"], plain["tool_calls"])


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
    said = rendered(tokenizer, [{"role": "user", "content": CONTENT}, {"role": "assistant", "content": answer}])
    after = encoded(tokenizer, said.rpartition(answer)[2])
    marks = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder} - {tokenizer.bos_token_id}
    return next((token for token in after if token in marks), tokenizer.eos_token_id)


def all_ends(tokenizer: "PreTrainedTokenizerBase", generation_config: Any) -> set[int]:
    """The tokens at which an answer is over: the template's, the tokenizer's, and those that come with the model."""
    own = getattr(generation_config, "eos_token_id", None)
    listed = own if isinstance(own, list | tuple) else [own]
    return {end for end in (turn_end(tokenizer), tokenizer.eos_token_id, *listed) if end is not None}


def ends_of(folder: Path, tokenizer: "PreTrainedTokenizerBase") -> set[int]:
    """The same of the model in ``folder``, where its weights are not loaded here."""
    from transformers import AutoConfig, GenerationConfig

    try:
        return all_ends(tokenizer, GenerationConfig.from_pretrained(folder))
    except OSError:  # none comes with the model
        return all_ends(tokenizer, AutoConfig.from_pretrained(folder, trust_remote_code=False))


def token_ends(reply: str, tokenizer: "PreTrainedTokenizerBase") -> dict[str, object]:
    """Return where each token of a reply ends, in characters, and the text that the tokens make if it is another one.

    A token that ends within a character ends before it.
    """
    tokens = answer_tokens(tokenizer, reply)
    counts = [*range(1, len(tokens)), len(tokens) - 1]  # the end of the turn says nothing
    texts = [str(tokenizer.decode(tokens[:count], skip_special_tokens=True)) for count in counts]
    return {"ends": [len(text.rstrip("\ufffd")) for text in texts], "text": None if texts[-1] == reply else texts[-1]}
