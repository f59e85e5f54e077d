"""Answers in JSON: with the schema where whoever is asked can be held to one, and by the prompt alone where not."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from steps.model.chat_model import ChatModel, Messages, Reply


@runtime_checkable
class StructuredModel(Protocol):
    """A ``ChatModel`` whose answers can be held to a JSON schema."""

    def generate_json(
        self, what: str, chats: Sequence[Messages], *, schema: dict[str, Any], max_new_tokens: int
    ) -> list[Reply]:
        """Answer each chat greedily, in JSON of this schema if it can; the text is not checked."""
        ...


def generate_json(
    model: ChatModel, what: str, chats: Sequence[Messages], *, schema: dict[str, Any], max_new_tokens: int
) -> list[Reply]:
    """Answer each chat greedily, held to ``schema`` where the model can be."""
    if isinstance(model, StructuredModel):
        return model.generate_json(what, chats, schema=schema, max_new_tokens=max_new_tokens)
    return model.generate(what, chats, max_new_tokens=max_new_tokens)
