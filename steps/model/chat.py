"""How a model is asked: the chat template, without or with a document in context."""

from transformers import PreTrainedTokenizerBase

Messages = list[dict[str, str]]


def question_message(question: str, document: str | None = None) -> str:
    """Return the user's message: the question alone (closed book) or with the document (open book).

    Of six wordings this one let the embedded model find the most facts, in the shortest answers (docs/log.md).
    """
    if document is None:
        return question
    return f"Read this text and answer the question.\n\nText: {document}\n\nQuestion: {question}"


def prompt_tokens(tokenizer: PreTrainedTokenizerBase, question: str, document: str | None = None) -> list[int]:
    """Tokens of the chat up to where the assistant starts to speak, with the template's own system prompt."""
    messages = [{"role": "user", "content": question_message(question, document)}]
    return list(tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False))


def answer_tokens(tokenizer: PreTrainedTokenizerBase, answer: str) -> list[int]:
    """Tokens of the assistant's whole turn: the answer and the token that ends the turn."""
    return [*tokenizer.encode(answer, add_special_tokens=False), turn_end(tokenizer)]


def turn_end(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that ends a turn in this tokenizer's template (``<|im_end|>``, ``<|eot_id|>``, ...), else EOS."""
    marked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], return_dict=False
    )
    special = [token for token in marked if token in set(tokenizer.all_special_ids)]
    return special[-1] if special and special[-1] != tokenizer.bos_token_id else tokenizer.eos_token_id
