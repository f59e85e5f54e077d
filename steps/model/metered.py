"""What asking a model costs, counted in characters: the same on every machine, in every run, behind every port."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np

from steps.model.chat_model import ChatModel, Messages, Reply, Sampling
from steps.model.structured import generate_json


@dataclass
class Meter:
    """``characters`` that went through a model: a text that all prompts of a batch begin with counts once."""

    characters: int = 0

    def count(self, prompts: Sequence[str], replies: Iterable[str]) -> None:
        ends = (min(prompts), max(prompts)) if prompts else ("", "")
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*ends, strict=False)))
        self.characters += shared + sum(len(prompt) - shared for prompt in prompts) + sum(map(len, replies))


@dataclass
class MeteredModel:
    """A ``ChatModel`` that counts what another one is asked."""

    model: ChatModel
    meter: Meter = field(default_factory=Meter)

    def generate(self, what: str, chats: Sequence[Messages], *, max_new_tokens: int) -> list[Reply]:
        replies = self.model.generate(what, chats, max_new_tokens=max_new_tokens)
        self.meter.count(list(map(_text, chats)), (reply.text for reply in replies))
        return replies

    def generate_json(
        self, what: str, chats: Sequence[Messages], *, schema: dict[str, Any], max_new_tokens: int
    ) -> list[Reply]:
        replies = generate_json(self.model, what, chats, schema=schema, max_new_tokens=max_new_tokens)
        self.meter.count(list(map(_text, chats)), (reply.text for reply in replies))
        return replies

    def complete(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        lines = self.model.complete(what, prompts, max_new_tokens=max_new_tokens, sampling=sampling, seed=seed)
        self.meter.count(prompts, lines)
        return lines

    def score(self, what: str, items: Sequence[tuple[Messages, str]]) -> list[np.ndarray]:
        self.meter.count([_text(chat) for chat, _ in items], (text for _, text in items))
        return self.model.score(what, items)

    def score_text(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> list[np.ndarray]:
        self.meter.count(prompts, texts)
        return self.model.score_text(what, prompts, texts)


def _text(chat: Messages) -> str:
    return "\n".join(message["content"] for message in chat)
