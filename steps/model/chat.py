"""How a model is asked: the chat template, without or with a document in context."""

from typing import TYPE_CHECKING

from steps.model.chat_model import Messages

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


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


def chat_tokens(tokenizer: "PreTrainedTokenizerBase", chat: Messages) -> list[int]:
    """Tokens of a chat up to where the assistant starts to speak, with the template's own system prompt.

    What is said stays text: a special token of this very tokenizer that stands in it is broken up.
    """
    plain = [{**message, "content": harmless(tokenizer, message["content"])} for message in chat]
    return list(tokenizer.apply_chat_template(plain, add_generation_prompt=True, return_dict=False))


def harmless(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    """Return ``text`` in which nothing is a special token of the tokenizer: a blank follows its first character."""
    added = (token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
    special = {token for token in (*tokenizer.all_special_tokens, *added) if len(token) > 1 and token in text}
    for token in sorted(special, key=len, reverse=True):
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def prompt_tokens(tokenizer: "PreTrainedTokenizerBase", question: str, document: str | None = None) -> list[int]:
    """Tokens of the chat that asks a question."""
    return chat_tokens(tokenizer, question_chat(question, document))


def answer_tokens(tokenizer: "PreTrainedTokenizerBase", answer: str) -> list[int]:
    """Tokens of the assistant's whole turn: the answer and the token that ends the turn."""
    return [*tokenizer.encode(harmless(tokenizer, answer), add_special_tokens=False), turn_end(tokenizer)]


def turn_end(tokenizer: "PreTrainedTokenizerBase") -> int:
    """The token that ends a turn in this tokenizer's template (``<|im_end|>``, ``<|eot_id|>``, ...), else EOS."""
    marked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], return_dict=False
    )
    special = [token for token in marked if token in set(tokenizer.all_special_ids)]
    return special[-1] if special and special[-1] != tokenizer.bos_token_id else tokenizer.eos_token_id


def token_ends(reply: str, tokenizer: "PreTrainedTokenizerBase") -> dict[str, object]:
    """Return where each token of a reply ends, in characters, and the text that the tokens make if it is another one.

    A token that ends within a character ends before it.
    """
    tokens = answer_tokens(tokenizer, reply)
    texts = [str(tokenizer.decode(tokens[: n + 1], skip_special_tokens=True)) for n in range(len(tokens))]
    return {"ends": [len(text.rstrip("\ufffd")) for text in texts], "text": None if texts[-1] == reply else texts[-1]}
